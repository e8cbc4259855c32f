"""What a data set is, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakSet

import pandas as pd

from recsys.interactions import Interactions


@dataclass(frozen=True)
class Nouns:
    """What a data set is about, in the words of the screen; in `recsys` it is always user, item, value.

    `value` is what one row has (plays, a rating), `values` what all have together (plays, rating points).
    """

    user: str = "listener"
    users: str = "listeners"
    item: str = "artist"
    items: str = "artists"
    value: str = "plays"
    values: str = "plays"

    @property
    def pairs(self) -> str:
        """What a user and an item are called together."""
        return f"{self.user}-{self.item} pairs"

    @property
    def an_item(self) -> str:
        """One item, with its article."""
        return f"{'an' if self.item[0] in 'aeiou' else 'a'} {self.item}"

    @property
    def counts(self) -> str:
        """What the values of all pairs are called."""
        return "play counts" if self.value == "plays" else f"{self.value}s"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Listening data together with where it came from.

    Attributes
    ----------
    key : str
        Short name that loads it again: `sample`, `lastfm` or a path.
    title : str
        What it is called on screen.
    origin : str
        A sentence: where it came from and how it was made.
    licence : str
        A sentence: what it may be used for.
    interactions : Interactions
        Plays of each listener and artist.
    tags : DataFrame or None
        Columns `item`, `tag` (text) and `count` (int64), where the source knows them.
    friends : DataFrame or None
        Columns `user` and `friend` (labels as in `interactions.users`), both directions.
    nouns : Nouns
        What users, items and values are called on screen.
    """

    key: str
    title: str
    origin: str
    licence: str
    interactions: Interactions
    tags: pd.DataFrame | None = None
    friends: pd.DataFrame | None = None
    nouns: Nouns = Nouns()

    def __post_init__(self) -> None:
        HELD.add(self)


# Every data set in memory, for those who run the server.
HELD: WeakSet[Dataset] = WeakSet()
