"""Spotify: the extended streaming history, and the shorter history of the last year.

References
----------
https://support.spotify.com/article/understanding-my-data/
"""

from __future__ import annotations

from recsys.data.importing.base import Columns, Least, Table
from recsys.data.nouns import Nouns

NAME = "Spotify streaming history"
SHORTEST = 30_000  # milliseconds, from which on Spotify counts a stream
SHORT = "played for less than 30 seconds"
PODCAST = "no music: a podcast, an audiobook or a video"


def columns(table: Table) -> Columns | None:
    """Find the artist and how long it played; older exports say whose history it is."""
    titles = set(table.titles)
    if {"ts", "ms_played", "master_metadata_album_artist_name"} <= titles:
        user = "username" if "username" in titles else ""
        artist, played = "master_metadata_album_artist_name", "ms_played"
    elif {"endTime", "msPlayed", "artistName"} <= titles:
        user, artist, played = "", "artistName", "msPlayed"
    else:
        return None
    return Columns(
        item=artist,
        user=user,
        least=Least(played, SHORTEST, SHORT),
        without_item=PODCAST,
        whose="folder",
    )


def nouns(_: Columns) -> Nouns:
    """Say what it is about."""
    return Nouns()
