"""Made-up listening data of any size: few artists have most listeners, as in life."""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd

import recsys.kernels  # noqa: F401 - decides how compiled functions are kept
from recsys.data.interactions import Interactions

TASTES = 8


@numba.njit(cache=True)
def _draw(counts, chances, random, items):
    """Let each user draw that many different items; `chances` are cumulative."""
    last_user = np.full(chances.shape[0], -1, np.int64)
    at = 0
    for user in range(counts.shape[0]):
        first = at
        while at < first + counts[user]:
            item = min(np.searchsorted(chances, random.random()), chances.shape[0] - 1)
            if last_user[item] != user:
                last_user[item] = user
                items[at] = item
                at += 1
        items[first:at].sort()


def make(n_pairs: int, n_users: int, n_items: int, seed: int = 0) -> Interactions:
    """Make interactions in which log plays follow biases and a few tastes, with noise.

    Parameters
    ----------
    n_pairs, n_users, n_items : int
    seed : int
        Same seed, same data.
    """
    random = np.random.default_rng(seed)
    # Zipf's law, with the first few places levelled; listeners differ less than artists.
    popularity = 1 / (random.permutation(n_items) + 10.0) ** 0.9
    activity = np.minimum(random.lognormal(0, 0.8, n_users), 12)
    counts = np.floor(n_pairs * activity / activity.sum()).astype(np.int64)
    counts[np.argsort(-activity)[: n_pairs - counts.sum()]] += 1
    item_codes = np.empty(n_pairs, np.int32)
    _draw(counts, np.cumsum(popularity / popularity.sum()), random, item_codes)
    user_codes = np.repeat(np.arange(n_users, dtype=np.int32), counts)
    user_bias, item_bias = (random.normal(0, 0.5, n).astype(np.float32) for n in (n_users, n_items))
    p, q = (random.normal(0, 0.5, (n, TASTES)).astype(np.float32) for n in (n_users, n_items))
    logs = np.empty(n_pairs, np.float32)
    for first in range(0, n_pairs, 1_000_000):
        here = slice(first, first + 1_000_000)
        u, i = user_codes[here], item_codes[here]
        match = np.einsum("ij,ij->i", p[u], q[i])
        logs[here] = 5 + user_bias[u] + item_bias[i] + match + random.normal(0, 0.5, len(u))
    values = np.expm1(np.maximum(logs, 0.7), dtype=np.float32)
    labels = pd.RangeIndex(n_items, name="item")
    return Interactions(
        user_codes=user_codes,
        item_codes=item_codes,
        values=values,
        users=pd.RangeIndex(n_users, name="user"),
        items=labels,
        names=labels.astype(str).to_numpy(object),
        value_range=(float(values.min()), float(values.max())),
    )
