"""Base classes of the models with latent factors: p_u.q_i, with mean + b_u + b_i where ratings are predicted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.kernels import sgd, top_n
from recsys.models.base import Model

PAIRS_PER_STEP = 1_000_000

# Up to this many factors, bounds exclude most items faster than scoring them.
FEW_FACTORS = 16

# Fraction of the epochs, at the end, over which the learning rate decays to zero.
SLOWING_DOWN = 0.3


class FactorModel(Model):
    """A model whose scores are products of user and item factors.

    Attributes
    ----------
    user_factors, item_factors : float32 array, shape (n_users, factors) and (n_items, factors)
    """

    learned = {"user_factors": ("users", "factors"), "item_factors": ("items", "factors")}

    user_factors: NDArray[np.float32]
    item_factors: NDArray[np.float32]

    @property
    def n_items(self) -> int:
        """Number of items that it was trained on, those without pairs included."""
        return len(self.item_factors)

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return p_u.q_i for every item; float32 array, shape (len(users), n_items)."""
        return self.user_factors[users] @ self.item_factors.T


class MatrixFactorization(FactorModel):
    """A model trained on a target of each known pair, with biases that may stay zero.

    Attributes
    ----------
    user_bias, item_bias : float32 array, shape (n_users,) and (n_items,)
    global_mean : float
    """

    predicts_ratings = True
    learned = FactorModel.learned | {"user_bias": ("users",), "item_bias": ("items",), "global_mean": ()}

    user_bias: NDArray[np.float32]
    item_bias: NDArray[np.float32]
    global_mean: float

    @abstractmethod
    def targets(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return what the model should predict for each pair; float32 array, shape (n_interactions,)."""

    def references(self, train: Interactions, validation: Interactions) -> dict[str, float]:
        """Return the validation RMSE of the mean."""
        mean = self.targets(train).mean(dtype=np.float64)
        offsets = self.targets(validation).astype(np.float64) - mean
        return {
            "Predicting the mean": float(np.sqrt(np.square(offsets).mean())) if len(offsets) else float("nan")
        }

    def rmse(self, interactions: Interactions) -> float:
        """Return the root of the mean squared error over the pairs; NaN for no pairs."""
        if not len(interactions):
            return float("nan")
        return float(np.sqrt(self._total(sgd.squared_error, interactions) / len(interactions)))

    def _total(self, error: Callable[..., float], interactions: Interactions) -> float:
        """Return the sum of one of the errors of `sgd` over the pairs."""
        return error(
            interactions.user_codes,
            interactions.item_codes,
            self.targets(interactions),
            np.float32(self.global_mean),
            self.user_bias,
            self.item_bias,
            self.user_factors,
            self.item_factors,
        )

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return predicted targets for every item; float32 array, shape (len(users), n_items)."""
        scores = super().scores(users)
        scores += self.item_bias
        scores += (self.user_bias[users] + np.float32(self.global_mean))[:, None]
        return scores

    def recommend(
        self, seen: Interactions, users: NDArray[np.int32], n: int = 10, seed: int = 0
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the `n` best items of each user among those it has not seen, as any model does."""
        if type(self).scores is not MatrixFactorization.scores or self.item_factors.shape[1] > FEW_FACTORS:
            return super().recommend(seen, users, n, seed)
        users = np.asarray(users, np.int32)
        items = np.empty((len(users), n), np.int32)
        best = np.empty((len(users), n), np.float32)
        turns = np.empty(seen.n_items, np.int32)
        turns[np.random.default_rng(seed).permutation(seen.n_items)] = np.arange(seen.n_items, dtype=np.int32)
        # float64: a model on its way to diverging has squares beyond float32
        squares = np.einsum("if,if->i", self.item_factors, self.item_factors, dtype=np.float64)
        lengths = np.sqrt(squares + np.square(self.item_bias, dtype=np.float64)).astype(np.float32)
        codes = np.argsort(-lengths).astype(np.int32)
        top_n.top_n_by_length(
            self.user_factors[users],
            np.ascontiguousarray(self.item_factors[codes].T),
            self.item_bias[codes],
            lengths[codes],
            codes,
            turns[codes],
            seen.user_starts[users],
            seen.user_starts[users + 1],
            seen.item_codes,
            items,
            best,
        )
        best += (self.user_bias[users] + np.float32(self.global_mean))[:, None]
        return items, best

    def _keep_if_finite(self, user: int, **rows: NDArray[np.float32]) -> None:
        """Store the new rows of a user.

        Raises
        ------
        InputError
            If they are not finite.
        """
        if not all(np.isfinite(row).all() for row in rows.values()):
            raise InputError(
                "These numbers make the model run away. Train it again with a lower learning rate."
            )
        for name, row in rows.items():
            getattr(self, name)[user] = row[0]

    def _steps(self, n_pairs: int) -> Iterator[tuple[slice, float]]:
        """Cut all epochs into steps of bounded length: the pairs of each and the epochs done after it."""
        for epoch in range(int(self.settings["epochs"])):
            for first in range(0, n_pairs, PAIRS_PER_STEP):
                last = min(first + PAIRS_PER_STEP, n_pairs)
                yield slice(first, last), epoch + last / n_pairs

    def _check_finite(self, done: float) -> None:
        # One row that ran away reaches every listener of its artist, so a sample of rows tells soon enough;
        # the RMSE of the next epoch, which reads all pairs, is checked as well.
        if not np.isfinite(self.user_factors[:: max(1, len(self.user_factors) // 100)]).all():
            raise diverged(done, self.settings["learning_rate"])


class ValuePrediction(MatrixFactorization):
    """A factorization that predicts the value itself: a rating as it is, a count by its logarithm.

    Attributes
    ----------
    rated : float
        The highest rating where the values of the training data are ratings (`Interactions.rated`), else 0.
    """

    learned = MatrixFactorization.learned | {"rated": ()}

    rated: float = 0.0

    @property
    def target(self) -> str:  # type: ignore[override]
        """Description of the predicted value, which depends on the data."""
        return "{nouns.value}" if self.rated else "log(1 + {nouns.value})"

    def upgrade_arrays(self, train: Interactions) -> dict[str, NDArray[Any]]:
        """Return that counts were predicted by their logarithm, whatever they were."""
        return {"rated": np.asarray(0.0)}

    def _look_at(self, interactions: Interactions) -> None:
        """Decide by the training data what is predicted, and take its mean."""
        self.rated = interactions.value_range[1] if interactions.rated else 0.0
        self.global_mean = float(self.targets(interactions).mean(dtype=np.float64))

    def targets(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return the ratings, or log(1 + value) where they are none; float32 array, shape (n_interactions,)."""
        return self._on_scale(interactions.values)

    def _on_scale(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        scaled = np.minimum(values, self.rated) if self.rated else np.log1p(values)
        return scaled.astype(np.float32)

    def mae(self, interactions: Interactions) -> float | None:
        """Return the mean absolute error over the pairs, in the unit of the ratings; None without pairs or ratings."""
        if not self.rated or not len(interactions):
            return None
        return float(self._total(sgd.absolute_error, interactions) / len(interactions))


def slowed_down(epoch: int, epochs: int) -> float:
    """Return the factor of the learning rate: constant, then linear decay to 0 over the last epochs.

    Decay lets SGD converge where steps of constant size oscillate.
    """
    return min(1.0, (1 - (epoch + 0.5) / epochs) / SLOWING_DOWN)


def diverged(done: float, learning_rate: int | float) -> InputError:
    """Return the error of a diverged training, with the setting to lower."""
    return InputError(
        f"Training diverged in epoch {int(np.ceil(done))}. "
        f"Lower the learning rate: try {learning_rate / 10:g} instead of {learning_rate:g}."
    )
