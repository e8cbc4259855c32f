"""What a data set is, wherever it comes from."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from recsys.interactions import Interactions


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
    """

    key: str
    title: str
    origin: str
    licence: str
    interactions: Interactions
    tags: pd.DataFrame | None = None
    friends: pd.DataFrame | None = None
