"""Which artists are like another one: by who listens to both, or by what a model has learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError

if TYPE_CHECKING:
    from recsys.models.base import Model

# An artist with fewer listeners points wherever these few do: alike to much by accident.
LEAST_LISTENERS = 5


def shared_users(interactions: Interactions, item: int) -> NDArray[np.int64]:
    """Return how many users of an item have each other one; int64 array, shape (n_items,)."""
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
    """Tell whether a trained model has latent features of items."""
    return hasattr(model, "item_factors")


def item_factors(model: Model) -> NDArray[np.float32]:
    """Return what a model has learned about items; float32 array, shape (n_items, factors).

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
    """Return the items most like another one.

    Parameters
    ----------
    interactions : Interactions
    item : int
        Item code.
    n : int
        How many at most.
    model : Model, optional
        Compare by its latent features; by shared audience if left out.
    least_listeners : int
        Items with fewer listeners are left out.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `listeners`, `shared` (listeners of both) and `similarity` (above 0:
        the cosine of latent features, or the Jaccard index of audiences), the most similar first.

    Raises
    ------
    InputError
        If the model has no latent features.
    """
    similarity = by_audience(interactions, item) if model is None else by_factors(model, item)
    similarity[interactions.item_counts < least_listeners] = 0
    best = np.argsort(-similarity, kind="stable")[:n]
    best = best[similarity[best] > 0]
    return pd.DataFrame(
        {
            "item": interactions.items[best],
            "artist": interactions.names[best],
            "listeners": interactions.item_counts[best],
            "shared": shared_users(interactions, item)[best],
            "similarity": similarity[best],
        }
    )
