"""Dataset: interactions with their metadata."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from weakref import WeakSet

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC, Nouns

SECONDS_PER_MONTH = 30.436875 * 86_400  # on average over 400 years


@dataclass(frozen=True, eq=False)
class History:
    """When listeners played what, where the data has times; in UTC.

    It takes 16 bytes for each pair and 14 for each of its months with plays.

    Attributes
    ----------
    first, last : datetime64[s] array, shape (n_interactions,)
        First and last play of each pair, in the order of the interactions; NaT where no time is known.
    users, items : int32 array, shape (n_months,)
        Codes of a pair, sorted by user, item and month. Empty for ratings, which do not add up.
    months : int16 array, shape (n_months,)
        A month in which the pair was played, counted from January 1970 = 0.
    values : float32 array, shape (n_months,)
        Plays of the pair in that month.
    """

    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    users: NDArray[np.int32]
    items: NDArray[np.int32]
    months: NDArray[np.int16]
    values: NDArray[np.float32]

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all times; two data sets with the same pairs can have others."""
        digest = blake2b(digest_size=8)
        for times in (self.first, self.last):
            digest.update(np.ascontiguousarray(times).view(np.int64).tobytes())
        return digest.hexdigest()

    @property
    def ages(self) -> NDArray[np.float32] | None:
        """Months from the last play of each pair to the newest of all, NaN where no time is known; None without any."""
        dated = ~np.isnat(self.last)
        if not dated.any():
            return None
        ages = np.full(len(self.last), np.nan, np.float32)
        last = self.last[dated].astype(np.int64)
        ages[dated] = (last.max() - last) / SECONDS_PER_MONTH
        return ages


@dataclass(frozen=True, eq=False)
class Dataset:
    """Interactions with tags, friends, nouns and origin.

    Attributes
    ----------
    key : str
        Name that loads it again: `sample`, `lastfm` or a path. It gives no right to see it.
    title : str
        Title on screen.
    origin : str
        Sentence about its origin.
    licence : str
        Sentence about its permitted use.
    interactions : Interactions
        Values of user-item pairs.
    tags : DataFrame or None
        Columns `item`, `tag` (text) and `count` (int64), where the source knows them.
    friends : DataFrame or None
        Columns `user` and `friend` (labels as in `interactions.users`), both directions.
    nouns : Nouns
        Nouns of users, items and values on screen.
    is_public : bool
        Whether all visitors of a server may see it: set by the loader of the sample, of Last.fm and of the server's
        folder, whatever the data is called.
    notes : tuple of str
        What was guessed, left out or put together when it was read, a sentence each.
    history : History or None
        When it was, where the source knows it.
    """

    key: str
    title: str
    origin: str
    licence: str
    interactions: Interactions
    tags: pd.DataFrame | None = None
    friends: pd.DataFrame | None = None
    nouns: Nouns = MUSIC
    is_public: bool = False
    notes: tuple[str, ...] = ()
    history: History | None = None

    def __post_init__(self) -> None:
        known, history = self.interactions, self.history
        if known.tags is not self.tags or history is not None or known.ages is not None:
            # Models and metrics see interactions alone.
            ages = None if history is None else history.ages
            object.__setattr__(self, "interactions", replace(known, tags=self.tags, ages=ages))
        HELD.add(self)

    @property
    def has_times(self) -> bool:
        """Whether any pair has a time."""
        return self.interactions.ages is not None


# All datasets in memory, for the server status.
HELD: WeakSet[Dataset] = WeakSet()


SHARED = ("sample", "lastfm")
# The key of all data that is uploaded: the name of a file is taken for no other key.
UPLOAD = "upload"


# What the keys of data begin with that the operator of a server offers to everybody.
OFFERED = "server-"
