"""Asymmetric SVD: user factors are the sum of factors of their items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.kernels import sgd
from recsys.models import matrix_factorization
from recsys.models.base import Contributions, OnlineUpdate
from recsys.models.matrix_factorization import ValuePrediction, slowed_down
from recsys.models.value_matrix import Feedback

# Found on hold-outs that no reported figure uses; README says how good they are.
USER_DAMPING = 0.3
ITEM_DAMPING = 16.0
BIAS_SHARE = 0.3
FIRST_SUM = 0.1

# Part of the learning rate with which items learn on after training.
LEARNING_ON = 0.1


class AsymmetricSVD(ValuePrediction):
    """Predicts a rating, or log(1 + count), as mean + b_u + b_i + q_i.p_u, where p_u comes from what u plays.

    p_u is the sum of h_uj y_j over the items j of u, over the square root of their number. Of counts h_uj is 1; of
    ratings it is (1 + z_uj) / sqrt(2), 1 in mean square, where z_uj is how many standard deviations the rating
    lies above what biases alone predict: a bad rating says the opposite of a good one. While
    training on (u, i) the item i itself is left out of p_u: otherwise the model would learn that
    an item is in the list, which is true of every pair it sees and of none it is asked about.
    Minimises the squared error plus lambda (|q_i|^2 + |y_i|^2) for each item, and damps the
    biases. Steps of q and y are AdaGrad's, with one sum for each row, and shrink to nothing over
    the last epochs. Training ends by taking for every listener the b_u that is best for the rest as it is.

    Attributes
    ----------
    user_factors : float32 array, shape (n_users, factors)
        p_u, made anew after each step.
    item_history_factors : float32 array, shape (n_items, factors)
        y_j: what playing an item says about a listener.
    expected_offsets : float32 array, shape (n_items,)
        Biases of items, fitted alone, that z is taken from.
    deviation : float
        Standard deviation of ratings from biases alone; 0 for counts.

    References
    ----------
    Y. Koren, "Factorization Meets the Neighborhood", KDD 2008, section 4 (Asymmetric-SVD: what
    is rated and how, here with one y for both); S. Kabbur,
    X. Ning, G. Karypis, "FISM: Factored Item Similarity Models for Top-N Recommender Systems",
    KDD 2013, for leaving the item itself out.
    """

    name = "biased"
    label = "Asymmetric SVD"
    about = (
        "Predicts the {nouns.value}, a count by its logarithm, from what is usual for the {nouns.user}, for the "
        "{nouns.item}, and how well the {nouns.item} goes with the others that the {nouns.user} {nouns.does}. The best "
        "model here of the number itself; it says less about which {nouns.items} a {nouns.user} will discover."
    )
    defaults = {
        "factors": 16,
        "learning_rate": 0.1,
        "regularization": 12.0,
        "epochs": 20,
        "seed": 0,
    }
    learned = ValuePrediction.learned | {
        "item_history_factors": ("items", "factors"),
        "expected_offsets": ("items",),
        "deviation": (),
    }
    supports_fold_in = True
    supports_online_updates = True

    item_history_factors: NDArray[np.float32]
    expected_offsets: NDArray[np.float32]
    deviation: float

    def references(self, train: Interactions, validation: Interactions) -> dict[str, float]:
        """Return the validation RMSE of the mean, and of biases alone."""
        return super().references(train, validation) | {
            "Biases alone": biases_rmse(train, self.targets(train), validation, self.targets(validation))
        }

    def rmse(self, interactions: Interactions) -> float:
        """Return the root of the mean squared error over the pairs.

        For the pairs it was trained on, the item itself is left out of p_u, as in training.
        """
        if interactions is not self._known:
            return super().rmse(interactions)
        rest = self._rest_without_own(interactions) - self.user_bias[interactions.user_codes]
        return float(np.sqrt(np.square(rest, dtype=np.float64).mean()))

    def _rest_without_own(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return what the prediction without b_u leaves of each target, the item itself left out of p_u."""
        users, items = interactions.user_codes, interactions.item_codes
        matches = np.empty(len(interactions), np.float32)
        sgd.match_without_own(
            users,
            items,
            self._history(interactions),
            self.user_factors,
            self.item_factors,
            self.item_history_factors,
            interactions.user_counts,
            matches,
        )
        return self.targets(interactions) - np.float32(self.global_mean) - self.item_bias[items] - matches

    def _history(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return h of each pair."""
        if not self.deviation:
            return np.ones(len(interactions), np.float32)
        users, counts = interactions.user_codes, interactions.user_counts
        rest = self.targets(interactions) - self.global_mean - self.expected_offsets[interactions.item_codes]
        biases = np.bincount(users, rest, interactions.n_users) / (counts + USER_DAMPING)
        return self._weigh(rest - biases[users])

    def _weigh(self, offsets: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return h of ratings that lie so far above what biases alone predict."""
        return ((1 + offsets / self.deviation) / np.sqrt(2)).astype(np.float32)

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Start, and return an iterator that learns and yields the number of epochs done so far."""
        random = self._random()
        shape = (interactions.n_items, int(self.settings["factors"]))
        spread = np.float32(0.1 / np.sqrt(shape[1]))
        self.item_factors = spread * random.standard_normal(shape, np.float32)
        self.item_history_factors = spread * random.standard_normal(shape, np.float32)
        unknown = interactions.item_counts == 0
        self.item_factors[unknown] = self.item_history_factors[unknown] = 0
        self.user_factors = np.zeros((interactions.n_users, shape[1]), np.float32)
        self.user_bias = np.zeros(interactions.n_users, np.float32)
        self.item_bias = np.zeros(interactions.n_items, np.float32)
        self._look_at(interactions)
        self.expected_offsets, self.deviation = np.zeros(interactions.n_items, np.float32), 0.0
        if self.rated:
            targets = self.targets(interactions)
            mean, users, items = fit_biases(interactions, targets)
            rest = targets - mean - users[interactions.user_codes] - items[interactions.item_codes]
            self.expected_offsets, self.deviation = items.astype(np.float32), float(rest.std())
        self._known = interactions
        return self._epochs(interactions, random)

    _known: Interactions | None = None

    def _epochs(self, interactions: Interactions, random: np.random.Generator) -> Iterator[float]:
        targets, history = self.targets(interactions), self._history(interactions)
        starts, n_users = interactions.user_starts, interactions.n_users
        user_counts = np.maximum(interactions.user_counts, 1)
        item_counts = np.maximum(interactions.item_counts, 1)
        user_decay, item_decay, factor_decay = (
            (strength / counts).astype(np.float32)
            for strength, counts in (
                (USER_DAMPING, user_counts),
                (ITEM_DAMPING, item_counts),
                (self.settings["regularization"], item_counts),
            )
        )
        q_sums = np.full(interactions.n_items, FIRST_SUM, np.float32)
        y_sums = np.full(interactions.n_items, FIRST_SUM, np.float32)
        epochs = int(self.settings["epochs"])
        users_per_step = max(1, n_users * matrix_factorization.PAIRS_PER_STEP // max(len(interactions), 1))
        for epoch in range(epochs):
            rate = self.settings["learning_rate"] * slowed_down(epoch, epochs)
            order = random.permutation(n_users)
            for first in range(0, n_users, users_per_step):
                last = min(first + users_per_step, n_users)
                sgd.sgd_biased_by_history(
                    order[first:last],
                    starts,
                    interactions.item_codes,
                    targets,
                    history,
                    np.float32(self.global_mean),
                    self.user_bias,
                    self.item_bias,
                    self.item_factors,
                    self.item_history_factors,
                    q_sums,
                    y_sums,
                    user_decay,
                    item_decay,
                    factor_decay,
                    np.float32(BIAS_SHARE * rate),
                    np.float32(rate),
                )
                sgd.mean_rows(
                    starts, interactions.item_codes, history, self.item_history_factors, self.user_factors
                )
                done = epoch + last / n_users
                self._check_finite(done)
                if done == epochs:
                    self.finalize(interactions)
                yield done

    def upgrade_arrays(self, train: Interactions) -> dict[str, NDArray[Any]]:
        """Return that the history of a user had no weights."""
        offsets = np.zeros(train.n_items, np.float32)
        return super().upgrade_arrays(train) | {"expected_offsets": offsets, "deviation": np.asarray(0.0)}

    def finalize(self, interactions: Interactions) -> bool:
        """Take the best b_u for every listener: the damped mean of what the rest leaves over."""
        counts = interactions.user_counts
        sums = np.bincount(
            interactions.user_codes, self._rest_without_own(interactions), interactions.n_users
        )
        self.user_bias = (sums / (counts + USER_DAMPING)).astype(np.float32)
        return bool(np.isfinite(self.user_bias).all())

    def _listener(
        self, items: NDArray[np.int32], values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """Return h_uj / sqrt(n_u) of each item, 0 for those of value 0, and b_u, as for those trained on."""
        played = values > 0
        targets, n = self._on_scale(values[played]).astype(np.float64), int(played.sum())
        weights = np.ones(n)
        if self.deviation:
            rest = targets - self.global_mean - self.expected_offsets[items[played]]
            weights = self._weigh(rest - rest.sum() / (n + USER_DAMPING)).astype(np.float64)
        scales = np.zeros(len(items))
        scales[played] = weights / np.sqrt(n)
        q, y = (array[items].astype(np.float64) for array in (self.item_factors, self.item_history_factors))
        y *= scales[:, None]
        match = q @ y.sum(axis=0) - (q * y).sum(axis=1)
        rest = targets - self.global_mean - (self.item_bias[items] + match)[played]
        return scales, float(rest.sum() / (n + USER_DAMPING))

    def _learn(self, update: OnlineUpdate) -> None:
        user, items, values, orders, update_items = update
        if update_items:
            self._teach(items, values, orders)
        scales, bias = self._listener(items, values)
        taste = scales @ self.item_history_factors[items]
        self._keep_if_finite(
            user, user_bias=np.array([bias], np.float32), user_factors=taste[None].astype(np.float32)
        )

    def _teach(
        self, items: NDArray[np.int32], values: NDArray[np.float64], orders: Sequence[NDArray[np.int64]]
    ) -> None:
        """Let items learn from one listener who plays them; a listener needs no steps, being made of items."""
        scales, bias = self._listener(items, values)
        n = len(items)
        history = (scales * np.sqrt(n)).astype(np.float32)
        user_bias, damping = np.array([bias], np.float32), np.array([USER_DAMPING / n], np.float32)
        item_bias, q, y = (
            array[items] for array in (self.item_bias, self.item_factors, self.item_history_factors)
        )
        # They have learned from others before: as in the last epochs, each step is a small one.
        q_sums, y_sums = (np.full(n, FIRST_SUM / LEARNING_ON**2, np.float32) for _ in range(2))
        nothing = np.zeros(n, np.float32)
        rate = self.settings["learning_rate"]
        for order in orders:
            sgd.sgd_biased_by_history(
                np.zeros(1, np.int64),
                np.array([0, n]),
                order.astype(np.int32),
                self._on_scale(values[order]),
                history[order],
                np.float32(self.global_mean),
                user_bias,
                item_bias,
                q,
                y,
                q_sums,
                y_sums,
                damping,
                nothing,
                nothing,
                np.float32(BIAS_SHARE * LEARNING_ON * rate),
                np.float32(rate),
            )
        if not all(np.isfinite(rows).all() for rows in (item_bias, q, y)):
            raise InputError(
                "These numbers make the model run away. Train it again with a lower learning rate."
            )
        self.item_bias[items], self.item_factors[items], self.item_history_factors[items] = item_bias, q, y

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        scales, bias = self._listener(known.items, known.values)
        taste = (scales @ self.item_history_factors[known.items]).astype(np.float32)
        return self.item_factors @ taste + self.item_bias + np.float32(self.global_mean + bias)

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        scales, bias = self._listener(known.items, known.values)
        history = scales[:, None] * self.item_history_factors[known.items]
        return Contributions(
            self.item_factors[wanted].astype(np.float64) @ history.T,
            {
                "The mean of all {nouns.users}": np.full(len(wanted), self.global_mean),
                "What is usual for this {nouns.user}": np.full(len(wanted), bias),
                "What is usual for this {nouns.item}": self.item_bias[wanted].astype(np.float64),
            },
        )


def fit_biases(
    train: Interactions, targets: NDArray[np.float32]
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean, b_u and b_i, damped and fitted in turn to the end; b_u last."""
    mean = float(targets.mean(dtype=np.float64))
    user_bias, item_bias = np.zeros(train.n_users), np.zeros(train.n_items)
    for last in range(16):
        rest = targets - mean - item_bias[train.item_codes]
        user_bias = np.bincount(train.user_codes, rest, train.n_users) / (train.user_counts + USER_DAMPING)
        if last < 15:
            rest = targets - mean - user_bias[train.user_codes]
            item_bias = np.bincount(train.item_codes, rest, train.n_items) / (
                train.item_counts + ITEM_DAMPING
            )
    return mean, user_bias, item_bias


def biases_rmse(
    train: Interactions,
    train_targets: NDArray[np.float32],
    validation: Interactions,
    validation_targets: NDArray[np.float32],
) -> float:
    """Return the validation RMSE of mean + b_u + b_i, the biases damped and fitted in turn to the end."""
    mean, user_bias, item_bias = fit_biases(train, train_targets)
    predictions = mean + user_bias[validation.user_codes] + item_bias[validation.item_codes]
    return (
        float(np.sqrt(np.square(validation_targets - predictions).mean()))
        if len(validation)
        else float("nan")
    )
