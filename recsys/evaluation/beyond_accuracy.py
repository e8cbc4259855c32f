"""Beyond-accuracy figures of ranked lists: which items are recommended, whether hits or not.

A figure of all lists together has no value for each user. Its interval comes from the jackknife (B. Efron, "The
Jackknife, the Bootstrap and Other Resampling Plans", SIAM 1982, chapters 2 and 3), so that each such figure has a
second function that returns it without each list in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from recsys.data.interactions import Interactions
    from recsys.evaluation.ranked_lists import RankedLists

LISTS_AT_ONCE = 500


@dataclass(frozen=True)
class Exposure:
    """How often items are recommended.

    Attributes
    ----------
    times : int64 array, shape (n_recommended,)
        In how many lists each recommended item stands, 1 or more.
    listeners, ranks : int64 array, shape (n_recommended,)
        Its users in training, and its place by them, 1 for the most popular.
    n_items, n_users : int
        All items and all users of the data.
    n_lists, length : int
        How many lists there are, and their places.
    """

    times: NDArray[np.int64]
    listeners: NDArray[np.int64]
    ranks: NDArray[np.int64]
    n_items: int
    n_users: int
    n_lists: int
    length: int

    @classmethod
    def of(cls, items: NDArray[np.int32], train: Interactions) -> Exposure:
        """Count the items of lists, in which -1 is no item."""
        recommended, times = np.unique(items[items >= 0], return_counts=True)
        ranks = popularity_ranks(train)[recommended]
        counts = train.item_counts[recommended]
        return cls(times, counts, ranks, train.n_items, train.n_users, *items.shape)


def popularity_ranks(interactions: Interactions) -> NDArray[np.int64]:
    """Return each item's place by number of users, 1 for the most popular; equals share the best place."""
    ranks = pd.Series(interactions.item_counts).rank(method="min", ascending=False)
    return ranks.to_numpy(np.int64)


def coverage(exposure: Exposure) -> float:
    """Return the recommended items' share of all items, 0 to 1."""
    return len(exposure.times) / exposure.n_items


def novelty(exposure: Exposure) -> float:
    """Return the mean self-information of recommended items, in bits.

    References
    ----------
    T. Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 107(10), 2010:
    -log2 of an item's share of users, here (users of the item + 1) / (all users + 1).
    """
    bits = -np.log2((exposure.listeners + 1) / (exposure.n_users + 1))
    return float(np.average(bits, weights=exposure.times))


def popularity_rank(exposure: Exposure) -> float:
    """Return the mean place by popularity of recommended items; 1 is the most popular."""
    return float(np.average(exposure.ranks, weights=exposure.times))


def inequality(exposure: Exposure) -> float:
    """Return the Gini coefficient of how often all items are recommended, 0 to 1."""
    return gini(np.append(np.zeros(exposure.n_items - len(exposure.times)), exposure.times))


def personalization(exposure: Exposure) -> float:
    """Return the mean share of their places in which two users' lists differ, 0 to 1; 0 for a single list.

    Two lists share an item as often as pairs can be made of the lists it stands in, so that no pair is looked at.

    References
    ----------
    T. Zhou et al., "Solving the apparent diversity-accuracy dilemma of recommender systems", PNAS 107(10), 2010:
    personalization, 1 - q_uv / L with q_uv the items that two lists of length L share.
    """
    pairs = exposure.n_lists * (exposure.n_lists - 1)
    shared = float((exposure.times * (exposure.times - 1)).sum())
    return 1 - shared / (pairs * exposure.length) if pairs else 0.0


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


def coverage_without(lists: RankedLists) -> NDArray[np.float64]:
    """Return the coverage without each list."""
    shown, codes, counts = _counted(lists)
    own = (shown & (counts[codes] == 1)).sum(axis=1)
    return (np.count_nonzero(counts) - own) / lists.train.n_items


def novelty_without(lists: RankedLists) -> NDArray[np.float64]:
    """Return the novelty without each list."""
    train = lists.train
    return _mean_without(lists, -np.log2((train.item_counts + 1) / (train.n_users + 1)))


def popularity_rank_without(lists: RankedLists) -> NDArray[np.float64]:
    """Return the popularity rank without each list."""
    return _mean_without(lists, popularity_ranks(lists.train))


def personalization_without(lists: RankedLists) -> NDArray[np.float64]:
    """Return the personalization without each list."""
    shown, codes, counts = _counted(lists)
    m, length = lists.items.shape
    own = np.where(shown, counts[codes] - 1, 0).sum(axis=1)
    shared = (counts * (counts - 1)).sum() - 2 * own
    return 1 - shared / max((m - 1) * (m - 2) * length, 1)


def inequality_without(lists: RankedLists) -> NDArray[np.float64]:
    """Return the Gini coefficient without each list."""
    shown, codes, counts = _counted(lists)
    lengths = shown.sum(axis=1)
    m = len(counts)
    ascending = np.sort(counts)
    listed = np.sort(np.where(shown, counts[codes], 0), axis=1)
    # An item that is recommended once less stays in order if it is the first of its equals; of several equals
    # in a list the second is the second of them, and so on.
    places = np.broadcast_to(np.arange(listed.shape[1]), listed.shape)
    first = np.ones(listed.shape, bool)
    first[:, 1:] = listed[:, 1:] != listed[:, :-1]
    equals_before = places - np.maximum.accumulate(np.where(first, places, 0), axis=1)
    k = np.searchsorted(ascending, listed, "left") + 1 + equals_before
    lost = np.where(listed > 0, 2 * k - m - 1, 0).sum(axis=1)
    weighted = ((2 * np.arange(1, m + 1) - m - 1) * ascending).sum() - lost.astype(np.float64)
    return weighted / (m * np.maximum(lengths.sum() - lengths, 1))


