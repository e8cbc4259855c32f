"""Interpretation of latent factors: the items and tags at either end."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis.similarity import LEAST_LISTENERS, item_factors
from recsys.analysis.tags import tag_shares
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.models.base import Model

# Number of items at each end whose tags are used.
TAGGED = 50


def shares(user_factors: NDArray[np.floating], item_factors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the share of each factor in the sum of squared scores: 0 to 1, sum 1; shape (factors,).

    Factor f contributes p_uf q_if to p_u.q_i; its share is the sum of the squares of that over
    all pairs, (sum_u p_uf^2) (sum_i q_if^2), over the same for all features.
    """
    users, items = (
        np.square(factors, dtype=np.float64).sum(axis=0) for factors in (user_factors, item_factors)
    )
    return items * users / max(float((items * users).sum()), np.finfo(float).tiny)


def learned_features(model: Model) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the user and the item factors of a model.

    Raises
    ------
    InputError
        If it has no latent features.
    """
    items = item_factors(model)
    return model.user_factors, items  # type: ignore[attr-defined]


def main_directions(model: Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rotate the factors to the principal directions of the scores, in descending order of their share.

    With P Q^T = U S V^T, the singular value decomposition of the scores, these are U S^(1/2) and V S^(1/2):
    the scores stay as they are. The largest entry of each item direction is positive.

    Returns
    -------
    float64 arrays, shape (n_users, factors) and (n_items, factors)

    Raises
    ------
    InputError
        If the model has no latent features.

    References
    ----------
    G. Golub, C. Van Loan, "Matrix Computations", 4th edition, section 2.4. The scores are never built: P and Q
    are brought to triangular form first.
    """
    (user_base, user_rest), (item_base, item_rest) = (
        np.linalg.qr(factors.astype(np.float64)) for factors in learned_features(model)
    )
    left, sizes, right = np.linalg.svd(user_rest @ item_rest.T)
    roots = np.sqrt(sizes)
    length = len(roots)
    users, items = user_base @ left[:, :length] * roots, item_base @ right[:length].T * roots
    signs = np.sign(items[np.abs(items).argmax(axis=0), np.arange(length)])
    return users * signs, items * signs


def main_plane(model: Model, interactions: Interactions) -> pd.DataFrame:
    """Return the items along the two main directions: columns of `ArtistMap.table`, -1 to 1.

    Raises
    ------
    InputError
        If the model has no latent features.
    """
    items = main_directions(model)[1][:, :2]
    points = np.zeros((len(items), 2))
    points[:, : items.shape[1]] = items
    points -= (points.max(axis=0) + points.min(axis=0)) / 2
    points /= max(float(np.abs(points).max()), 1e-12)
    return pd.DataFrame(
        {
            "item": interactions.items,
            "artist": interactions.names,
            "listeners": interactions.item_counts,
            "x": points[:, 0].astype(np.float32),
            "y": points[:, 1].astype(np.float32),
            "placed": False,
        }
    )


def describe_features(
    features: tuple[NDArray[np.floating], NDArray[np.floating]],
    dataset: Dataset,
    n: int = 8,
    least_listeners: int = LEAST_LISTENERS,
) -> pd.DataFrame:
    """Describe each latent factor by the items at its ends.

    The sign is arbitrary: flipping a factor of users and items alike leaves all scores unchanged.

    Parameters
    ----------
    features : pair of arrays, shape (n_users, factors) and (n_items, factors)
        From `learned_features` or `main_directions`.
    dataset : Dataset
        Source of users and tags.
    n : int
        Number of items, and of tags, at each end.
    least_listeners : int
        Items with fewer users are left out.

    Returns
    -------
    DataFrame
        A row for each factor, by descending share: `feature` (its number, from 0), `share`
        (see `shares`), `top` and `bottom` (lists of item codes, the most extreme first) and
        `top_tags` and `bottom_tags` (lists of tags that are more frequent at that end than overall;
        empty for data without tags).
    """
    factors = features[1]
    interactions = dataset.interactions
    # Direction, not length: otherwise the same popular items would be at the ends of all factors.
    lengths = np.linalg.norm(factors, axis=1, keepdims=True)
    shown = np.flatnonzero((interactions.item_counts >= least_listeners) & (lengths[:, 0] > 0))
    directions = factors[shown] / lengths[shown]
    tags = tag_shares(dataset)
    usual = tags.loc[tags.index.isin(shown)].groupby("tag")["share"].sum() / max(len(shown), 1)
    part = shares(*features)
    rows = []
    for feature in np.argsort(-part, kind="stable").tolist():
        order = shown[np.argsort(-directions[:, feature], kind="stable")]
        ends = {"top": order, "bottom": order[::-1]}
        rows.append(
            {"feature": feature, "share": float(part[feature])}
            | {name: codes[:n].tolist() for name, codes in ends.items()}
            | {f"{name}_tags": _telling(tags, usual, codes[:TAGGED], n) for name, codes in ends.items()}
        )
    return pd.DataFrame(rows)


def _telling(tags: pd.DataFrame, usual: pd.Series, items: NDArray[np.int64], n: int) -> list[str]:
    """Return the tags that are most characteristic of these items, in descending order.

    Ranked by the Kullback-Leibler summand p log(p / q).
    """
    here = tags.loc[tags.index.isin(items)].groupby("tag")["share"].sum() / max(len(items), 1)
    telling = here * np.log(here / usual.reindex(here.index))
    best = telling[telling > 0].sort_values(ascending=False, kind="stable").head(n)
    return [str(tag) for tag in best.index]
