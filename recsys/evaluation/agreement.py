"""Agreement of two ranked lists of the same user."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Lists = NDArray[np.int32]


def overlap(first: Lists, second: Lists) -> NDArray[np.float64]:
    """Return the share of places whose items both lists of a user have, 0 to 1; shape (n_users,).

    Parameters
    ----------
    first, second : int32 array, shape (n_users, n)
        Item codes, best first, each once; -1 is no item.
    """
    shared = (first[:, :, None] == second[:, None, :]) & (first >= 0)[:, :, None]
    return shared.sum(axis=(1, 2)) / first.shape[1]


def rank_biased_overlap(first: Lists, second: Lists, persistence: float = 0.9) -> NDArray[np.float64]:
    """Return the rank-biased overlap of both lists of a user, extrapolated from their length; 0 to 1, shape (n_users,).

    Parameters
    ----------
    first, second : int32 array, shape (n_users, n)
        Item codes, best first, each once; -1 is no item.
    persistence : float
        Between 0 and 1, the more the deeper places count: of 0.9 the first ten have 86 % of the weight.

    References
    ----------
    W. Webber, A. Moffat, J. Zobel, "A Similarity Measure for Indefinite Rankings", ACM TOIS 28(4), 2010, eq. 32:
    RBO_EXT = X_n / n * p^n + (1 - p) / p * sum_d X_d / d * p^d, with X_d the items that the first d places share.
    """
    n, p = first.shape[1], persistence
    shared = (first[:, :, None] == second[:, None, :]) & (first >= 0)[:, :, None]
    # An item at places i and j is shared from depth max(i, j) on.
    depth = np.maximum(np.arange(n)[:, None], np.arange(n)[None, :])
    new = np.stack([shared[:, depth == d].sum(axis=1) for d in range(n)], axis=1)
    depths = np.arange(1, n + 1)
    agreement = np.cumsum(new, axis=1) / depths
    return agreement[:, -1] * p**n + (1 - p) / p * (agreement * p**depths).sum(axis=1)
