"""The article's SGD, exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsys import kernels
from recsys.interactions import Interactions
from recsys.models.factorization import Factorization


class Article(Factorization):
    """Plain SGD on play counts scaled to 0 to 1, started far from where it should end.

    Minimises the sum over known pairs of (r_ui - p_u.q_i)^2 + lambda (|p_u|^2 + |q_i|^2).
    Its start, 3 times uniform(0, 1), and the order of its updates, p first and q with the
    new p, are the article's and stay as they are.

    References
    ----------
    V. Valkov, "Music artist Recommender System using Stochastic Gradient Descent", 2019.
    """

    name = "article"
    label = "The article's SGD"
    about = (
        "Plain stochastic gradient descent on play counts scaled to 0 to 1, with the article's own start. "
        "Its error falls nicely while its recommendations stay worse than chance: artists with few listeners "
        "are hardly ever updated, keep their high random start and fill every list. "
        "Here to be seen, not to be used."
    )
    target = "play count, scaled to 0 to 1"
    defaults = {
        "factors": 3,
        "learning_rate": 0.001,
        "regularization": 0.1,
        "epochs": 200,
        "seed": 0,
    }

    def targets(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return play counts scaled by the smallest and largest of the whole data set."""
        low, high = interactions.value_range
        width = high - low if high > low else 1.0
        return (interactions.values - np.float32(low)) / np.float32(width)

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Learn, yielding the number of epochs done so far."""
        random = self._random()
        factors = int(self.settings["factors"])
        self.user_factors = 3 * random.random((interactions.n_users, factors), np.float32)
        self.item_factors = 3 * random.random((interactions.n_items, factors), np.float32)
        self.user_bias = np.zeros(interactions.n_users, np.float32)
        self.item_bias = np.zeros(interactions.n_items, np.float32)
        self.global_mean = 0.0
        targets = self.targets(interactions)
        for pairs, done in self._steps(len(interactions)):
            kernels.sgd_article(
                interactions.user_codes[pairs],
                interactions.item_codes[pairs],
                targets[pairs],
                self.user_factors,
                self.item_factors,
                np.float32(self.settings["learning_rate"]),
                np.float32(self.settings["regularization"]),
            )
            self._check_finite(done)
            yield done
