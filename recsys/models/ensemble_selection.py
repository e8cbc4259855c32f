"""Weights of a blend: forward selection with replacement, by NDCG@10 on held-out items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.data.splitting import Split
from recsys.models.base import Model
from recsys.models.ranking import best

LIST_LENGTH = 10
DISCOUNTS = 1 / np.log2(np.arange(2, LIST_LENGTH + 2))
# Of each model so many of the best items are looked at; the first ten of a blend hardly ever lie below.
POOLED = 50
USERS_AT_ONCE = 200
ROUNDS = 12
NOTHING = np.float32(-1e9)  # below every standardized score


@dataclass(frozen=True)
class Pool:
    """The best items of each of several models, for some users.

    Attributes
    ----------
    scores : float32 array, shape (n_models, n_users, n_pooled)
        Standardized; `NOTHING` where the same item stands at an earlier place.
    hits : bool array, shape (n_users, n_pooled)
        Which of the items are held out.
    ideal : float64 array, shape (n_users,)
        DCG of a perfect list.
    """

    scores: NDArray[np.float32]
    hits: NDArray[np.bool_]
    ideal: NDArray[np.float64]

    @classmethod
    def of(cls, models: Sequence[Model], split: Split, users: NDArray[np.int32]) -> Pool:
        """Pool the best items of models trained on `split.train`, for users with items in validation."""
        blocks = list(_pooled(models, split, users))
        hidden = np.minimum(split.validation.user_counts[users], LIST_LENGTH)
        return cls(
            np.concatenate([scores for scores, _ in blocks], axis=1),
            np.concatenate([hits for _, hits in blocks]),
            np.cumsum(DISCOUNTS)[hidden - 1],
        )

    def ndcg(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return NDCG@10 of the weighted sum of the scores for each user; shape (n_users,)."""
        total = np.tensordot(weights.astype(np.float32), self.scores, 1)
        first = np.argpartition(-total, LIST_LENGTH - 1, axis=1)[:, :LIST_LENGTH]
        order = np.argsort(-np.take_along_axis(total, first, axis=1), axis=1, kind="stable")
        found = np.take_along_axis(self.hits, np.take_along_axis(first, order, axis=1), axis=1)
        return found @ DISCOUNTS / self.ideal

    def select(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Add again and again the model that makes the mean NDCG highest; return the best weights on the way.

        Returns
        -------
        weights : float64 array, shape (n_models,)
            In sum 1.
        single : float64 array, shape (n_models,)
            1 for the best single model.

        References
        ----------
        R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, "Ensemble Selection from Libraries of Models", ICML 2004,
        sections 2 and 2.1.
        """
        units = np.eye(len(self.scores))
        counts, reached, highest = np.zeros(len(units)), [], -1.0
        for _ in range(ROUNDS):
            trials = counts + units
            figures = [float(self.ndcg(trial / trial.sum()).mean()) for trial in trials]
            counts = trials[int(np.argmax(figures))]
            if max(figures) > highest:
                highest = max(figures)
                reached.append(counts / counts.sum())
        return reached[-1], reached[0]


def _pooled(
    models: Sequence[Model], split: Split, users: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Yield the scores and the hits of `Pool` for a block of users at a time."""
    train, hidden = split.train, split.validation
    pairs = hidden.user_codes.astype(np.int64) * hidden.n_items + hidden.item_codes
    for first in range(0, len(users), USERS_AT_ONCE):
        block = users[first : first + USERS_AT_ONCE]
        seen = [train.item_codes[train.of_user(user)] for user in block.tolist()]
        of_models = [standardized(model.scores(block)) for model in models]
        found = [best(scores.copy(), seen, POOLED, split.seed)[0] for scores in of_models]
        items = np.sort(np.concatenate(found, axis=1), axis=1)
        again = (np.diff(items, axis=1, prepend=-1) == 0) | (items < 0)
        places = np.maximum(items, 0)
        given = np.stack([np.take_along_axis(scores, places, axis=1) for scores in of_models])
        hits = np.isin(block.astype(np.int64)[:, None] * hidden.n_items + items, pairs)
        yield np.where(again, NOTHING, given), hits & ~again


def deviation(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the standard deviation of each row; shape (n_rows, 1)."""
    return np.maximum(scores.std(axis=1, keepdims=True), np.float32(1e-12))


def standardized(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores with a standard deviation of 1 for each user; float32, same shape."""
    return scores / deviation(scores)
