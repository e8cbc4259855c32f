"""The ways to get data, one function each."""

from __future__ import annotations

import streamlit as st

from pages.components import frame, state
from recsys.datasets import lastfm as published
from recsys.datasets import read_upload
from recsys.errors import InputError


def sample() -> None:
    """Draw the built-in sample."""
    st.markdown("**Generated sample**")
    st.caption("Made-up listening histories over real artist names. Nothing to download.")
    if st.button("Use the sample", key="use-sample", icon=":material/auto_awesome:", width="stretch"):
        _use("sample")


def lastfm() -> None:
    """Draw the published Last.fm data: use it, or download it first."""
    st.markdown("**Last.fm (HetRec 2011)**")
    st.caption("1,892 real listeners and 17,632 artists, published by GroupLens. Non-commercial use only.")
    if published.find_lastfm() is not None:
        if st.button("Use Last.fm", key="use-lastfm", icon=":material/library_music:", width="stretch"):
            _use("lastfm")
    elif st.button("Download (2.6 MB)", key="download-lastfm", icon=":material/download:", width="stretch"):
        bar = st.progress(0.0, "Downloading ...")

        def show(done: int, whole: int) -> None:
            bar.progress(min(1.0, done / whole) if whole else 0.0, f"Downloading: {done / 1e6:.1f} MB")

        try:
            published.download(show)
        except InputError as error:
            bar.empty()
            frame.problem(error)
        else:
            _use("lastfm")


def own() -> None:
    """Draw the place where a file can be dropped."""
    st.markdown("**A file of yours**")
    st.caption("The Last.fm zip, or a table (CSV, TSV, Parquet) with the columns user, artist and plays.")
    file = st.file_uploader(
        "File",
        type=["zip", "csv", "tsv", "parquet"],
        key="file",
        label_visibility="collapsed",
    )
    if file is not None and st.session_state.get("read") != file.file_id:
        try:
            state.show(read_upload(file.name, file))
        except InputError as error:
            frame.problem(error)
        else:
            st.session_state.read = file.file_id
            st.rerun()


def _use(key: str) -> None:
    try:
        state.choose(key)
    except InputError as error:
        frame.problem(error)
    else:
        st.rerun()
