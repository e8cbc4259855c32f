"""How good recommendations are: lists of items against the items that were hidden.

All accuracy figures treat a hidden item as relevant and any other as not. Notation: n is
the length of a list, H the number of hidden items of a user, hit_k is 1 if place k holds
one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from recsys.data.interactions import Interactions
    from recsys.data.splitting import Split
    from recsys.models.base import Model

# Enough for a standard error of about 0.002; more would only take longer.
MOST_USERS = 20_000

Hits = NDArray[np.bool_]
Counts = NDArray[np.int64]


def precision(hits: Hits, hidden: Counts) -> NDArray[np.float64]:
    """Return hits / n for each user; 0 to 1, shape (n_users,)."""
    return hits.sum(axis=1) / hits.shape[1]


def recall(hits: Hits, hidden: Counts) -> NDArray[np.float64]:
    """Return hits / H for each user; 0 to 1, shape (n_users,)."""
    return hits.sum(axis=1) / np.maximum(hidden, 1)


def ndcg(hits: Hits, hidden: Counts) -> NDArray[np.float64]:
    """Return DCG over the DCG of a perfect list for each user; 0 to 1, shape (n_users,).

    References
    ----------
    K. Jarvelin, J. Kekalainen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS
    20(4), 2002, with gains of 0 and 1 and the discount 1 / log2(k + 1).
    """
    discount = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(hidden, hits.shape[1])]
    return np.divide(hits @ discount, ideal, out=np.zeros(len(hits)), where=ideal > 0)


def average_precision(hits: Hits, hidden: Counts) -> NDArray[np.float64]:
    """Return the mean precision at the places of hits, over min(n, H), for each user; 0 to 1."""
    places = np.arange(1, hits.shape[1] + 1)
    at_hits = (np.cumsum(hits, axis=1) / places * hits).sum(axis=1)
    return at_hits / np.maximum(np.minimum(hidden, hits.shape[1]), 1)


def reciprocal_rank(hits: Hits, hidden: Counts) -> NDArray[np.float64]:
    """Return 1 / place of the first hit, 0 without one, for each user; 0 to 1."""
    return np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0)


METRICS = {
    "ndcg": ndcg,
    "recall": recall,
    "precision": precision,
    "map": average_precision,
    "mrr": reciprocal_rank,
}


def find_hits(items: NDArray[np.int32], users: NDArray[np.int32], hidden: Interactions) -> Hits:
    """Tell which recommended items were hidden ones; bool array, shape of `items`."""
    pairs = hidden.user_codes.astype(np.int64) * hidden.n_items + hidden.item_codes
    recommended = users.astype(np.int64)[:, None] * hidden.n_items + items
    # `pairs` ascend, as interactions do.
    places = np.minimum(np.searchsorted(pairs, recommended), max(len(pairs) - 1, 0))
    found = pairs[places] == recommended if len(pairs) else np.zeros(items.shape, bool)
    return found & (items >= 0)


def popularity_ranks(interactions: Interactions) -> NDArray[np.int64]:
    """Return each item's place by number of users, 1 for the most popular; equals share the best place."""
    ranks = pd.Series(interactions.item_counts).rank(method="min", ascending=False)
    return ranks.to_numpy(np.int64)


def gini(amounts: NDArray[Any]) -> float:
    """Return the Gini coefficient of amounts of 0 or more: 0 if all are equal, towards 1 if one has all.

    References
    ----------
    C. Gini's mean difference in its sorted form:
    G = sum_k (2k - m - 1) x_(k) / (m sum x), with x sorted upwards and k from 1 to m.
    """
    amounts = np.sort(np.asarray(amounts, np.float64))
    total = amounts.sum()
    if total == 0:
        return 0.0
    m = len(amounts)
    return float(((2 * np.arange(1, m + 1) - m - 1) * amounts).sum() / (m * total))


def beyond_accuracy(items: NDArray[np.int32], train: Interactions) -> dict[str, float]:
    """Measure what is recommended, hits or not.

    Returns
    -------
    dict
        `coverage`: share of all items that somebody is recommended, 0 to 1.
        `novelty`: mean of -log2((users of the item + 1) / (all users + 1)), in bits.
        `popularity_rank`: mean place by popularity, 1 is the most popular.
        `gini`: how unevenly recommendations fall on items, 0 to 1.
    """
    shown = items[items >= 0]
    counts = train.item_counts[shown]
    return {
        "coverage": len(np.unique(shown)) / train.n_items,
        "novelty": float(-np.log2((counts + 1) / (train.n_users + 1)).mean()),
        "popularity_rank": float(popularity_ranks(train)[shown].mean()),
        "gini": gini(np.bincount(shown, minlength=train.n_items)),
    }


