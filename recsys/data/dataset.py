"""Dataset: interactions together with where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakSet

import pandas as pd

from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC, Nouns


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
    nouns: Nouns = MUSIC

    def __post_init__(self) -> None:
        HELD.add(self)


# Every data set in memory, for those who run the server.
HELD: WeakSet[Dataset] = WeakSet()


SHARED = ("sample", "lastfm")


# What the keys of data begin with that the operator of a server offers to everybody.
OFFERED = "server-"


def is_public(key: str) -> bool:
    """Tell whether data is there for all visitors, and not somebody's own."""
    return key in SHARED or key.startswith(OFFERED)
