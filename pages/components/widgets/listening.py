"""Links to services where an artist can be heard; the server itself asks none of them."""

from __future__ import annotations

from urllib.parse import quote

import streamlit as st

from pages.components.session import keys, session
from recsys.data.nouns import MUSIC

SERVICES = {
    "Spotify": "https://open.spotify.com/search/{}/artists",
    "YouTube Music": "https://music.youtube.com/search?q={}",
    "Apple Music": "https://music.apple.com/search?term={}",
    "Deezer": "https://www.deezer.com/search/{}/artist",
    "Bandcamp": "https://bandcamp.com/search?q={}&item_type=b",
}
FIRST = "YouTube Music"  # needs no account


def address(name: str) -> str:
    """Return the address where an artist is searched for at the chosen service; "" where the data is not music."""
    if session.nouns() != MUSIC:
        return ""
    service = st.session_state.get(keys.LISTEN_AT, FIRST)
    return SERVICES.get(service, SERVICES[FIRST]).format(quote(name, safe=""))


def choose() -> None:
    """Draw the choice of a service, where the data is music."""
    if session.nouns() != MUSIC:
        return
    st.selectbox(
        "Listen at",
        list(SERVICES),
        list(SERVICES).index(FIRST),
        key=keys.LISTEN_AT,
        persist_state="session",
        help="Where the note beside an artist leads: a search there, in a new tab.",
    )
