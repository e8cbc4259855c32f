"""Any table whose titles say who, what and how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recsys.data.importing.base import Columns, Drop, Table
from recsys.data.importing.formats.shapes import on_scale
from recsys.data.importing.readers.text_dialect import is_number
from recsys.data.importing.titles import EVENTS, RATINGS, THINGS, WORDS, find, find_item, plain
from recsys.data.nouns import Nouns

NAME = "a table"
PLAYS = {"play", "plays", "played", "listen", "scrobble", "stream", "playback", "playend"}
NO_RATING = "no rating"


def columns(table: Table) -> Columns | None:
    """Return the roles of columns by their titles; None without a column for the item."""
    found = roles(table)
    return found if found.item else None


def roles(table: Table) -> Columns:
    """Return the roles of columns by their titles, as far as they are known; `item` can be empty."""
    titles = table.titles
    item = find_item(titles)
    user = find([title for title in titles if title != item], WORDS["user"])
    value = find_value(table)
    name = find_name([title for title in titles if title not in (item, user, value)], item)
    time = find([title for title in titles if title not in (item, user, value, name)], WORDS["time"])
    return with_value(Columns(item, user, value, name, time, drops=_events(table)), table)


def with_value(columns: Columns, table: Table) -> Columns:
    """Return the columns with what their value says: whether it is a rating, and what is none."""
    word = plain(columns.value)
    drops = tuple(drop for drop in columns.drops if drop.reason != NO_RATING)
    rated = word in RATINGS
    if columns.value and not rated and word not in WORDS["value"]:
        rated = on_scale(table.column(columns.value), bool(columns.time))
    if rated:
        cells = set(table.column(columns.value))
        if "-1" in cells:
            drops += (Drop(columns.value, "trim(CAST({} AS VARCHAR)) IN ('-1', '-1.0')", NO_RATING),)
        elif word == "bookrating" or ("0" in cells and is_number(list(cells)) and max(map(float, cells)) > 5):
            drops += (Drop(columns.value, "trim(CAST({} AS VARCHAR)) IN ('0', '0.0')", NO_RATING),)
    return replace(columns, drops=drops, rated=rated, repeats="last" if rated else "sum")


def find_value(table: Table) -> str:
    """Return the title of the plays or ratings: a known one whose cells are numbers."""
    known = [title for title in table.titles if plain(title) in WORDS["value"]]
    known = [title for title in known if plain(title) != "value" or set(table.column(title)) != {"0"}]
    numbers = [title for title in known if is_number(table.column(title)) or not table.column(title)]
    rated = [title for title in numbers if plain(title) in RATINGS]
    if rated and find(numbers, ("weight", "count", "hours")):  # the weight of a body, the count of words
        return rated[0]
    return find(numbers or known, WORDS["value"])


def find_name(titles: Sequence[str], item: str, alone: bool = False) -> str:
    """Return the title of the item's name, where the item is an id; `alone` in a table of items without users."""
    word = plain(item)
    thing = next((word.removesuffix(end) for end in ("mbid", "msid", "id") if word.endswith(end)), word)
    if not item or (
        word == thing and thing not in ("item", "isbn", "asin", "parentasin", "product", "article")
    ):
        return ""
    if thing in ("artist", "item"):
        return find(
            titles,
            ("artistname", "itemname", "name", "artist", "movietitle", "title")
            if thing == "item"
            else ("artistname", "name", "artist"),
        )
    own = (f"{thing}name", f"{thing}title", thing, "prodname")
    others = (
        ("name", "title", "movietitle", "booktitle")
        if alone or thing not in ("isbn", "asin", "parentasin")
        else ("booktitle",)
    )
    reviews = not alone and any(
        plain(title) in ("reviewtext", "text", "helpfulvote", "verifiedpurchase", "summary")
        for title in titles
    )
    return find(titles, own if reviews else (*own, *others))


def _events(table: Table) -> tuple[Drop, ...]:
    """Leave out what is no play, where a column tells plays from other events."""
    title = find(table.titles, tuple(EVENTS))
    kinds = {cell.lower() for cell in table.column(title)} if title else set()
    plays = {kind for kind in kinds if plain(kind) in PLAYS}
    if not plays or plays == kinds:
        return ()
    allowed = ", ".join("'" + kind.replace("'", "''") + "'" for kind in sorted(plays))
    return (Drop(title, f"lower(trim({{}})) NOT IN ({allowed})", f"not a play, says {title}"),)


def nouns(columns: Columns) -> Nouns:
    """Return the words for users, items and values, as the titles have them."""
    word = plain(columns.item)
    thing = next((noun for start, noun in THINGS.items() if word.startswith(start)), "")
    if not thing and not columns.rated:
        return Nouns()
    thing = thing or ("artist" if word.startswith("artist") else "item")
    words = ("rating", "rating points", "rate") if columns.rated else ("plays", "plays", "play")
    plural = {"business": "businesses", "anime": "anime"}.get(thing, f"{thing}s")
    return Nouns("user", "users", thing, plural, *words)
