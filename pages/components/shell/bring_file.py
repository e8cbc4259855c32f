"""A file brought on any page: opened for what it is, one person's own history or a dataset."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.components import navigation
from pages.components.markdown import escape
from pages.components.new_listener import history_import
from pages.components.session import keys, session
from pages.components.widgets import static_files, uploader
from recsys.errors import InputError

_component = st.components.v2.component(
    "drop_anywhere",
    html='<div class="drop-anywhere" aria-hidden="true"></div>',
    js="""
export default async function (component) {
  const { listen } = await import(new URL(component.data.script, document.baseURI));
  return listen(component);
}
""",
    css="""
.drop-anywhere { display: none; }
.drop-anywhere.over { visibility: visible; display: grid; place-items: center; position: fixed; inset: 64px 8px 8px;
  z-index: 2000; pointer-events: none; border: 3px dashed var(--st-primary-color); border-radius: 16px;
  font: 600 22px var(--st-font); color: var(--st-primary-color);
  background: color-mix(in srgb, var(--st-background-color) 80%, transparent); }
""",
    isolate_styles=False,
)


def drop_anywhere() -> None:
    """Take files that are dropped anywhere on the page, beside its own places for files."""
    with st.container(key="dropped"):
        files = _uploader("dropped", "Files dropped on the page", label_visibility="collapsed")
        _component(
            key="drop-anywhere",
            data={
                "script": static_files.address("frame.js"),
                "hint": "Drop it: one person's history, or a dataset",
            },
        )
    if files:
        _open(files)


def choose() -> None:
    """Draw a button to choose files on any page."""
    files = _uploader("chosen", "Bring a file: your own history, or a dataset")
    if files:
        _open(files)


def _uploader(name: str, label: str, **options: Any) -> list[UploadedFile]:
    """Draw an uploader, empty again once its files were taken."""
    taken = st.session_state.setdefault(keys.BROUGHT, (0, []))[0]
    files: list[UploadedFile] = uploader.file_uploader(
        label, accept_multiple_files=True, key=f"{name}-{taken}", **options
    )
    return files


def _open(files: list[UploadedFile]) -> None:
    """Go to the page that the files are for: You for one person's history, Data for the rest."""
    taken = st.session_state[keys.BROUGHT][0] + 1
    st.session_state[keys.BROUGHT] = (taken, [])
    query = session.place()
    if session.large_run() is None and _is_one_persons(files):
        st.switch_page(navigation.page("you").path, query_params=query)
    st.session_state[keys.BROUGHT] = (taken, files)
    st.switch_page(navigation.page("data").path, query_params=query)


def _is_one_persons(files: list[UploadedFile]) -> bool:
    """Tell whether the files are one person's history, and if so, make it the profile of this visitor."""
    sources: list[tuple[str, Any]] = [(file.name, file) for file in files]
    with st.spinner(f"Reading {escape(files[0].name, 60)} …"):
        try:
            history_import.take_files(sources)
        except InputError:  # the Data page says what is wrong with it
            for file in files:
                file.seek(0)
            return False
    return True


def brought() -> list[UploadedFile]:
    """Return the files that were brought on another page and are no single person's history."""
    files: list[UploadedFile] = st.session_state.get(keys.BROUGHT, (0, []))[1]
    return files


def put_away() -> None:
    """Forget the files that were brought."""
    taken = st.session_state.get(keys.BROUGHT, (0, []))[0]
    st.session_state[keys.BROUGHT] = (taken, [])