def serendipity(lists: RankedLists) -> NDArray[np.float64]:
    """Return the share of each list that are hits and not among the most popular items that the user lacks; 0 to 1.

    References
    ----------
    M. Ge, C. Delgado-Battenfeld, D. Jannach, "Beyond accuracy: evaluating recommender systems by coverage and
    serendipity", RecSys 2010: useful items that a primitive model, here the most popular, does not recommend. Of
    equally popular items the first in the data comes first.
    """
    train, length = lists.train, lists.items.shape[1]
    places = np.empty(train.n_items, np.int64)
    places[np.argsort(-train.item_counts, kind="stable")] = np.arange(train.n_items)
    ends = np.empty(len(lists.users), np.int64)
    for row, user in enumerate(lists.users.tolist()):
        known = places[train.item_codes[train.of_user(user)]]
        end = length
        while (longer := length + np.count_nonzero(known < end)) > end:
            end = longer
        ends[row] = end
    unexpected = places[np.maximum(lists.items, 0)] >= ends[:, None]
    return (lists.hits & unexpected).sum(axis=1) / length


def debiased_ndcg(lists: RankedLists) -> NDArray[np.float64]:
    """Return the NDCG of each list with gains that undo the popularity of held-out items; 0 to 1.

    Popular items are held out more often, and found more easily. Here the gain of an item is 1 / sqrt(its users in
    training, at least 1) instead of 1, and a perfect list begins with the least popular held-out items.

    References
    ----------
    H. Steck, "Item popularity and recommendation accuracy", RecSys 2011: popularity-stratified weights 1 / N_i^beta,
    with beta = 1/2.
    """
    length = lists.items.shape[1]
    weights = 1 / np.sqrt(np.maximum(lists.train.item_counts, 1))
    discount = 1 / np.log2(np.arange(2, length + 2))
    gains = (lists.hits * weights[np.maximum(lists.items, 0)]) @ discount
    ideal = np.zeros(len(lists.users))
    for row, user in enumerate(lists.users.tolist()):
        own = np.sort(weights[lists.relevant.item_codes[lists.relevant.of_user(user)]])[::-1][:length]
        ideal[row] = own @ discount[: len(own)]
    return np.divide(gains, ideal, out=np.zeros(len(ideal)), where=ideal > 0)


def diversity(lists: RankedLists) -> NDArray[np.float64]:
    """Return how different the users of the items of each list are: the mean of 1 - cosine over its pairs, 0 to 1.

    An item is the vector of its users in training; one without users is unlike all others.

    References
    ----------
    C.-N. Ziegler et al., "Improving Recommendation Lists Through Topic Diversification", WWW 2005: intra-list
    similarity. The squared length of a sum of unit vectors holds every pair twice, and each vector with itself.
    """
    train = lists.train
    norms = np.sqrt(np.maximum(train.item_counts, 1))
    ones = (1 / norms[train.item_codes], (train.item_codes, train.user_codes))
    from scipy import sparse  # not at the top: `describe` starts faster without

    units = sparse.csr_array(ones, shape=(train.n_items, train.n_users))
    alike = np.zeros(len(lists.items))
    for first in range(0, len(alike), LISTS_AT_ONCE):
        items = lists.items[first : first + LISTS_AT_ONCE]
        rows, columns = np.nonzero(items >= 0)
        chosen = (np.ones(len(rows)), (rows, items[rows, columns]))
        sums = sparse.csr_array(chosen, shape=(len(items), train.n_items)) @ units
        alike[first : first + len(items)] = sums.multiply(sums).sum(axis=1)
    shown = lists.items >= 0
    known = (shown & (train.item_counts[np.maximum(lists.items, 0)] > 0)).sum(axis=1)
    pairs = shown.sum(axis=1) * (shown.sum(axis=1) - 1)
    return 1 - (alike - known) / np.maximum(pairs, 1)


def rarely_played(items: NDArray[np.int32], train: Interactions) -> float:
    """Return the share of recommended items with at most one user in training; 0 to 1."""
    return float((train.item_counts[items[items >= 0]] <= 1).mean())


def _counted(lists: RankedLists) -> tuple[NDArray[np.bool_], NDArray[np.int32], NDArray[np.int64]]:
    """Return which places hold an item, the item codes (0 where none is), and how often each item stands in all."""
    shown = lists.items >= 0
    counts = np.bincount(lists.items[shown], minlength=lists.train.n_items)
    return shown, np.where(shown, lists.items, 0), counts


def _mean_without(lists: RankedLists, values: NDArray[Any]) -> NDArray[np.float64]:
    shown, codes, _ = _counted(lists)
    sums = np.where(shown, values[codes], 0).sum(axis=1, dtype=np.float64)
    lengths = shown.sum(axis=1)
    return (sums.sum() - sums) / np.maximum(lengths.sum() - lengths, 1)
