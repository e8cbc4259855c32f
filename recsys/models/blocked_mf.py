"""Base of the models trained on observed pairs alone, with rows and pairs in cache-friendly blocks."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.kernels import blocked_sgd
from recsys.models import matrix_factorization
from recsys.models.matrix_factorization import MatrixFactorization


class BlockedMF(MatrixFactorization):
    """A matrix factorization whose factors are stored in `blocked_sgd.Rows` during training."""

    _rows: tuple[blocked_sgd.Rows, blocked_sgd.Rows] | None = None
    _learned_from: tuple[Interactions, blocked_sgd.Pairs] | None = None
    _targets: WeakKeyDictionary[Interactions, NDArray[np.float32]]

    def rmse(self, interactions: Interactions) -> float:
        """Return the root of the mean squared error over the pairs; NaN for no pairs."""
        users, items = self._rows or (None, None)
        # Factors that were read from a file or taken back from an earlier epoch lie elsewhere.
        if users is None or items is None or self.user_factors is not users.factors or not len(interactions):
            return super().rmse(interactions)
        known, pairs = self._learned_from or (None, None)
        if pairs is not None and interactions is known:
            # Cell by cell the rows come from the caches, listener by listener those of the artists do not.
            n = len(pairs)
            order = pairs.user_codes[:n], pairs.item_codes[:n], pairs.targets
            total = blocked_sgd.squared_error(*order, 0.0, users, items)
        else:
            if interactions not in self._targets:
                self._targets[interactions] = self.targets(interactions)
            order = interactions.user_codes, interactions.item_codes, self._targets[interactions]
            total = blocked_sgd.squared_error(*order, self.global_mean, users, items)
        return float(np.sqrt(total / len(interactions)))

    def free_buffers(self) -> None:
        """Free the blocked copies of pairs and targets."""
        self._rows = self._learned_from = None
        self._targets = WeakKeyDictionary()

    def _start(
        self, user_factors: NDArray[np.float32], item_factors: NDArray[np.float32], *, biased: bool
    ) -> tuple[blocked_sgd.Rows, blocked_sgd.Rows]:
        """Lay out the start; the learned attributes become views of it."""
        users, items = blocked_sgd.Rows(user_factors, biased), blocked_sgd.Rows(item_factors, biased)
        self.user_factors, self.user_bias = users.factors, users.bias
        self.item_factors, self.item_bias = items.factors, items.bias
        self._rows, self._learned_from = (users, items), None
        # Targets take longer to make than errors to sum, and are asked for in each epoch.
        self._targets = WeakKeyDictionary()
        return users, items

    def _arrange(self, interactions: Interactions, random: np.random.Generator) -> blocked_sgd.Pairs:
        """Lay out the pairs with what is left of their targets without the mean."""
        assert self._rows is not None  # noqa: S101 - `_start` comes first
        rest = self.targets(interactions) - np.float32(self.global_mean)
        pairs = blocked_sgd.arrange(
            interactions.user_codes, interactions.item_codes, rest, *self._rows, random
        )
        self._learned_from = interactions, pairs
        return pairs

    def _visits(
        self, pairs: blocked_sgd.Pairs, random: np.random.Generator
    ) -> Iterator[tuple[blocked_sgd.Visit, float]]:
        """Cut all epochs into steps of bounded length: the spans of each and the epochs done after it."""
        for epoch in range(int(self.settings["epochs"])):
            for visit in pairs.visits(random, matrix_factorization.PAIRS_PER_STEP):
                yield visit, epoch + visit.done / len(pairs)
