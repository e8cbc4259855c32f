"""Calibration of lists: how far their tags are from those of the user's own items."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

    from recsys.data.interactions import Interactions
    from recsys.evaluation.ranked_lists import RankedLists

ALPHA = 0.01
LISTS_AT_ONCE = 500


def has_tags(interactions: Interactions) -> bool:
    """Return whether any item has a tag."""
    tags = interactions.tags
    return tags is not None and bool((interactions.items.isin(tags["item"])).any())


def calibration(lists: RankedLists) -> NDArray[np.float64]:
    """Return the divergence of the tags of each list from those of the user's training items, in bits.

    0 if both have the same mix, up to log2(1 / ALPHA) = 6.64 if they share no tag. p is the mean of the tag shares of
    the user's items, q that of the list; items without tags are left out of both. A user whose items have no tags is
    compared with all users' pairs together, and a list without tags shares none.

    Returns
    -------
    float64 array, shape (n_users,)
        NaN where no item has tags.

    References
    ----------
    H. Steck, "Calibrated Recommendations", RecSys 2018: KL(p || q~) = sum_g p(g) log(p(g) / q~(g)) with
    q~ = (1 - alpha) q + alpha p and alpha = 0.01; here with equal weights of items and places.
    """
    train = lists.train
    if not has_tags(train):
        return np.full(len(lists.users), np.nan)
    from scipy import sparse  # not at the top: `describe` starts faster without

    shares = tag_matrix(train)
    tagged = np.diff(shares.indptr) > 0
    everybody = np.bincount(train.item_codes, minlength=train.n_items) * tagged
    overall = sparse.csr_array(everybody[None] / max(everybody.sum(), 1)) @ shares
    parts = [train] if lists.given is None else [train, lists.given]
    found = np.empty(len(lists.users))
    for first in range(0, len(found), LISTS_AT_ONCE):
        here = slice(first, first + LISTS_AT_ONCE)
        own = [
            (row, part.item_codes[part.of_user(user)])
            for row, user in enumerate(lists.users[here].tolist())
            for part in parts
        ]
        rows = np.repeat([row for row, _ in own], [len(codes) for _, codes in own])
        columns = np.concatenate([codes for _, codes in own])
        n = len(lists.users[here])
        known = _mix(rows, columns, n, tagged, shares)
        lacking = np.flatnonzero(np.diff(known.indptr) == 0)
        if len(lacking):
            ones = (np.ones(len(lacking)), (lacking, np.zeros(len(lacking), np.int64)))
            known = known + sparse.csr_array(ones, shape=(n, 1)) @ overall
        rows, places = np.nonzero(lists.items[here] >= 0)
        listed = _mix(rows, lists.items[here][rows, places], n, tagged, shares)
        found[here] = _divergence(known.tocsr(), listed)
    return found


def tag_matrix(interactions: Interactions) -> sparse.csr_array:
    """Return the share of each tag of an item; float64, shape (n_items, n_tags), rows that sum to 1 or are empty."""
    from scipy import sparse

    tags = interactions.tags
    assert tags is not None  # noqa: S101 - callers ask `has_tags`
    codes = interactions.items.get_indexer(tags["item"])
    keep = (codes >= 0) & (tags["count"].to_numpy() > 0)
    names, labels = pd.factorize(tags["tag"][keep], sort=True)
    counts = tags["count"].to_numpy(np.float64)[keep]
    sums = np.bincount(codes[keep], counts, interactions.n_items)
    shape = (interactions.n_items, len(labels))
    return sparse.csr_array((counts / sums[codes[keep]], (codes[keep], names)), shape=shape)


def _mix(
    rows: NDArray[np.integer],
    items: NDArray[np.integer],
    n: int,
    tagged: NDArray[np.bool_],
    shares: sparse.csr_array,
) -> sparse.csr_array:
    """Return the mean tag shares of the tagged items of each row, shape (n, n_tags)."""
    from scipy import sparse

    rows, items = rows[tagged[items]], items[tagged[items]]
    weights = 1 / np.bincount(rows, minlength=n)[rows] if len(rows) else np.zeros(0)
    return sparse.csr_array((weights, (rows, items)), shape=(n, len(tagged))) @ shares


def _divergence(known: sparse.csr_array, listed: sparse.csr_array) -> NDArray[np.float64]:
    """Return KL(known || (1 - alpha) listed + alpha known) of each row, in bits; rows of `known` sum to 1."""
    # A tag that the list lacks adds p log(1 / alpha), so that only the tags of both are looked at.
    p, q = known.multiply(listed > 0).tocsr(), listed.multiply(known > 0).tocsr()
    p.sort_indices()
    q.sort_indices()
    both = np.log2(ALPHA * p.data / ((1 - ALPHA) * q.data + ALPHA * p.data))
    rows = np.repeat(np.arange(known.shape[0]), np.diff(p.indptr))
    saved = np.bincount(rows, p.data * both, known.shape[0])
    return np.maximum(np.log2(1 / ALPHA) + saved, 0.0)
