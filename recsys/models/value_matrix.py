"""Interactions as a sparse matrix of transformed values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.errors import InputError


def mean_logs(interactions: Interactions) -> NDArray[np.float32]:
    """Return each user's mean of log(1 + value), that of all pairs for a user without any; shape (n_users,)."""
    logs = np.log1p(interactions.values)
    sums = np.bincount(interactions.user_codes, logs, interactions.n_users)
    counts = interactions.user_counts
    return np.where(counts > 0, sums / np.maximum(counts, 1), logs.mean()).astype(np.float32)


def centred_logs(interactions: Interactions) -> tuple[NDArray[np.float32], float]:
    """Return each user's mean of log(value), and the standard deviation of log(value) from it over all pairs.

    The mean of a user without pairs is that of all pairs; shape (n_users,).
    """
    logs = np.log(interactions.values.astype(np.float64))
    counts = interactions.user_counts
    sums = np.bincount(interactions.user_codes, logs, interactions.n_users)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), logs.mean())
    return means.astype(np.float32), float((logs - means[interactions.user_codes]).std())


def noise_norm(pairs_per_user: float, pairs_per_item: float) -> float:
    """Return about the largest singular value of a matrix of as many ones at random, whatever its size.

    References
    ----------
    A. Bandeira, R. van Handel, "Sharp nonasymptotic bounds on the norm of random matrices with
    independent entries", Annals of Probability 44(4), 2016.
    """
    return float(np.sqrt(pairs_per_user) + np.sqrt(pairs_per_item))


class Feedback(NamedTuple):
    """Checked feedback of one user, who need not be in the training data.

    Attributes
    ----------
    items : int32 array, shape (n_known,)
        Item codes, each once.
    values : float64 array, shape (n_known,)
        0 or more, one of them at least above 0; 0 is negative feedback.
    ages : float64 array, shape (n_known,), or None
        Months since the last play of each, from any date on; NaN where it is not known. None without any times.
    """

    items: NDArray[np.int32]
    values: NDArray[np.float64]
    ages: NDArray[np.float64] | None = None

    def row(self, plays: str = "log", half_life: float = 0.0) -> NDArray[np.float32]:
        """Return the row of `play_matrix` that training would give these pairs; without times all count in full."""
        row = play_row(self.values, plays)
        if not half_life or self.ages is None:
            return row
        return row * _recency(self.ages, np.zeros(len(row), np.int32), 1, half_life)


def play_row(values: NDArray[np.float64], plays: str = "log") -> NDArray[np.float32]:
    """Return the transformed values of one user, as in `play_matrix`; 0 stays 0."""
    if plays == "log":
        return (np.log1p(values) / np.log1p(values[values > 0]).mean()).astype(np.float32)
    if plays == "binary":
        return (values > 0).astype(np.float32)
    return values.astype(np.float32)


def recency_weights(interactions: Interactions, half_life: float) -> NDArray[np.float32]:
    """Return how much each pair counts by its age: 2^(-months / half_life), months before the user's newest pair.

    Parameters
    ----------
    interactions : Interactions
    half_life : float
        In months; 0 counts all pairs in full.

    Returns
    -------
    float32 array, shape (n_interactions,)
        1 for each user's newest pair; a pair without a time counts as much as the oldest that has one.

    Raises
    ------
    InputError
        If there is a half-life, and the data has no times.

    References
    ----------
    Y. Ding, X. Li, "Time Weight Collaborative Filtering", CIKM 2005: f(t) = e^(-lambda t), with lambda the rate that
    halves the weight in a half-life.
    """
    if not half_life or not len(interactions):
        return np.ones(len(interactions), np.float32)
    if interactions.ages is None:
        raise InputError(
            "This data has no times, so that nothing is known to be recent. Set the half-life of taste to 0."
        )
    return _recency(interactions.ages, interactions.user_codes, interactions.n_users, half_life)


def _recency(
    ages: NDArray[np.floating], users: NDArray[np.int32], n_users: int, half_life: float
) -> NDArray[np.float32]:
    """Return `recency_weights` of pairs with these ages; 1 for users of whom no time is known."""
    dated = ~np.isnan(ages)
    newest, oldest = np.full(n_users, np.inf), np.zeros(n_users)
    np.minimum.at(newest, users[dated], ages[dated])
    np.maximum.at(oldest, users[dated], ages[dated])
    newest = np.where(np.isinf(newest), 0.0, newest)
    months = np.where(dated, ages, oldest[users]) - newest[users]
    return np.exp2(-months / half_life).astype(np.float32)


def play_matrix(interactions: Interactions, plays: str = "log", half_life: float = 0.0) -> sparse.csr_array:
    """Return the transformed values as a float32 matrix of shape (n_users, n_items).

    Parameters
    ----------
    interactions : Interactions
    plays : str
        Value transform: `log` for log(1 + value) over the user's mean of it, about 1; `binary`
        for 1; `raw` for the value.
    half_life : float
        As in `recency_weights`, by which the values are multiplied; 0 is off.
    """
    values: NDArray[np.floating] = interactions.values
    if plays == "log":
        values = np.log1p(values) / mean_logs(interactions)[interactions.user_codes]
    elif plays == "binary":
        values = np.ones_like(values)
    if half_life:
        values = values * recency_weights(interactions, half_life)
    shape = (interactions.n_users, interactions.n_items)
    return sparse.csr_array((values, interactions.item_codes, interactions.user_starts), shape=shape)