def beyond_accuracy_by_user(items: NDArray[np.int32], train: Interactions) -> dict[str, NDArray[np.float64]]:
    """Return what each user's list adds to the figures of `beyond_accuracy`, to tell how sure they are.

    These are the pseudo-values of the jackknife, m t - (m - 1) t_(-u) for a figure t of m lists and t_(-u)
    without the list of user u: the standard error of their mean is that of the figure. Of a mean they are
    the users' own values.

    Returns
    -------
    dict
        The names of `beyond_accuracy`; float64 arrays, shape (len(items),).

    References
    ----------
    B. Efron, "The Jackknife, the Bootstrap and Other Resampling Plans", SIAM 1982, chapters 2 and 3.
    """
    shown = items >= 0
    codes = np.where(shown, items, 0)
    lengths = shown.sum(axis=1)
    counts = np.bincount(items[shown], minlength=train.n_items)
    rest = np.maximum(lengths.sum() - lengths, 1)

    def mean_without(values: NDArray[Any]) -> NDArray[np.float64]:
        sums = np.where(shown, values[codes], 0).sum(axis=1, dtype=np.float64)
        return (sums.sum() - sums) / rest

    own = (shown & (counts[codes] == 1)).sum(axis=1)
    without = {
        "coverage": (np.count_nonzero(counts) - own) / train.n_items,
        "novelty": mean_without(-np.log2((train.item_counts + 1) / (train.n_users + 1))),
        "popularity_rank": mean_without(popularity_ranks(train)),
        "gini": _gini_without(np.where(shown, counts[codes], 0), counts) / (train.n_items * rest),
    }
    m = len(items)
    whole = beyond_accuracy(items, train)
    return {name: m * whole[name] - (m - 1) * values for name, values in without.items()}


def _gini_without(counts_of_lists: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sum in `gini` as it is without each list, given how often its items are recommended."""
    m = len(counts)
    ascending = np.sort(counts)
    listed = np.sort(counts_of_lists, axis=1)
    # An item that is recommended once less stays in order if it is the first of its equals; of several equals
    # in a list the second is the second of them, and so on.
    places = np.broadcast_to(np.arange(listed.shape[1]), listed.shape)
    first = np.ones(listed.shape, bool)
    first[:, 1:] = listed[:, 1:] != listed[:, :-1]
    equals_before = places - np.maximum.accumulate(np.where(first, places, 0), axis=1)
    k = np.searchsorted(ascending, listed, "left") + 1 + equals_before
    lost = np.where(listed > 0, 2 * k - m - 1, 0).sum(axis=1)
    return ((2 * np.arange(1, m + 1) - m - 1) * ascending).sum() - lost.astype(np.float64)


def rarely_played(items: NDArray[np.int32], train: Interactions) -> float:
    """Return which share of recommended items has at most one user in training; 0 to 1."""
    return float((train.item_counts[items[items >= 0]] <= 1).mean())


def draw(n_users: int, n: int, seed: int) -> NDArray[np.int64]:
    """Return the places of `n` users among `n_users`, ascending; of all of them if they are not more."""
    if n_users <= n:
        return np.arange(n_users)
    return np.sort(np.random.default_rng([seed, 2]).choice(n_users, n, replace=False))


def sample_users(split: Split, n: int) -> NDArray[np.int32]:
    """Return the codes of all users with hidden items or, if they are more, of `n` drawn by the split's seed."""
    users = np.flatnonzero(split.validation.user_counts).astype(np.int32)
    return users[draw(len(users), n, split.seed)]


@dataclass(frozen=True)
class Lists:
    """What a model recommends to some users, and which of it was hidden from training.

    Attributes
    ----------
    users : int32 array, shape (n_users,)
        User codes.
    items : int32 array, shape (n_users, n)
        Item codes, best first; -1 where there were not enough.
    hits : bool array, shape (n_users, n)
        Whether an item is one of the user's hidden ones.
    hidden : int64 array, shape (n_users,)
        How many items each user hides.
    """

    users: NDArray[np.int32]
    items: NDArray[np.int32]
    hits: Hits
    hidden: Counts

    @classmethod
    def of(cls, model: Model, split: Split, users: NDArray[np.int32], n: int = 10) -> Lists:
        """Rank the whole catalogue for each user, equal scores at random, and keep the first `n`."""
        items, _ = model.recommend(split.train, users, n, split.seed)
        hits = find_hits(items, users, split.validation)
        return cls(users, items, hits, split.validation.user_counts[users])

    def accuracy(self) -> dict[str, NDArray[np.float64]]:
        """Return each accuracy measure for each user, by name; 0 to 1, shape (n_users,)."""
        return {name: metric(self.hits, self.hidden) for name, metric in METRICS.items()}


def ranking(model: Model, split: Split, users: NDArray[np.int32], n: int = 10) -> tuple[float, float]:
    """Return NDCG@n and Recall@n over some users; 0 to 1, NaN without users."""
    if not len(users):
        return float("nan"), float("nan")
    lists = Lists.of(model, split, users, n)
    return float(ndcg(lists.hits, lists.hidden).mean()), float(recall(lists.hits, lists.hidden).mean())


def evaluate(model: Model, split: Split, n: int = 10, most_users: int = MOST_USERS) -> dict[str, float]:
    """Measure a trained model over the whole catalogue.

    Every item that a user does not have in training is ranked, equal scores at random;
    figures are means over the users with hidden items.

    Parameters
    ----------
    model : Model
        Trained on `split.train`.
    split : Split
        With at least one hidden pair.
    n : int
        Length of the lists.
    most_users : int
        Where more users hide something, these many of them are drawn and measured.

    Returns
    -------
    dict
        `ndcg@n`, `recall@n`, `precision@n`, `map@n`, `mrr@n` (0 to 1), the figures of
        `beyond_accuracy` at n, `users`, the number of users they are means over, and `all_users`,
        the number of users who hide something.
    """
    lists = Lists.of(model, split, sample_users(split, most_users), n)
    figures = {name: float(values.mean()) for name, values in lists.accuracy().items()}
    figures |= beyond_accuracy(lists.items, split.train)
    return {f"{name}@{n}": value for name, value in figures.items()} | {
        "users": len(lists.users),
        "all_users": int((split.validation.user_counts > 0).sum()),
    }
