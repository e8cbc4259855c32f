"""Modes of the Train page: one training that is tuned by hand, a race of models, or many trainings of one model."""

from __future__ import annotations

import streamlit as st

from pages.components.session import keys
from pages.components.widgets import pickers
from recsys.errors import InputError

MODES = {"tune": "One training", "best": "Find the best model", "sweep": "Find best settings"}
FIRST = next(iter(MODES))


def choose() -> str:
    """Draw the choice of a mode and return it; the address keeps it, and one that names another goes before."""
    if keys.SETUP_WANTED in st.session_state:  # to be trained, whatever was open before
        st.session_state[keys.MODE] = FIRST
        st.query_params.pop("mode", None)
    else:
        pickers.from_address("mode", _read)
    mode = st.segmented_control(
        "Mode",
        list(MODES),
        default=FIRST,
        required=True,
        format_func=MODES.__getitem__,
        key=keys.MODE,
        persist_state="session",
        label_visibility="collapsed",
    )
    shown = {} if mode == FIRST else {"mode": mode}
    if shown.get("mode") != st.query_params.get("mode"):
        st.query_params.from_dict(
            {name: value for name, value in st.query_params.items() if name != "mode"} | shown
        )
    st.session_state[keys.MODE_IN_ADDRESS] = shown.get("mode")
    return str(mode)


def _read(text: str) -> str:
    if text not in MODES:
        raise InputError(f"There is no mode {text[:40]!r} here. There are: {', '.join(MODES)}.")
    return text
