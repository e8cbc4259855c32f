"""Item similarity: by common users, or by the factors of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.models.base import Model

# The direction of an item with fewer users is noise, and similar to others by accident.
LEAST_LISTENERS = 5


def shared_users(interactions: Interactions, item: int) -> NDArray[np.int64]:
    """Count the users that an item has in common with each other one; int64 array, shape (n_items,)."""
    theirs = np.zeros(interactions.n_users, bool)
    theirs[interactions.user_codes[interactions.item_codes == item]] = True
    of_theirs = interactions.item_codes[theirs[interactions.user_codes]]
    return np.bincount(of_theirs, minlength=interactions.n_items)


def by_audience(interactions: Interactions, item: int) -> NDArray[np.float64]:
    """Return the Jaccard index of audiences: users of both over users of either, 0 to 1; 0 for the item itself.

    References
    ----------
    P. Jaccard, "The Distribution of the Flora in the Alpine Zone", New Phytologist 11(2), 1912.
    """
    shared = shared_users(interactions, item)
    either = interactions.item_counts + interactions.item_counts[item] - shared
    similarity = shared / np.maximum(either, 1)
    similarity[item] = 0
    return similarity


def has_factors(model: Model) -> bool:
    """Return whether a trained model has item factors."""
    return hasattr(model, "item_factors")


def item_factors(model: Model) -> NDArray[np.float32]:
    """Return the item factors of a model; float32 array, shape (n_items, factors).

    Raises
    ------
    InputError
        If it has no latent features.
    """
    if not has_factors(model):
        raise InputError(
            f"{model.label} has no latent features. Train a model that has, such as Implicit MF (SGD)."
        )
    return model.item_factors  # type: ignore[attr-defined]


def by_factors(model: Model, item: int) -> NDArray[np.float64]:
    """Return cos(q_i, q_j) = q_i.q_j / (|q_i| |q_j|) for each item j, -1 to 1; 0 for the item itself.

    Raises
    ------
    InputError
        If the model has no latent features.
    """
    factors = item_factors(model)
    norms = np.linalg.norm(factors, axis=1).astype(np.float64)
    products = norms * norms[item]
    dots = (factors @ factors[item]).astype(np.float64)
    similarity = np.divide(dots, products, out=np.zeros_like(dots), where=products > 0)
    similarity[item] = 0
    return similarity


def similar_items(
    interactions: Interactions,
    item: int,
    n: int = 20,
    model: Model | None = None,
    least_listeners: int = LEAST_LISTENERS,
) -> pd.DataFrame:
    """Return the most similar items.

    Parameters
    ----------
    interactions : Interactions
    item : int
        Item code.
    n : int
        Maximum number.
    model : Model, optional
        Compare by its item factors; by common users if left out.
    least_listeners : int
        Items with fewer users are left out.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `listeners`, `shared` (listeners of both), `lift` (how many times as many as
        if one said nothing of the other: P(both) / (P(one) P(other))) and `similarity` (above 0: the cosine of
        latent features, or the Jaccard index of audiences), the most similar first.

    Raises
    ------
    InputError
        If the model has no latent features.
    """
    similarity = by_audience(interactions, item) if model is None else by_factors(model, item)
    similarity[interactions.item_counts < least_listeners] = 0
    best = np.argsort(-similarity, kind="stable")[:n]
    best = best[similarity[best] > 0]
    counts, shared = interactions.item_counts, shared_users(interactions, item)[best]
    return pd.DataFrame(
        {
            "item": interactions.items[best],
            "artist": interactions.names[best],
            "listeners": counts[best],
            "shared": shared,
            "lift": shared * interactions.n_users / np.maximum(counts[best] * counts[item], 1),
            "similarity": similarity[best],
        }
    )
