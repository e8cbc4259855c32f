"""The ways to get data, one function each."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.components import navigation
from pages.components.session import keys, session, stores
from pages.components.shell import bring_file, layout
from pages.components.widgets import uploader
from recsys.data.dataset import Dataset
from recsys.data.importing.registry import ENDINGS
from recsys.data.sources import lastfm as lastfm_sources
from recsys.errors import InputError
from recsys.storage.dataset_store import KEY, is_held
from recsys.system import event_log


def in_use(chosen: Dataset) -> None:
    """Draw what a data set holds and where it came from."""
    interactions, nouns = chosen.interactions, chosen.nouns
    with st.container(border=True):
        st.header(f"In use: {layout.escape(chosen.title, 80)}", anchor=False)
        figure_row = st.container(horizontal=True)
        figure_row.metric(nouns.users.capitalize(), f"{interactions.n_users:,}")
        figure_row.metric(nouns.items.capitalize(), f"{interactions.n_items:,}")
        figure_row.metric(nouns.pairs.capitalize(), f"{len(interactions):,}")
        if chosen.tags is not None:
            figure_row.metric(f"Tagged {nouns.items}", f"{chosen.tags['item'].nunique():,}")
        if chosen.friends is not None:
            figure_row.metric("Friendships", f"{len(chosen.friends) // 2:,}")
        st.caption(layout.sentence(f"{chosen.origin} {chosen.licence}"))
        layout.link(
            navigation.page("explore"),
            label="Explore it",
            icon=":material/arrow_forward:",
            query=session.place(),
        )
        keep()


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
    if lastfm_sources.find_lastfm() is not None:
        if st.button("Use Last.fm", key="use-lastfm", icon=":material/library_music:", width="stretch"):
            _use("lastfm")
    elif st.button("Download (2.6 MB)", key="download-lastfm", icon=":material/download:", width="stretch"):
        bar = st.progress(0.0, "Downloading ...")

        def show(done: int, whole: int) -> None:
            bar.progress(min(1.0, done / whole) if whole else 0.0, f"Downloading: {done / 1e6:.1f} MB")

        try:
            lastfm_sources.download(show)
        except InputError as error:
            event_log.refused("lastfm", error)
            bar.empty()
            layout.problem(error)
        else:
            _use("lastfm")


def own() -> list[UploadedFile]:
    """Draw the place where files can be dropped, and return those that were."""
    st.markdown("**Your own data**")
    st.caption(
        "A table (CSV, Parquet, JSON, Excel), an export of Last.fm, ListenBrainz or Spotify, MovieLens, or a zip; up "
        f"to {st.get_option('server.maxUploadSize')} MB a file. Only you see it. What you use stays for you for 24 "
        "hours, also over a reload."
    )
    folder = st.toggle("A whole folder", key="own-folder", help="Brings every file in it that can be read.")
    kind = "folder" if folder else "file"
    files: list[UploadedFile] = uploader.file_uploader(
        "Files",
        type=list(ENDINGS),
        accept_multiple_files="directory" if folder else True,
        key=f"{kind}-{st.session_state.setdefault(keys.FILES_PUT_AWAY, 0)}",
        label_visibility="collapsed",
    )
    return files


def keep() -> None:
    """Offer to keep or to delete the data in use, if it is the visitor's own and not kept yet."""
    chosen = session.dataset()
    held = is_held(chosen.key)
    if chosen.is_public or (KEY.fullmatch(chosen.key) and not held):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Keep it", icon=":material/bookmark:", key="keep-data"):
            try:
                session.show(stores.kept_data().keep(chosen))
            except InputError as error:
                layout.problem(error)
            else:
                st.rerun()
        if held:
            _delete(chosen.key, "Delete now")
        st.caption(
            (
                "Only you see this data. It stays on this server for 24 hours after you last opened it"
                if held
                else "Only you see this data, and a reload loses it"
            )
            + "; kept, it stays until you delete it."
        )


def kept() -> None:
    """Draw the data that the visitor keeps here, to use or to delete."""
    entries = stores.kept_data().entries()
    if not entries:
        return
    st.header("Kept for you", anchor=False)
    for entry in entries:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{layout.escape(entry.title, 80)}**  \n"
                f":gray[{entry.pairs:,} pairs, kept on {layout.escape(entry.created[:10])}]",
                width="stretch",
            )
            in_use = session.large_run() is None and session.dataset().key == entry.key
            if st.button("In use" if in_use else "Use", key=f"use-{entry.key}", disabled=in_use):
                _use(entry.key)
            _delete(entry.key, "Delete")


def _delete(key: str, label: str) -> None:
    """Draw a button that asks before it deletes."""
    with st.popover(label, icon=":material/delete:"):
        st.markdown("This cannot be undone.")
        if st.button("Delete for good", key=f"delete-{key}", type="primary"):
            try:
                stores.kept_data().delete(key)
            except InputError as error:
                layout.problem(error)
                return
            if session.dataset().key == key:
                session.choose("sample")
                st.query_params.clear()
            st.rerun()


def put_away() -> None:
    """Empty the place where files were dropped: their data is in use, and the server need not keep them."""
    st.session_state[keys.FILES_PUT_AWAY] += 1
    bring_file.put_away()


def _use(key: str) -> None:
    try:
        session.choose(key)
    except InputError as error:
        layout.problem(error)
    else:
        st.rerun()
