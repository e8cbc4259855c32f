"""Choice of how the data is split: the way, and the month that a split by date begins with."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import streamlit as st

from pages.components.session import cached, session
from recsys.data.dataset import Dataset, History
from recsys.data.ways import WAY_LABELS, WAYS

# The ways that need times.
BY_TIME = ("last", "date")


def draw(ways: Collection[str], way_key: str, month_key: str) -> tuple[str, str]:
    """Draw the choice among those of some ways that the data allows, and what the chosen one hides.

    Parameters
    ----------
    ways : collection of str
        Of `WAYS`.
    way_key, month_key : str
        Keys of the controls; they survive a page change.

    Returns
    -------
    way, month : str
        The month is empty unless the split is by date.
    """
    dataset, nouns = session.dataset(), session.nouns()
    able = [way for way in ways if dataset.has_times or way not in BY_TIME]
    if "date" in able and not months(dataset):
        able.remove("date")
    asked = str(st.session_state.get(way_key, able[0]))
    if asked in WAYS and asked not in able:
        missing = "times of more than one month" if dataset.has_times else "times"
        st.caption(
            f":material/info: The hold-out is drawn at random: for {nouns.fill(WAY_LABELS[asked]).lower()!r} this "
            f"data would need {missing}."
        )
    if len(able) == 1:
        return able[0], ""
    keep(way_key, asked if asked in able else able[0])
    way = str(
        st.selectbox(
            "Way to split",
            able,
            format_func=lambda name: nouns.fill(WAY_LABELS[name]),
            key=way_key,
            persist_state="session",
            help=None if dataset.has_times else "With times in the data there are more ways.",
        )
    )
    st.caption(nouns.fill(WAYS[way]))
    return way, _month(dataset, month_key) if way == "date" else ""


def months(dataset: Dataset) -> list[str]:
    """Return the months that a split by date can begin with, the earliest first; none where all is of one month."""
    return [] if dataset.history is None else _months(dataset.history.fingerprint, dataset.history)[0]


def usual_month(dataset: Dataset) -> str:
    """Return the month of dated data that usually a fifth of the pairs begin in, or later."""
    return "" if dataset.history is None else _months(dataset.history.fingerprint, dataset.history)[1]


@cached.remembered(show_spinner=False, max_entries=4)
def _months(fingerprint: str, _history: History) -> tuple[list[str], str]:
    """Return the months that a split can begin with, and the usual one; "" without any."""
    first = _history.first[~np.isnat(_history.first)].astype("datetime64[M]")
    able = [str(each) for each in np.unique(first)[1:]]
    if not able:
        return able, ""
    usual = str(np.quantile(first.astype(np.int64), 0.8, method="nearest").astype("datetime64[M]"))
    return able, usual if usual in able else able[0]


def _month(dataset: Dataset, key: str) -> str:
    """Draw the choice of the first hidden month."""
    able, usual = months(dataset), usual_month(dataset)
    known = st.session_state.get(key)
    keep(key, known if known in able else usual)
    return str(st.selectbox("First hidden month", able, able.index(usual), key=key, persist_state="session"))


def keep(key: str, value: object) -> None:
    """Put a choice back into a control that is about to be drawn, where it has been chosen before."""
    if key in st.session_state and st.session_state[key] != value:
        st.session_state[key] = value
