"""One user's items beside what a model recommends."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recsys.metrics import find_hits, popularity_ranks
from recsys.models.base import Model
from recsys.popularity import user_table
from recsys.splitting import Split


def recommend_to(model: Model, split: Split, user: int, n: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what a user plays and what they might.

    Parameters
    ----------
    model : Model
        Trained on `split.train`.
    split : Split
    user : int
        User code.
    n : int
        How many items to recommend, from 1.

    Returns
    -------
    existing : DataFrame
        All items of the user in training, the most played first: columns of `user_table`.
    recommended : DataFrame
        Columns `item`, `artist`, `score` (in the unit of the model's target), `listeners`,
        `popularity_rank` (1 is the most popular; both counted in training) and `hit`
        (whether the item is one of those hidden from training), the best first.
    """
    users = np.array([user], np.int32)
    items, scores = model.recommend(split.train, users, n, split.seed)
    hits = find_hits(items, users, split.validation)[0]
    found = items[0] >= 0
    codes = items[0][found]
    recommended = pd.DataFrame(
        {
            "item": split.train.items[codes],
            "artist": split.train.names[codes],
            "score": scores[0][found],
            "listeners": split.train.item_counts[codes],
            "popularity_rank": popularity_ranks(split.train)[codes],
            "hit": hits[found],
        }
    )
    return user_table(split.train, user), recommended
