"""Choice of how the data is split: the way, and the month that a split by date begins with."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.session import session
from recsys.data.dataset import Dataset
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
    return [str(each) for each in np.unique(_first(dataset))[1:]]


def usual_month(dataset: Dataset) -> str:
    """Return the month of dated data that usually a fifth of the pairs begin in, or later."""
    able = months(dataset)
    usual = str(np.quantile(_first(dataset).astype(np.int64), 0.8, method="nearest").astype("datetime64[M]"))
    return usual if usual in able else able[0]


def _first(dataset: Dataset) -> NDArray[np.datetime64]:
    if dataset.history is None:
        return np.array([], "datetime64[M]")
    return dataset.history.first[~np.isnat(dataset.history.first)].astype("datetime64[M]")


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
