"""One person's own history: dropped as an export or pasted as names, and turned into their profile."""

from __future__ import annotations

import streamlit as st

from pages.components.new_listener import history_import, profile
from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.widgets import pickers, uploader
from recsys.data.nouns import MUSIC

LISTED = 12
FORMATS = "Spotify, Last.fm, ListenBrainz, YouTube Music, Apple Music, Deezer, Maloja, or any table of plays"
NAMES = "Radiohead, Björk, Massive Attack"


def draw() -> None:
    """Draw the two ways in, and what came of the last one."""
    nouns = session.nouns()
    music = nouns == MUSIC
    with st.expander(
        "Start with me: drop my own export, or paste names",
        icon=":material/upload_file:",
        expanded=not len(profile.current()),
    ):
        export, pasted = st.columns(2, gap="medium")
        key = f"own-export-{st.session_state.get(keys.EXPORTS, 0)}"
        with export:
            uploader.file_uploader(
                f"My own export: {FORMATS if music else f'any table of {nouns.values}'}",
                accept_multiple_files=True,
                key=key,
                on_change=_take_files,
                args=(key,),
                help="It is read, matched by name and forgotten: nothing of it is stored.",
            )
        pasted.text_area(
            f"Or {nouns.items}, one a line or with commas",
            key=keys.OWN_NAMES,
            height=80,
            placeholder=NAMES if music else "",
            on_change=_take_names,
        )
    _result()


def _take_names() -> None:
    text = st.session_state[keys.OWN_NAMES]
    if text.strip():
        history_import.take_text(text)


def _take_files(key: str) -> None:
    files = st.session_state[key]
    if files:
        st.session_state[keys.EXPORTS] = st.session_state.get(keys.EXPORTS, 0) + 1  # a new, empty uploader
        history_import.take_upload([(file.name, file) for file in files])


def _result() -> None:
    """Say what was read, what was found, and what was not, with the nearest names to click."""
    result = st.session_state.get(keys.EXPORT_RESULT)
    if result is None:
        return
    if isinstance(result, Exception):
        layout.problem(result)
        return
    data, person, matches, used, seconds = result
    if data != session.catalogue().fingerprint:
        return
    nouns = session.nouns()
    more = f"; the {used} with most {nouns.values} are used" if used < len(matches.found) else ""
    st.caption(
        f"Read as {layout.escape(person.form)}: found **{len(matches.found):,}** of {len(person.plays):,} "
        f"{nouns.items} in {1000 * seconds:,.0f} ms{more}."
    )
    for note in person.notes[:3]:
        st.caption(layout.escape(note))
    missing = list(matches.missing)
    if not missing:
        return
    rest = f" and {len(missing) - LISTED:,} more" if len(missing) > LISTED else ""
    st.caption(f"Not in this data: {layout.escape(', '.join(missing[:LISTED]))}{rest}.")
    near = list(dict.fromkeys(code for codes in matches.missing.values() for code in codes))[:LISTED]
    if near:
        pickers.artist_pills("Did you mean", near, "own-near", profile.choose, "app")
