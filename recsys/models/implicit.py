"""Implicit SGD: what is played, against weak zeros everywhere else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsys import kernels
from recsys.interactions import Interactions
from recsys.models.factorization import Factorization, keep_blas_to_one_thread, slowed_down
from recsys.models.plays import mean_logs

# Found on hold-outs that no reported figure uses; README says how good they are.
TARGET_RANGE = (0.4, 1.6)
ZERO_WEIGHT = 0.05
ZERO_POPULARITY = 0.2
PAIR_POPULARITY = -0.05
DECAY_ZEROS = 0.08
USER_DECAY_POWER, USER_DECAY_COUNT = 0.5, 1445.0
ITEM_DECAY_POWER, ITEM_DECAY_COUNT = 0.9, 160.0
FIRST_SUM = 0.1
FEWEST_PAIRS_PER_GRAM = 16_384


class Implicit(Factorization):
    """Learns from what somebody does not play as well as from what they do.

    Minimises the sum over known pairs of w_i (y_ui - p_u.q_i)^2, plus a weak pull to zero over
    *all* pairs, a sum of v_i (p_u.q_i)^2, plus a regularization that grows with how often a row
    is seen. The sum over all pairs costs nothing like it: its gradient for p_u is (Q^T V Q) p_u,
    a small matrix renewed a few times in each epoch. Steps are AdaGrad's, with one sum for each
    row, and shrink to nothing over the last epochs.

    y_ui is log(1 + plays) over the listener's mean of it, kept between 0.4 and 1.6.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
    ICDM 2008, for the objective; S. Rendle et al., "iALS++ / Revisiting the Performance of iALS
    on Item Recommendation Benchmarks", RecSys 2022, for regularization by frequency; J. Duchi
    et al., "Adaptive Subgradient Methods", JMLR 12, 2011, for the steps.
    """

    name = "implicit"
    label = "Implicit SGD"
    about = (
        "Learns from what a listener does not play as well as from what they do: every unknown pair is a weak "
        "zero, every known one a strong value, by log plays. Made for ranking: use it for recommendations."
    )
    target = "log plays, relative to the listener's mean"
    defaults = {
        "factors": 128,
        "learning_rate": 0.2,
        "regularization": 0.035,
        "epochs": 20,
        "seed": 0,
    }
    learned = Factorization.learned | {"user_scale": ("users",)}

    user_scale: NDArray[np.float32]

    def targets(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return log(1 + plays) over the listener's mean in training, kept between 0.4 and 1.6."""
        relative = np.log1p(interactions.values) / self.user_scale[interactions.user_codes]
        return np.clip(relative, *TARGET_RANGE)

    def references(self, train: Interactions, validation: Interactions) -> dict[str, float]:
        """Return nothing: a mean of known pairs is no rival to a model that is near 0 on all others."""
        return {}

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Start, and return an iterator that learns and yields the number of epochs done so far."""
        keep_blas_to_one_thread()
        random = self._random()
        factors = int(self.settings["factors"])
        n_users, n_items = interactions.n_users, interactions.n_items
        spread = np.float32(0.1 / np.sqrt(factors))
        self.user_factors = spread * random.standard_normal((n_users, factors), np.float32)
        self.item_factors = spread * random.standard_normal((n_items, factors), np.float32)
        # Nothing is known of these; at zero they are recommended to nobody.
        self.item_factors[interactions.item_counts == 0] = 0
        self.user_bias = np.zeros(n_users, np.float32)
        self.item_bias = np.zeros(n_items, np.float32)
        self.global_mean = 0.0
        self.user_scale = mean_logs(interactions)
        return self._epochs(interactions, random)

    def _epochs(self, interactions: Interactions, random: np.random.Generator) -> Iterator[float]:
        n_users, n_items = interactions.n_users, interactions.n_items
        user_counts = np.maximum(interactions.user_counts, 1)
        item_counts = np.maximum(interactions.item_counts, 1)
        zeros = np.maximum(interactions.item_counts, 0.5) ** ZERO_POPULARITY
        zeros *= n_items / zeros.sum()
        pair_weights = item_counts[interactions.item_codes] ** PAIR_POPULARITY
        pair_weights /= pair_weights.mean()
        strength = self.settings["regularization"]
        user_growth = _decay(user_counts + DECAY_ZEROS * n_items, USER_DECAY_POWER, USER_DECAY_COUNT)
        item_growth = _decay(item_counts + DECAY_ZEROS * zeros * n_users, ITEM_DECAY_POWER, ITEM_DECAY_COUNT)
        user_zero, item_zero, user_decay, item_decay = (
            array.astype(np.float32)
            for array in (
                ZERO_WEIGHT / user_counts,
                ZERO_WEIGHT * zeros / item_counts,
                strength * user_growth / user_counts,
                strength * item_growth / item_counts,
            )
        )
        targets, weights = self.targets(interactions), pair_weights.astype(np.float32)
        root = np.sqrt(zeros)[:, None].astype(np.float32)
        p_sums = np.full(n_users, FIRST_SUM, np.float32)
        q_sums = np.full(n_items, FIRST_SUM, np.float32)
        epochs, pairs = int(self.settings["epochs"]), len(interactions)
        # Renewing the Gram matrices reads every row, so it is worth about as many pairs.
        stretch = max(FEWEST_PAIRS_PER_GRAM, n_users + n_items)
        for epoch in range(epochs):
            rate = np.float32(self.settings["learning_rate"] * slowed_down(epoch, epochs))
            order = random.permutation(pairs)
            for first in range(0, pairs, stretch):
                last = min(first + stretch, pairs)
                weighted = self.item_factors * root
                kernels.sgd_implicit(
                    order[first:last],
                    interactions.user_codes,
                    interactions.item_codes,
                    targets,
                    weights,
                    self.user_factors,
                    self.item_factors,
                    p_sums,
                    q_sums,
                    self.user_factors.T @ self.user_factors,
                    weighted.T @ weighted,
                    user_zero,
                    item_zero,
                    user_decay,
                    item_decay,
                    rate,
                )
                done = epoch + last / pairs
                self._check_finite(done)
                yield done


def _decay(seen: NDArray[np.float64], power: float, count: float) -> NDArray[np.float64]:
    """Let regularization grow as a power of how often a row is seen; at `count` all powers agree."""
    return seen**power * count ** (0.75 - power)
