"""Any other table: who played what, how often, under the titles that are usual for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recsys.data.importing.base import Columns, Table
from recsys.data.nouns import Nouns

NAME = "a table"
# in order of preference; compared in lower case and without spaces, _ and -
COLUMNS = {
    "user": ("userid", "user", "listenerid", "listener", "username", "customerid", "customer", "member"),
    "item": (
        *("artistid", "itemid", "item", "artist", "artistname", "movieid", "movie", "trackid", "track"),
        *("songid", "song", "bookid", "book", "isbn", "productid", "product", "gameid", "game"),
    ),
    "value": ("plays", "playcount", "weight", "count", "listens", "scrobbles", "value", "rating", "score"),
    "name": ("artistname", "itemname", "name", "artist", "movietitle", "title", "songname", "trackname"),
}
THINGS = ("movie", "track", "song", "book", "game", "product")


def columns(table: Table) -> Columns | None:
    """Find the columns by their titles; None without a column for the item."""
    item = find(table.titles, COLUMNS["item"])
    if not item:
        return None
    user, value = (find(table.titles, COLUMNS[role]) for role in ("user", "value"))
    name = find([title for title in table.titles if title not in (item, user, value)], COLUMNS["name"])
    repeats = "last" if plain(value) in ("rating", "score") else "sum"
    return Columns(item=item, user=user, value=value, name=name, repeats=repeats)


def nouns(columns: Columns) -> Nouns:
    """Say what it is about, as the titles do."""
    thing = next((thing for thing in THINGS if plain(columns.item).startswith(thing)), "")
    rated = plain(columns.value) in ("rating", "score")
    if not thing and not rated:
        return Nouns()
    thing = thing or ("artist" if plain(columns.item).startswith("artist") else "item")
    words = ("rating", "rating points", "rate") if rated else ("plays", "plays", "play")
    return Nouns("user", "users", thing, f"{thing}s", *words)


def plain(title: str) -> str:
    """Return a title in lower case and without spaces, _ and -."""
    return re.sub(r"[\s_-]", "", title).lower()


def find(titles: Sequence[str], known: Sequence[str]) -> str:
    """Return the title that is the first of those known, or nothing."""
    given = {plain(title): title for title in reversed(titles)}
    return next((given[title] for title in known if title in given), "")
