"""Notes on runs: in the table, in the file of a saved run, and in the address of the run that is shown."""

from __future__ import annotations

import streamlit as st

from pages.components.session import keys
from recsys.storage.stored_run import clean_note

PARAMETER = "note"


def of(run_id: str) -> str:
    """Return the note on a run of this visit; empty without one."""
    return str(st.session_state.get(keys.NOTES, {}).get(run_id, ""))


def put(run_id: str, note: str) -> None:
    """Put a note on a run of this visit."""
    st.session_state.setdefault(keys.NOTES, {})[run_id] = clean_note(note)


def take_link() -> None:
    """Take the note of the address, for the run that the address leads to; once a visit."""
    st.session_state[keys.NOTE_IN_LINK] = st.query_params.get(PARAMETER, "")


def keep_in_address(run_id: str) -> None:
    """Let the address have the note on the run that is shown, and no other."""
    if note := st.session_state.pop(keys.NOTE_IN_LINK, ""):
        put(run_id, note)
    if of(run_id):
        st.query_params[PARAMETER] = of(run_id)
    else:
        st.query_params.pop(PARAMETER, None)
