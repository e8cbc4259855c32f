"""ListenBrainz: listens as its export, its dumps and its interface give them.

References
----------
https://listenbrainz.readthedocs.io/en/latest/users/json.html
"""

from __future__ import annotations

from recsys.data.importing.base import Columns, Table
from recsys.data.nouns import Nouns

NAME = "ListenBrainz listens"
ARTIST = "track_metadata.artist_name"


def columns(table: Table) -> Columns | None:
    """Find the artist, and the listener where it is said."""
    titles = set(table.titles)
    if ARTIST not in titles or not titles & {"listened_at", "timestamp", "listened_at_iso"}:
        return None
    user = next((title for title in ("user_name", "user_id") if title in titles), "")
    return Columns(item=ARTIST, user=user, whose="folder")


def nouns(_: Columns) -> Nouns:
    """Say what it is about."""
    return Nouns()
