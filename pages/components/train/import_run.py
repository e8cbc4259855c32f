"""Way in for a run that was exported elsewhere."""

from __future__ import annotations

import streamlit as st

from pages.components.session import keys, stores
from pages.components.train.current_setup import fingerprint
from pages.components.widgets import uploader
from recsys.errors import InputError
from recsys.system import event_log


def draw() -> None:
    """Draw the uploader."""
    with st.expander("Import a run", icon=":material/upload:"):
        # Each file has a new uploader, so that the one before does not stay in it.
        key = f"import-{st.session_state.get(keys.IMPORTS, 0)}"
        uploader.file_uploader(
            "A file that Export or the command line has written",
            type="safetensors",
            key=key,
            on_change=_take_file,
            args=(key,),
        )


def _take_file(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    st.session_state[keys.IMPORTS] = st.session_state.get(keys.IMPORTS, 0) + 1
    try:
        entry = stores.saved_runs().add(file.getvalue(), file.name)
    except InputError as error:
        event_log.refused("saved_runs", error)
        st.session_state[keys.RUNS_PROBLEM] = str(error)
        return
    st.session_state.pop(keys.SAVED, None)
    st.session_state[keys.RUNS_NEWS] = f"{entry.name} is in the table. Select it to see its curve." + (
        ""
        if entry.setup.fingerprint == fingerprint()
        else f" It was trained on other data ({entry.title}) and opens on that data only."
    )
