"""Scenes: groups of items that the same users have, by tag or found in the data, and how users share them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import svds
from sklearn.cluster import KMeans

from recsys.analysis.similarity import LEAST_LISTENERS
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions

MOST_SCENES = 12  # as many rows as a heat map names legibly
FIRST_NAMES, FIRST_LISTED = 3, 4
# A user belongs to a scene with this share of their items, and not with one item alone.
BELONGS, LEAST_ITEMS = 0.2, 2
# Groups are found among the best-known items, from users spread evenly over the data.
GROUPED_ITEMS, SAMPLED_USERS = 2_000, 20_000
DIRECTIONS, STARTS = 16, 4


@dataclass(frozen=True, eq=False)
class Scenes:
    """Scenes of a data set; an item is in one of them at most.

    Attributes
    ----------
    names : tuple of str
        Of each scene, those with most pairs first: its tag, or its best-known items.
    of_item : int32 array, shape (n_items,)
        Place of each item's scene in `names`; -1 for none.
    tagged : bool
        Whether the scenes are tags; otherwise they were found.
    """

    names: tuple[str, ...]
    of_item: NDArray[np.int32]
    tagged: bool


def find_scenes(dataset: Dataset, shares: pd.DataFrame, n: int = MOST_SCENES) -> Scenes:
    """Return the scenes of a data set.

    With tags, the `n` most common ones by number of users times the share of the tag; an item is in the scene of
    which it has the greatest share. Otherwise the best-known items are grouped by k-means on the directions of
    their users: the leading singular vectors of the item-user matrix, in which each user weighs as much as any
    other, scaled to unit length. k-means gives each item a group; density-based clustering such as HDBSCAN leaves
    more than half of the items of listening data without one.

    Parameters
    ----------
    dataset : Dataset
    shares : DataFrame
        From `tags.tag_shares`; empty for data without tags.
    n : int
        Maximum number of scenes.

    References
    ----------
    I. S. Dhillon and D. S. Modha, "Concept Decompositions for Large Sparse Text Data Using Clustering", Machine
    Learning 42, 2001: k-means on unit vectors.
    """
    interactions = dataset.interactions
    if len(shares):
        weights = shares["share"] * interactions.item_counts[shares.index]
        common = weights.groupby(shares["tag"]).sum().nlargest(n).index
        named = shares[shares["tag"].isin(common)]
        named = named[~named.index.duplicated()]
        groups = np.full(interactions.n_items, -1, np.int32)
        groups[named.index] = common.get_indexer(named["tag"])
        names = [str(tag) for tag in common]
    else:
        groups = _grouped(interactions, n)
        names = []
        for group in range(groups.max() + 1):
            members = np.flatnonzero(groups == group)
            best = members[np.argsort(-interactions.item_counts[members], kind="stable")[:FIRST_NAMES]]
            names.append(", ".join(" ".join(str(name).split())[:40] for name in interactions.names[best]))
    sizes = np.bincount(groups[groups >= 0], interactions.item_counts[groups >= 0], len(names))
    order = np.argsort(-sizes, kind="stable")
    places = np.append(np.argsort(order), -1).astype(np.int32)  # -1 stays -1
    return Scenes(tuple(names[group] for group in order), places[groups], bool(len(shares)))


def _grouped(interactions: Interactions, n: int) -> NDArray[np.int32]:
    """Return the group of each item, -1 for items of few users."""
    groups = np.full(interactions.n_items, -1, np.int32)
    counts = interactions.item_counts
    best = np.argsort(-counts, kind="stable")[:GROUPED_ITEMS]
    best = best[counts[best] >= LEAST_LISTENERS]
    directions = min(DIRECTIONS, len(best) - 1, interactions.n_users - 1)
    if directions < 1 or len(best) < 2 * n:
        return groups
    places = np.full(interactions.n_items, -1)
    places[best] = np.arange(len(best))
    step = -(-interactions.n_users // SAMPLED_USERS)
    used = (places[interactions.item_codes] >= 0) & (interactions.user_codes % step == 0)
    users, items = interactions.user_codes[used], places[interactions.item_codes[used]]
    weights = 1 / np.sqrt(np.bincount(users, minlength=interactions.n_users)[users])
    matrix = csr_array((weights, (items, users)), (len(best), interactions.n_users))
    start = np.ones(min(matrix.shape))
    vectors, values, _ = svds(matrix, directions, v0=start)
    places_of_items = vectors * values
    places_of_items /= np.maximum(np.linalg.norm(places_of_items, axis=1, keepdims=True), 1e-12)
    known = np.linalg.norm(places_of_items, axis=1) > 0.5
    if known.sum() < 2 * n:
        return groups
    found = KMeans(n, n_init=STARTS, random_state=0).fit_predict(places_of_items[known])
    groups[best[known]] = np.unique(found, return_inverse=True)[1]
    return groups


def scene_shares(interactions: Interactions, scenes: Scenes) -> NDArray[np.float32]:
    """Return the share of each user's items in each scene, 0 to 1; float32 array, shape (n_users, n_scenes)."""
    n = len(scenes.names)
    group = scenes.of_item[interactions.item_codes]
    inside = group >= 0
    cells = interactions.user_codes[inside].astype(np.int64) * n + group[inside]
    counts = np.bincount(cells, minlength=interactions.n_users * n).reshape(interactions.n_users, n)
    return (counts / np.maximum(interactions.user_counts, 1)[:, None]).astype(np.float32)


