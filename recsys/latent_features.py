"""What the latent features of a model stand for: the artists at either end, and their tags."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.datasets.base import Dataset
from recsys.models.base import Model
from recsys.similarity import LEAST_LISTENERS, item_factors

# Tags are read off this many artists at an end.
TAGGED = 50


def shares(model: Model) -> NDArray[np.float64]:
    """Return each feature's part of what tells scores apart: 0 to 1, together 1; shape (factors,).

    Of the scores p_u.q_i a feature adds p_uf q_if; its part is the sum of the squares of that over
    all pairs, (sum_u p_uf^2) (sum_i q_if^2), over the same for all features.

    Raises
    ------
    InputError
        If the model has no latent features.
    """
    items = np.square(item_factors(model), dtype=np.float64).sum(axis=0)
    users = np.square(model.user_factors, dtype=np.float64).sum(axis=0)  # type: ignore[attr-defined]
    return items * users / max(float((items * users).sum()), np.finfo(float).tiny)


def describe_features(
    model: Model, dataset: Dataset, n: int = 8, least_listeners: int = LEAST_LISTENERS
) -> pd.DataFrame:
    """Describe every latent feature by the artists that have most and least of it.

    Features are taken as they were learned, without rotation. Which end is up says nothing: turning a
    feature around for listeners and artists alike leaves every score as it is.

    Parameters
    ----------
    model : Model
        One with latent features, trained on `dataset` or a part of it.
    dataset : Dataset
        Where names, listeners and tags are from.
    n : int
        How many artists, and how many tags, at either end.
    least_listeners : int
        Artists with fewer listeners are left out.

    Returns
    -------
    DataFrame
        A row for each feature, the one that tells most first: `feature` (its number, from 0), `share`
        (see `shares`), `top` and `bottom` (lists of artists' names, the most extreme first) and
        `top_tags` and `bottom_tags` (lists of tags that are given more often at that end than to
        all artists; empty where tags are not known).

    Raises
    ------
    InputError
        If the model has no latent features.
    """
    interactions = dataset.interactions
    factors = item_factors(model)
    # Direction, not length: else the same famous artists would stand at the end of every feature.
    lengths = np.linalg.norm(factors, axis=1, keepdims=True)
    shown = np.flatnonzero((interactions.item_counts >= least_listeners) & (lengths[:, 0] > 0))
    directions = factors[shown] / lengths[shown]
    tags = _tag_shares(dataset)
    usual = tags.loc[tags.index.isin(shown)].groupby("tag")["share"].sum() / max(len(shown), 1)
    part = shares(model)
    rows = []
    for feature in np.argsort(-part, kind="stable").tolist():
        order = shown[np.argsort(-directions[:, feature], kind="stable")]
        ends = {"top": order, "bottom": order[::-1]}
        rows.append(
            {"feature": feature, "share": float(part[feature])}
            | {name: interactions.names[codes[:n]].tolist() for name, codes in ends.items()}
            | {f"{name}_tags": _telling(tags, usual, codes[:TAGGED], n) for name, codes in ends.items()}
        )
    return pd.DataFrame(rows)


def _tag_shares(dataset: Dataset) -> pd.DataFrame:
    """Return how much of an item's tags each one is, 0 to 1: columns `tag` and `share`, index item code."""
    if dataset.tags is None or dataset.tags.empty:
        return pd.DataFrame({"tag": [], "share": []}, index=pd.Index([], dtype=np.int64))
    codes = dataset.interactions.items.get_indexer(dataset.tags["item"])
    whole = np.bincount(codes[codes >= 0], dataset.tags["count"][codes >= 0])
    known = dataset.tags[codes >= 0]
    codes = codes[codes >= 0]
    return pd.DataFrame(
        {"tag": known["tag"].to_numpy(), "share": known["count"].to_numpy() / whole[codes]}, codes
    )


def _telling(tags: pd.DataFrame, usual: pd.Series, items: NDArray[np.int64], n: int) -> list[str]:
    """Return the tags that these items have most more than usual, the most telling first.

    By the Kullback-Leibler summand p log(p / q): more often than usual, and often.
    """
    here = tags.loc[tags.index.isin(items)].groupby("tag")["share"].sum() / max(len(items), 1)
    telling = here * np.log(here / usual.reindex(here.index))
    best = telling[telling > 0].sort_values(ascending=False, kind="stable").head(n)
    return [str(tag) for tag in best.index]
