"""Items of the friends of a user, for data with a social network."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import Dataset


def friends_of(dataset: Dataset, user: int) -> NDArray[np.int32]:
    """Return the codes of the friends of a user, ascending; empty for data without friends."""
    if dataset.friends is None:
        return np.empty(0, np.int32)
    users = dataset.interactions.users
    labels = dataset.friends.loc[dataset.friends["user"] == users[user], "friend"]
    return np.sort(users.get_indexer(labels)).astype(np.int32)


def friends_by_item(dataset: Dataset, friends: NDArray[np.int32]) -> NDArray[np.int64]:
    """Count the users of each item among these; int64 array, shape (n_items,)."""
    theirs = np.isin(dataset.interactions.user_codes, friends)
    return np.bincount(dataset.interactions.item_codes[theirs], minlength=dataset.interactions.n_items)


def played_by(dataset: Dataset, friends: NDArray[np.int32], n: int = 20) -> pd.DataFrame:
    """Return the items with most of these users.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `friends` (their number, from 1) and `plays` (their
        total), by descending number of friends; at most `n` rows.
    """
    interactions = dataset.interactions
    theirs = np.isin(interactions.user_codes, friends)
    codes = interactions.item_codes[theirs]
    plays = np.bincount(codes, interactions.values[theirs], minlength=interactions.n_items)
    counts = friends_by_item(dataset, friends)
    best = np.lexsort((-plays, -counts))[:n]
    best = best[counts[best] > 0]
    return pd.DataFrame(
        {
            "item": interactions.items[best],
            "artist": interactions.names[best],
            "friends": counts[best],
            "plays": plays[best],
        }
    )


def friend_table(dataset: Dataset, friends: NDArray[np.int32]) -> pd.DataFrame:
    """Return these users: columns `listener` (label) and `plays` (total), in descending order."""
    interactions = dataset.interactions
    plays = np.bincount(interactions.user_codes, interactions.values, minlength=interactions.n_users)
    table = pd.DataFrame({"listener": interactions.users[friends], "plays": plays[friends]})
    return table.sort_values("plays", ascending=False, kind="stable", ignore_index=True)
