"""Links to services where an artist can be heard; the server itself asks none of them."""

from __future__ import annotations

from collections.abc import Iterable
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


def service() -> str:
    """Return the chosen service; "" where the data is not music."""
    if session.nouns() != MUSIC:
        return ""
    chosen = st.session_state.get(keys.LISTEN_AT, FIRST)
    return chosen if chosen in SERVICES else FIRST


def addresses(names: Iterable[str], at: str) -> list[str]:
    """Return the addresses where artists are searched for at a service, one of `SERVICES` or "" for none."""
    if not at:
        return ["" for _ in names]
    before, after = SERVICES[at].split("{}")
    return [f"{before}{quote(name, safe='')}{after}" for name in names]


def link(name: str, label: str = "") -> str:
    """Return a link to listen to an artist, as Markdown, labelled with the service; "" where the data is not music."""
    at = service()
    (to,) = addresses([name], at)
    return f"[{label or f':material/play_circle: {at}'}]({to})" if to else ""


def choose() -> None:
    """Draw the choice of a service, where the data is music."""
    if service():
        st.selectbox(
            "Listen at",
            list(SERVICES),
            list(SERVICES).index(FIRST),
            key=keys.LISTEN_AT,
            persist_state="session",
            help="Where the note beside an artist leads: a search there, in a new tab.",
        )
