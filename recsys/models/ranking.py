"""Items ranked by their scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from recsys.kernels.top_n import top_n


def best(
    scores: NDArray[np.float32], left_out: Sequence[NDArray[np.int32]], n: int, seed: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the `n` items with the highest scores in each row.

    Parameters
    ----------
    scores : float32 array, shape (rows, n_items)
        Overwritten.
    left_out : sequence of int32 array
        Codes of the items to exclude, for each row.
    n : int
    seed : int
        Breaks ties.

    Returns
    -------
    items, scores : int32 and float32 array, shape (rows, n)
        Best first; -1 where there are not enough items.
    """
    order = _tie_order(scores.shape[1], seed)
    starts = np.cumsum([0] + [len(codes) for codes in left_out])
    items = np.empty((len(scores), n), np.int32)
    highest = np.empty((len(scores), n), np.float32)
    top_n(scores, starts, np.concatenate(left_out), order, items, highest)
    return items, highest


@lru_cache(maxsize=4)
def _tie_order(n_items: int, seed: int) -> NDArray[np.int32]:
    """Return the order in which items with equal scores are taken; drawing it can take longer than ranking."""
    return np.random.default_rng(seed).permutation(n_items).astype(np.int32)
