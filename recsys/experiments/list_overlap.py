"""Recommendation lists of several models for one user, and their overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.evaluation.ranked_lists import RankedLists
from recsys.experiments.leaderboard import Leaderboard


@dataclass(frozen=True)
class SideBySide:
    """Several models' lists for one user.

    Attributes
    ----------
    tables : dict of str to DataFrame
        By label: columns `item`, `artist`, `hit` (a tick where the item was hidden from training), `lists`
        (in how many of the lists it stands, this one included) and `where` (that in words), best first.
    shared : int64 array, shape (n_models, n_models)
        How many items two lists share; a list's length on the diagonal.
    everywhere, hidden : int
        How many items are in every list, and how many of the user's were hidden.
    """

    tables: dict[str, pd.DataFrame]
    shared: NDArray[np.int64]
    everywhere: int
    hidden: int

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """Shared items over all items of two lists, 0 to 1; float64 array, shape (n_models, n_models)."""
        lengths = np.diag(self.shared)
        either = lengths[:, None] + lengths - self.shared
        return self.shared / np.maximum(either, 1)


def side_by_side(board: Leaderboard, labels: Sequence[str], user: int) -> SideBySide:
    """Put what several models recommend to one user beside each other.

    Parameters
    ----------
    board : Leaderboard
    labels : sequence of str
        Of measured entries.
    user : int
        User code.
    """
    entries = {entry.label: entry for entry in board.measured}
    users = np.array([user], np.int32)
    lists = [RankedLists.of(entries[label].model, board.split, users, board.n) for label in labels]
    found = [one.items[0][one.items[0] >= 0] for one in lists]
    counts = Counter(item for items in found for item in items.tolist())
    train = board.split.train
    tables = {}
    for label, one, items in zip(labels, lists, found, strict=True):
        inside = [counts[item] for item in items.tolist()]
        tables[label] = pd.DataFrame(
            {
                "item": train.items[items],
                "artist": train.names[items],
                "hit": np.where(one.hits[0][: len(items)], "✓", ""),
                "lists": inside,
                "where": [_in_words(count, len(labels)) for count in inside],
            }
        )
    return SideBySide(
        tables,
        np.array([[len(np.intersect1d(one, other)) for other in found] for one in found]),
        sum(count == len(labels) for count in counts.values()),
        int(board.split.test.user_counts[user]),
    )


def _in_words(count: int, lists: int) -> str:
    if lists == 1:
        return ""
    return "only here" if count == 1 else f"all {lists}" if count == lists else f"{count} of {lists}"
