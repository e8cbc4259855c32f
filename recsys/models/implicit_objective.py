"""Weights and regularization of all pairs, observed or not, in the objective of ImplicitMF."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.kernels import sgd
from recsys.models.value_matrix import noise_norm

# Free of the scale of the data, and found on hold-outs that no reported figure uses; README says how good they are.
ZEROS = 25.0  # all zeros together weigh this many times what all known pairs do
ZERO_POPULARITY = 0.2
PAIR_POPULARITY = -0.05
DECAY_ZEROS = 10.0  # of the zeros in the regularization of a row, where its own pairs weigh 1 on average
USER_DECAY_POWER = 0.5
ITEM_DECAY_POWER = 0.9

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ImplicitObjective:
    """How much each pair counts and each row is regularized; `ImplicitMF` says what is minimised.

    Attributes
    ----------
    user_count : float
        Pairs of a user in training, on average over the users who have any.
    item_counts : float32 array, shape (n_items,)
        Pairs of each item.
    regularization : float
        Lambda.
    """

    user_count: float
    item_counts: NDArray[np.float32]
    regularization: float

    @cached_property
    def item_count(self) -> float:
        """Pairs of an item, on average over the items that have any."""
        return float(self.item_counts.sum(dtype=np.float64) / int(np.count_nonzero(self.item_counts)))

    @cached_property
    def zero_weight(self) -> float:
        """a: how much an unknown pair counts, where a known one counts 1; never more than that."""
        return min(1.0, ZEROS * self.user_count / int(np.count_nonzero(self.item_counts)))

    @cached_property
    def zeros(self) -> Doubles:
        """v_i: how strongly an unknown pair with each item is pulled to zero; 1 on average over those with pairs."""
        counts = self.item_counts.astype(np.float64)
        zeros = np.maximum(counts, 1) ** ZERO_POPULARITY
        return zeros / zeros[counts > 0].mean()

    @cached_property
    def pair_weights(self) -> Doubles:
        """w_i: how much a known pair with each item counts; 1 on average over the pairs."""
        counts = self.item_counts.astype(np.float64)
        weights = np.maximum(counts, 1) ** PAIR_POPULARITY
        return weights * (counts.sum() / (counts * weights).sum())

    def of_users(self, counts: NDArray[np.int64]) -> tuple[Doubles, Doubles]:
        """Return a_u and r_u for users with this many known items: the pull of zeros, the regularization."""
        share = np.minimum(1, counts / self.user_count)
        return self.zero_weight * share, self._decay(counts / self.user_count, share, USER_DECAY_POWER)

    def steps_of_users(self, counts: NDArray[np.int64]) -> NDArray[np.void]:
        """Return what one step of each user's row weighs, in training: array of `sgd.ROW_STEP`."""
        counts = np.maximum(counts, 1)
        pull, decay = self.of_users(counts)
        return sgd.row_steps(pull / counts, decay / counts, np.ones(len(counts)))

    def steps_of_items(self) -> NDArray[np.void]:
        """Return what one step of each item's row weighs, in training: array of `sgd.ROW_STEP`."""
        counts = np.maximum(self.item_counts, 1).astype(np.float64)
        decay = self._decay(counts / self.item_count, self.zeros, ITEM_DECAY_POWER)
        return sgd.row_steps(self.zero_weight * self.zeros / counts, decay / counts, self.pair_weights)

    def _decay(self, seen: Doubles, zeros: Doubles, power: float) -> Doubles:
        """Return r of rows whose pairs and zeros are so many, each relative to its mean."""
        scale = self.regularization * noise_norm(self.user_count, self.item_count)
        return scale * ((seen + DECAY_ZEROS * zeros) / (1 + DECAY_ZEROS)) ** power
