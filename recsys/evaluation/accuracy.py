"""Accuracy of ranked lists: formulas in NumPy alone, which the workers of a cluster can run, too.

A held-out item is relevant, any other is not. Notation: n is the length of a list, H the number of a user's
held-out items, hit_k is 1 if place k holds one of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
