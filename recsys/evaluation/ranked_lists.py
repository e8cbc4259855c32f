"""Ranked lists of a model, with their hits among the held-out items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.accuracy import Counts, Hits
from recsys.evaluation.beyond_accuracy import Exposure
from recsys.models.ranking import best

if TYPE_CHECKING:
    from recsys.data.interactions import Interactions
    from recsys.data.splitting import Part, Split
    from recsys.models.base import Model


@dataclass(frozen=True)
class RankedLists:
    """Top-n lists of some users, and which of their items were held out.

    Attributes
    ----------
    users : int32 array, shape (n_users,)
        User codes.
    items : int32 array, shape (n_users, n)
        Item codes, best first; -1 where there were not enough.
    hits : bool array, shape (n_users, n)
        Whether an item is one of the user's held-out ones.
    hidden : int64 array, shape (n_users,)
        Number of held-out items of each user.
    train : Interactions
        What the model was trained on.
    relevant : Interactions
        The held-out pairs, of these users and of others.
    given : Interactions or None
        What is known of users who are not in training, as in `Split`.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    hits: Hits
    hidden: Counts
    train: Interactions
    relevant: Interactions
    given: Interactions | None = None

    @classmethod
    def of(
        cls, model: Model, split: Split, users: NDArray[np.int32], n: int = 10, part: Part = "test"
    ) -> RankedLists:
        """Rank the whole catalogue for each user, equal scores at random, and keep the first `n`.

        Items that the user has in training are left out; those in validation, too, where the test is measured. Users
        of whom only `Split.given` is known are folded in.
        """
        users = np.asarray(users, np.int32)
        is_new = np.zeros(len(users), bool) if split.given is None else split.given.user_counts[users] > 0
        items = np.empty((len(users), n), np.int32)
        if not is_new.all():
            items[~is_new], _ = model.recommend(split.seen(part), users[~is_new], n, split.seed)
        if split.given is not None:
            items[is_new] = fold_in(model, split.given, users[is_new], n, split.seed)
        return cls.judge(items, split, users, part)

    @classmethod
    def judge(
        cls, items: NDArray[np.int32], split: Split, users: NDArray[np.int32], part: Part = "test"
    ) -> RankedLists:
        """Find the hits in lists that are given."""
        hidden = split.part(part)
        hits = find_hits(items, users, hidden)
        return cls(users, items, hits, hidden.user_counts[users], split.train, hidden, split.given)

    @cached_property
    def exposure(self) -> Exposure:
        """How often each item is recommended."""
        return Exposure.of(self.items, self.train)


def find_hits(items: NDArray[np.int32], users: NDArray[np.int32], hidden: Interactions) -> Hits:
    """Mark recommended items that were held out; bool array, shape of `items`."""
    pairs = hidden.user_codes.astype(np.int64) * hidden.n_items + hidden.item_codes
    recommended = users.astype(np.int64)[:, None] * hidden.n_items + items
    # `pairs` ascend, as interactions do.
    places = np.minimum(np.searchsorted(pairs, recommended), max(len(pairs) - 1, 0))
    found = pairs[places] == recommended if len(pairs) else np.zeros(items.shape, bool)
    return found & (items >= 0)


def fold_in(
    model: Model, given: Interactions, users: NDArray[np.int32], n: int, seed: int
) -> NDArray[np.int32]:
    """Return the `n` best items of users who are not in training, by what is known of them.

    Returns
    -------
    int32 array, shape (n_users, n)
        Item codes, best first, none of those known; -1 where there are not enough.
    """
    items = np.empty((len(users), n), np.int32)
    for row, user in enumerate(users.tolist()):
        known, values, ages = given.feedback_of(user)
        scores = model.fold_in_scores(known, values, ages)
        items[row] = best(scores[None], [known], n, seed)[0][0]
    return items


def draw(n_users: int, n: int, seed: int) -> NDArray[np.int64]:
    """Return the places of `n` users among `n_users`, ascending; of all of them if they are not more."""
    if n_users <= n:
        return np.arange(n_users)
    return np.sort(np.random.default_rng([seed, 2]).choice(n_users, n, replace=False))


def sample_users(split: Split, n: int, part: Part = "test") -> NDArray[np.int32]:
    """Return the codes of all users with held-out items or, if they are more, of `n` drawn by the split's seed."""
    users = np.flatnonzero(split.part(part).user_counts).astype(np.int32)
    return users[draw(len(users), n, split.seed)]
