"""Choice of how the data is split: the way, and the month that a split by date begins with."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import streamlit as st

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
    asked = str(st.session_state.get(way_key, able[0]))
    if asked in WAYS and asked not in able:
        st.caption(
            f":material/info: The hold-out is drawn at random: for {nouns.fill(WAY_LABELS[asked]).lower()!r} this "
            "data would need times."
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


def _month(dataset: Dataset, key: str) -> str:
    """Draw the choice of the first hidden month; usually a fifth of the pairs begin in it or later."""
    if dataset.history is None:
        return ""
    first = dataset.history.first[~np.isnat(dataset.history.first)].astype("datetime64[M]")
    months = [str(each) for each in np.unique(first)[1:]]
    usual = str(np.quantile(first.astype(np.int64), 0.8, method="nearest").astype("datetime64[M]"))
    at = months.index(usual) if usual in months else 0
    known = st.session_state.get(key)
    keep(key, known if known in months else months[at])
    return str(st.selectbox("First hidden month", months, at, key=key, persist_state="session"))


def keep(key: str, value: object) -> None:
    """Put a choice back into a control that is about to be drawn, where it has been chosen before."""
    if key in st.session_state and st.session_state[key] != value:
        st.session_state[key] = value
