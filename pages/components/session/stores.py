"""Folders of this visitor on the server: data of their own, and saved runs."""

from __future__ import annotations

import streamlit as st

from pages.components.session import keys
from pages.components.session.browser_identity import keeps_cookies, owner
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.storage.dataset_store import DatasetStore
from recsys.storage.run_store import RunStore


def hold(uploaded: Dataset) -> Dataset:
    """Keep uploaded data for a while, so that it outlives a reload; where that fails, say so."""
    if not keeps_cookies():
        st.session_state[keys.NOTICE] = "This browser keeps no cookies, so a reload loses this data."
        return uploaded
    try:
        with st.spinner("Keeping it for a reload ..."):
            return kept_data().hold(uploaded)
    except InputError as error:
        st.session_state[keys.NOTICE] = f"{error} A reload loses this data."
        return uploaded


def kept_data() -> DatasetStore:
    """Return the data of their own that this visitor keeps here."""
    return DatasetStore(owner())


def saved_runs() -> RunStore:
    """Return the saved runs of this visitor, and those that are there for everybody."""
    return RunStore.of(owner())
