"""Relations of two items: users of both, other items of their users, and the path of similar items between them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from recsys.analysis.scenes import SAMPLED_USERS
from recsys.analysis.similarity import LEAST_LISTENERS, by_audience, shared_users
from recsys.data.interactions import Interactions

LINKED_ITEMS = 3_000  # the best known: the table of their common users takes 36 MB
LINKS = 10  # of each item, to the most similar ones


@dataclass(frozen=True)
class Pair:
    """Two items and the users they share.

    Attributes
    ----------
    one, other : int
        Users of each.
    shared : int
        Users of both.
    by_chance : float
        As many as there would be if one said nothing of the other: `one` x `other` / all users.
    """

    one: int
    other: int
    shared: int
    by_chance: float

    @property
    def lift(self) -> float:
        """How many times as many users of both as by chance."""
        return self.shared / self.by_chance if self.by_chance else 0.0

    @property
    def overlap(self) -> float:
        """Users of both as a share of the users of either (Jaccard index), 0 to 1."""
        return self.shared / max(1, self.one + self.other - self.shared)


def compare(interactions: Interactions, one: int, other: int) -> Pair:
    """Return how two items share their users, by their codes."""
    counts = interactions.item_counts
    by_chance = float(counts[one]) * float(counts[other]) / interactions.n_users
    return Pair(int(counts[one]), int(counts[other]), int(shared_users(interactions, one)[other]), by_chance)


def audiences(interactions: Interactions, one: int, other: int) -> pd.DataFrame:
    """Return what else the users of two items have.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `listeners`, `with_one` and `with_other` (share of the users of each of the two who
        have it, 0 to 1) and `common` (the smaller of the two shares, how far it is common ground), in descending order
        of `common`; without items of fewer than five users. The index is the item code.
    """
    counts = interactions.item_counts
    shares = [shared_users(interactions, item) / max(1, int(counts[item])) for item in (one, other)]
    table = pd.DataFrame(
        {
            "item": interactions.items,
            "artist": interactions.names,
            "listeners": counts,
            "with_one": shares[0],
            "with_other": shares[1],
            "common": np.minimum(*shares),
        }
    )
    kept = (counts >= LEAST_LISTENERS) & (np.maximum(*shares) > 0)
    kept[[one, other]] = False
    return table[kept].sort_values("common", ascending=False, kind="stable")


@dataclass(frozen=True, eq=False)
class Network:
    """Best-known items, each linked to the most similar ones.

    Attributes
    ----------
    items : int array, shape (n,)
        Item codes.
    steps : csr_array, shape (n, n)
        Length of each link, 1 - Jaccard index, from 0 to 1; the same in both directions.
    """

    items: NDArray[np.intp]
    steps: csr_array


def network(interactions: Interactions) -> Network:
    """Link each of the best-known items to the ten most similar by their users, the Jaccard index.

    Of very many users, twenty thousand that are spread evenly over the data are counted.
    """
    counts = interactions.item_counts
    items = np.argsort(-counts, kind="stable")[:LINKED_ITEMS]
    items = items[counts[items] >= LEAST_LISTENERS]
    places = np.full(interactions.n_items, -1)
    places[items] = np.arange(len(items))
    step = -(-interactions.n_users // SAMPLED_USERS)
    used = (places[interactions.item_codes] >= 0) & (interactions.user_codes % step == 0)
    matrix = csr_array(
        (
            np.ones(used.sum(), np.float32),
            (interactions.user_codes[used], places[interactions.item_codes[used]]),
        ),
        (interactions.n_users, len(items)),
    )
    shared = (matrix.T @ matrix).toarray()
    sizes = np.diagonal(shared).copy()
    similar = shared / np.maximum(sizes[:, None] + sizes[None, :] - shared, 1)
    np.fill_diagonal(similar, 0)
    links = min(LINKS, max(len(items) - 1, 0))
    nearest = np.argpartition(-similar, links - 1, axis=1)[:, :links] if links else np.empty((0, 0), int)
    rows = np.repeat(np.arange(len(items)), links)
    columns = nearest.ravel()
    known = similar[rows, columns] > 0
    rows, columns = rows[known], columns[known]
    # never 0, which would be no link: two items with the very same users are not one
    lengths = np.maximum(1 - similar[rows, columns], 1e-6)
    steps = csr_array((lengths, (rows, columns)), similar.shape)
    return Network(items, steps.maximum(steps.T).tocsr())


def path(interactions: Interactions, known: Network, one: int, other: int) -> list[int]:
    """Return the shortest path from one item to another over similar ones, both included; empty if there is none.

    An item that is not in the network is linked to the ten in it that are most similar.

    Parameters
    ----------
    interactions : Interactions
    known : Network
        From `network`.
    one, other : int
        Item codes.

    References
    ----------
    E. W. Dijkstra, "A Note on Two Problems in Connexion with Graphs", Numerische Mathematik 1, 1959.
    """
    if one == other:
        return [one]
    items = known.items.tolist()
    rows, columns = known.steps.nonzero()
    lengths = [known.steps.data]
    ends = [(rows, columns)]
    for item in (one, other):
        if item in items:
            continue
        similarity = by_audience(interactions, item)[items[: len(known.items)]]
        near = np.argsort(-similarity, kind="stable")[:LINKS]
        near = near[similarity[near] > 0]
        place = np.full(len(near), len(items))
        ends += [(place, near), (near, place)]
        lengths += [np.maximum(1 - similarity[near], 1e-6)] * 2
        items.append(item)
    graph = csr_array(
        (
            np.concatenate(lengths),
            (np.concatenate([a for a, _ in ends]), np.concatenate([b for _, b in ends])),
        ),
        (len(items), len(items)),
    )
    start, end = items.index(one), items.index(other)
    far, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    if not np.isfinite(far[end]):
        return []
    found = [end]
    while found[-1] != start:
        found.append(int(before[found[-1]]))
    return [int(items[place]) for place in reversed(found)]


def path_table(interactions: Interactions, items: list[int]) -> pd.DataFrame:
    """Return one row for each item of a path.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `listeners`, `shared` (users it shares with the one before it) and `similarity` (their
        Jaccard index); neither is known of the first.
    """
    pairs = [compare(interactions, before, after) for before, after in itertools.pairwise(items)]
    return pd.DataFrame(
        {
            "item": interactions.items[items],
            "artist": interactions.names[items],
            "listeners": interactions.item_counts[items],
            "shared": pd.array([None, *(pair.shared for pair in pairs)], "Int64"),
            "similarity": [np.nan, *(pair.overlap for pair in pairs)],
        }
    )
