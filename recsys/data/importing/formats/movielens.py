"""MovieLens: `u.data`, `ratings.dat` and `ratings.csv`, with the names of the movies where they lie beside them.

References
----------
https://files.grouplens.org/datasets/movielens/ml-100k-README.txt, ml-1m-README.txt, ml-25m-README.html
"""

from __future__ import annotations

import re

from recsys.data.importing.base import Columns, Table
from recsys.data.nouns import Nouns

NAME = "MovieLens ratings"
NOUNS = Nouns("user", "users", "movie", "movies", "rating", "rating points", "rate")
RATING = re.compile(r"[0-5](\.[05])?")
TIME = re.compile(r"\d{9,10}")
# where the names are: the columns of the id and of the name
NAMES = {"u.item": (0, 1), "movies.dat": (0, 1), "movies.csv": (0, 1)}


def columns(table: Table) -> Columns | None:
    """Find the user, the movie and the rating."""
    if {"userId", "movieId", "rating"} <= set(table.titles):
        return Columns(item="movieId", user="userId", value="rating", repeats="last")
    rows = table.preview()
    if len(table.titles) != 4 or table.titles[0] != "Column 1" or not rows:
        return None
    for user, movie, rating, time in rows:
        if not (user.isdigit() and movie.isdigit() and RATING.fullmatch(rating) and TIME.fullmatch(time)):
            return None
    return Columns(item="Column 2", user="Column 1", value="Column 3", repeats="last")


def nouns(_: Columns) -> Nouns:
    """Say what it is about."""
    return NOUNS