def members(interactions: Interactions, shares: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return who belongs to which scene, from `scene_shares`: with a fifth of their items and two or more."""
    return (shares >= BELONGS) & (shares * interactions.user_counts[:, None] > LEAST_ITEMS - 0.5)


def scene_table(interactions: Interactions, scenes: Scenes, belongs: NDArray[np.bool_]) -> pd.DataFrame:
    """Return one row for each scene, in their order.

    Returns
    -------
    DataFrame
        Columns `scene`, `artists` (int64, items in it), `members` (int64, users who belong to it, see `members`),
        `share_of_members` (of all users, 0 to 1), `plays` (float64, sum of values), `share_of_plays` (0 to 1) and
        `first` (names of its best-known items).
    """
    n = len(scenes.names)
    group = scenes.of_item[interactions.item_codes]
    plays = np.bincount(group[group >= 0], interactions.values[group >= 0], n)
    first = []
    for scene in range(n):
        items = np.flatnonzero(scenes.of_item == scene)
        best = items[np.argsort(-interactions.item_counts[items], kind="stable")[:FIRST_LISTED]]
        first.append(", ".join(map(str, interactions.names[best])))
    return pd.DataFrame(
        {
            "scene": scenes.names,
            "artists": np.bincount(scenes.of_item[scenes.of_item >= 0], minlength=n),
            "members": belongs.sum(0),
            "share_of_members": belongs.mean(0),
            "plays": plays,
            "share_of_plays": plays / interactions.values.sum(dtype=np.float64),
            "first": first,
        }
    )


def overlap(belongs: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how many users belong to both of each two scenes, and how many times as many as by chance.

    Parameters
    ----------
    belongs : bool array, shape (n_users, n_scenes)
        From `members`.

    Returns
    -------
    both : int64 array, shape (n_scenes, n_scenes)
        On the diagonal, the users of one scene.
    lift : float64 array, shape (n_scenes, n_scenes)
        P(both) / (P(one) P(other)), 0 or more; NaN where a scene has no users, and on the diagonal.
    """
    counted = belongs.astype(np.float64)
    both = (counted.T @ counted).round().astype(np.int64)
    sizes = np.diagonal(both).astype(np.float64)
    expected = np.outer(sizes, sizes)
    lift = np.divide(both * len(belongs), expected, out=np.full(both.shape, np.nan), where=expected > 0)
    np.fill_diagonal(lift, np.nan)
    return both, lift


def regions(scenes: Scenes, table: pd.DataFrame) -> pd.DataFrame:
    """Return where the name of each scene stands on a map of items.

    Parameters
    ----------
    scenes : Scenes
    table : DataFrame
        From `ArtistMap`: `x` and `y` of the items on the map, by item code.

    Returns
    -------
    DataFrame
        Columns `x` and `y` (medians of its items), by the name of the scene; scenes without items on the map are
        left out.
    """
    places = scenes.of_item[table.index]
    middles = table.loc[places >= 0, ["x", "y"]].groupby(places[places >= 0]).median()
    return middles.set_axis([scenes.names[place] for place in middles.index])
