"""Last.fm: scrobbles as the usual export tools write them, one play on each row.

Three forms are known: `uts,utc_time,artist,artist_mbid,album,...`, `artist,album,track,date` without
titles, and the research data of 1,000 users, `user, time, artist id, artist, track id, track` without titles.

References
----------
https://lastfm.ghan.nl/export/ and http://ocelma.net/MusicRecommendationDataset/lastfm-1K.html
"""

from __future__ import annotations

import re

from recsys.data.importing.base import Columns, Table
from recsys.data.importing.formats.generic import COLUMNS, find, plain
from recsys.data.nouns import Nouns

NAME = "Last.fm scrobbles"
WHEN = {"uts", "utctime", "date", "timestamp", "time", "datetime", "playedat", "scrobbledat"}
WHAT = {"track", "trackname", "song", "title", "album", "trackmbid"}
DAY = re.compile(r"\d\d? \w{3} \d{4},? \d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?")


def columns(table: Table) -> Columns | None:
    """Find the artist, and the listener where it is said."""
    titles = {plain(title): title for title in table.titles}
    if "artist" in titles and titles.keys() & WHEN and titles.keys() & WHAT:
        if find(table.titles, COLUMNS["value"]):
            return None
        return Columns(item=titles["artist"], user=find(table.titles, COLUMNS["user"]))
    rows = table.preview()
    if not rows or table.titles[0] != "Column 1":
        return None
    if len(rows[0]) == 4 and all(DAY.fullmatch(row[3].strip()) for row in rows):
        return Columns(item="Column 1")
    if len(rows[0]) == 6 and all(DAY.fullmatch(row[1].strip()) for row in rows):
        return Columns(item="Column 4", user="Column 1")
    return None


def nouns(_: Columns) -> Nouns:
    """Say what it is about."""
    return Nouns()
