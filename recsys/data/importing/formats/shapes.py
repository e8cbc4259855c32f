"""Tables without titles, known by the shape of their columns; each is a guess that the report tells.

References
----------
Last.fm 1K and 360K: http://ocelma.net/MusicRecommendationDataset/
MovieLens: https://files.grouplens.org/datasets/movielens/ml-1m-README.txt
Taste Profile: http://millionsongdataset.com/tasteprofile/
LFM-1b: https://www.cp.jku.at/datasets/LFM-1b/
Amazon: https://jmcauley.ucsd.edu/data/amazon/
Gowalla: https://snap.stanford.edu/data/loc-gowalla.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from recsys.data.importing.base import Columns, Drop, Table
from recsys.data.nouns import Nouns

NAME = "a table without titles"
MOVIES = Nouns("user", "users", "movie", "movies", "rating", "rating points", "rate")
RATED = Nouns("user", "users", "item", "items", "rating", "rating points", "rate")
ITEMS = Nouns("user", "users", "item", "items", "plays", "plays", "play")

HASH = re.compile(r"[0-9a-f]{32,64}")
MBID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WHOLE = re.compile(r"\d{1,18}")
NUMBER = re.compile(r"-?(\d{1,9}(\.\d+)?|\.\d+)")
EPOCH = re.compile(r"\d{9,10}|\d{13}")
DAY = re.compile(r"\d\d? \w{3} \d{4},? \d\d:\d\d|\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?|\d\d?[/.]\d\d?[/.]\d{4}.*")
REVIEWER, ASIN = re.compile(r"A[0-9A-Z]{9,20}"), re.compile(r"B[0-9A-Z]{9}|\d{9}[\dX]|\d{10}")
STEPS = {str(half / 2).removesuffix(".0") for half in range(1, 21)}


def columns(table: Table) -> Columns | None:
    """Return the roles of columns if their shape is a known one, or can be guessed."""
    if table.named or not table.rows or len(table.titles) < 2:
        return None
    cells = [table.column(title) for title in table.titles]
    filled = [(title, column) for title, column in zip(table.titles, cells, strict=True) if column]
    found = _known(table.titles, cells) or _guessed(
        [title for title, _ in filled], [column for _, column in filled]
    )
    return replace(found, guessed=True) if found else None


def nouns(columns: Columns) -> Nouns:
    """Return the words for users, items and values."""
    if columns.rated:
        return RATED
    music = columns.name == "Column 3" or columns.item == "Column 4" or not columns.user
    return Nouns() if music else ITEMS


def _known(titles: Sequence[str], cells: Sequence[list[str]]) -> Columns | None:
    """Return the roles in a published layout."""
    width = len(titles)
    like = [lambda shape, at=at: _all(shape, cells[at]) for at in range(width)]
    if (
        width == 4 and like[3](DAY) and not like[0](WHOLE) and not like[2](NUMBER)
    ):  # artist, album, track, date
        return Columns("Column 1", time="Column 4")
    if width == 4 and like[0](EPOCH) and like[1](MBID):  # MLHD, a file for each listener
        return Columns("Column 2", time="Column 1")
    if width == 6 and like[1](DAY):  # Last.fm 1K
        return Columns("Column 4", "Column 1", time="Column 2")
    if width == 4 and like[0](HASH) and like[3](WHOLE) and (like[1](MBID) or not cells[1]):  # Last.fm 360K
        return Columns("Column 2", "Column 1", "Column 4", "Column 3")
    if width == 5 and like[1](DAY) and like[2](NUMBER) and like[3](NUMBER):  # Gowalla: a check-in
        return Columns("Column 5", "Column 1", time="Column 2")
    if width == 9 and like[0](DAY) and set(cells[3]) <= {"Audio", "Movie", "Episode", "Video"}:  # Jellyfin
        music = Drop("Column 4", "{} <> 'Audio'", "no music")
        return Columns("Column 5", "Column 2", time="Column 1", drops=(music,), pattern=r"^(.*?) - ")
    if width == 5 and like[0](WHOLE) and set(cells[2]) <= {"play", "purchase"}:  # Steam
        bought = Drop("Column 3", "{} <> 'play'", "a purchase, not a play")
        return Columns("Column 2", "Column 1", "Column 4", drops=(bought,))
    if width == 5 and all(shape(WHOLE) for shape in like) and like[4](EPOCH):  # LFM-1b
        return Columns("Column 2", "Column 1", time="Column 5")
    if width in (3, 4) and like[0](ASIN) and like[1](REVIEWER):  # Amazon 2018: the item first
        return _valued("Column 1", "Column 2", titles, cells)
    return None


def _guessed(titles: Sequence[str], cells: Sequence[list[str]]) -> Columns | None:
    """Return the roles where the user comes first, then the item, then a number, a time, or both."""
    if 2 <= len(titles) <= 4 and cells[0] and cells[1]:
        if len(titles) > 2 and _all(DAY, cells[0]):
            return None
        return _valued(titles[1], titles[0], titles, cells)
    return None


def _valued(item: str, user: str, titles: Sequence[str], cells: Sequence[list[str]]) -> Columns | None:
    value = time = ""
    for title, column in zip(titles[2:], cells[2:], strict=True):
        if not time and (_all(EPOCH, column) or _all(DAY, column)):
            time = title
        elif not value and _all(NUMBER, column):
            value = title
        else:
            return None
    if value:
        numbers = cells[titles.index(value)]
        if time and set(numbers) == {"1"}:  # each row is a play of its own
            return Columns(item, user, time=time)
        rated = on_scale(numbers, bool(time))
        return Columns(item, user, value, time=time, rated=rated, repeats="last" if rated else "sum")
    return Columns(item, user, time=time)


def on_scale(numbers: Sequence[str], timed: bool = False) -> bool:
    """Say whether numbers look like ratings: on a scale up to 5 or 10, in halves or ones, or with some below zero."""
    if any(number.startswith("-") for number in numbers):
        return True
    plain = {number.removesuffix(".0").removesuffix(".00") for number in numbers}
    if not plain or not plain <= STEPS | {"0"}:
        return False
    top = max(float(number) for number in plain)
    halves = any("." in number for number in numbers)
    return halves or (timed and len(plain) > 1 and top <= 5) or (top in (5.0, 10.0) and len(plain) > 2)


def _all(shape: re.Pattern[str], cells: Sequence[str]) -> bool:
    return bool(cells) and all(shape.fullmatch(cell) for cell in cells)
