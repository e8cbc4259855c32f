"""Taste of friends beside that of strangers: how many items both have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recsys.analysis.listener_table import mainstream
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.evaluation.significance import Difference, paired_test

ALIKE = 20  # users of whom a stranger is drawn: those most like the friend in number of items and mainstream
CHUNK = 20_000  # pairs whose items are compared at once


@dataclass(frozen=True, eq=False)
class Friendship:
    """Pairs of friends, and for each a matched stranger in the place of the friend.

    Attributes
    ----------
    friends, strangers : int64 array, shape (n_pairs,)
        How many items the user shares with the friend, and with the stranger. A friendship counts from both sides.
    friends_overlap, strangers_overlap : float64 array, shape (n_pairs,)
        The same as a share of the items of either (Jaccard index), 0 to 1.
    users : int64 array, shape (n_pairs,)
        Code of the user.
    difference : Difference
        Of the mean number of shared items, friends minus strangers, over the users who have friends.
    friendships : int
        Pairs of friends who both have items, each counted once, also where no stranger like one of them was found.
    """

    friends: NDArray[np.int64]
    strangers: NDArray[np.int64]
    friends_overlap: NDArray[np.float64]
    strangers_overlap: NDArray[np.float64]
    users: NDArray[np.int64]
    difference: Difference
    friendships: int

    @property
    def closer(self) -> float:
        """Share of pairs in which the friend shares more than the stranger, ties counted half; 0 to 1."""
        return float((self.friends > self.strangers).mean() + (self.friends == self.strangers).mean() / 2)


def compare_friends(dataset: Dataset, seed: int = 0) -> Friendship | None:
    """Compare the items that friends share with those that strangers share.

    Each friend is matched with a stranger: a user who is no friend, drawn from those nearest to the friend among users
    with about as many items (within a factor of two), in how mainstream they are. What both have because it is popular,
    or because they have much, is thus the same on both sides.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the draw of strangers.

    Returns
    -------
    Friendship or None
        None where no friends are known who both have items.
    """
    if dataset.friends is None:
        return None
    interactions = dataset.interactions
    users = interactions.users.get_indexer(dataset.friends["user"]).astype(np.int64)
    friends = interactions.users.get_indexer(dataset.friends["friend"]).astype(np.int64)
    counts = interactions.user_counts
    known = (users >= 0) & (friends >= 0) & (users != friends)
    users, friends = users[known], friends[known]
    known = (counts[users] > 0) & (counts[friends] > 0)
    users, friends = np.unique(np.stack([users[known], friends[known]]), axis=1)
    friendships = np.unique(np.sort([users, friends], axis=0), axis=1).shape[1]
    strangers = _strangers(interactions, users, friends, np.random.default_rng(seed))
    matched = strangers >= 0
    users, friends, strangers = users[matched], friends[matched], strangers[matched]
    if not len(users):
        return None
    ours, theirs = (_shared(interactions, users, others) for others in (friends, strangers))
    of_user = np.bincount(users, minlength=interactions.n_users)
    offsets = np.bincount(users, ours - theirs, interactions.n_users)[of_user > 0] / of_user[of_user > 0]
    return Friendship(
        ours,
        theirs,
        ours / (counts[users] + counts[friends] - ours),
        theirs / (counts[users] + counts[strangers] - theirs),
        users,
        paired_test(float(offsets.mean()), offsets),
        friendships,
    )


def _strangers(
    interactions: Interactions,
    users: NDArray[np.int64],
    friends: NDArray[np.int64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Return a user like each friend who is no friend of the user's, or -1 where none was found."""
    counts = interactions.user_counts
    # sorted by number of items, to powers of two, and within these by how mainstream they are
    level = np.log2(np.maximum(counts, 1)).round()
    order = np.lexsort((mainstream(interactions), level))
    order = order[counts[order] > 0]
    places = np.full(interactions.n_users, -1)
    places[order] = np.arange(len(order))
    taken = np.unique(users * interactions.n_users + friends)
    found = np.full(len(users), -1, np.int64)
    for _ in range(2 * ALIKE):
        open_ = np.flatnonzero(found < 0)
        if not len(open_):
            break
        away = random.integers(1, ALIKE // 2 + 1, len(open_)) * random.choice((-1, 1), len(open_))
        at = places[friends[open_]] + away
        inside = (at >= 0) & (at < len(order))
        open_, candidates = open_[inside], order[at[inside]]
        good = (
            (candidates != users[open_])
            & (level[candidates] == level[friends[open_]])
            & ~np.isin(users[open_] * interactions.n_users + candidates, taken)
        )
        found[open_[good]] = candidates[good]
    return found


def _shared(
    interactions: Interactions, users: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Count the items that both users of each pair have."""
    matrix = csr_array(
        (np.ones(len(interactions), np.int32), interactions.item_codes, interactions.user_starts),
        (interactions.n_users, interactions.n_items),
    )
    counted = [
        matrix[users[at : at + CHUNK]].multiply(matrix[others[at : at + CHUNK]]).sum(axis=1)
        for at in range(0, len(users), CHUNK)
    ]
    return np.concatenate(counted).astype(np.int64)
