"""Funk SVD: biased matrix factorization by SGD."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys.data.interactions import Interactions
from recsys.kernels import blocked_sgd, sgd
from recsys.models.base import OnlineUpdate
from recsys.models.blocked_mf import BlockedMF
from recsys.models.matrix_factorization import ValuePrediction


class FunkSVD(BlockedMF, ValuePrediction):
    """Predicts a rating, or log(1 + count), as mean + b_u + b_i + p_u.q_i.

    Minimises the sum over known pairs of
    (r_ui - mean - b_u - b_i - p_u.q_i)^2 + lambda (b_u^2 + b_i^2 + |p_u|^2 + |q_i|^2).

    References
    ----------
    Y. Koren, R. Bell, C. Volinsky, "Matrix Factorization Techniques for Recommender
    Systems", Computer 42(8), 2009, equations 4 and 5.
    """

    name = "funk"
    label = "Funk SVD"
    about = (
        "Predicts the {nouns.value}, a count by its logarithm, from what is usual for the {nouns.user}, for the "
        "{nouns.item}, and a match of latent features: the model that the Netflix Prize made famous. Where people "
        "choose freely, its features hardly improve on the biases alone, and its lists are poor."
    )
    defaults = {
        "factors": 16,
        "learning_rate": 0.005,
        "regularization": 0.05,
        "epochs": 40,
        "seed": 0,
    }

    learned = ValuePrediction.learned
    supports_online_updates = True

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Learn, yielding the number of epochs done so far."""
        random = self._random()
        factors = int(self.settings["factors"])
        spread = np.float32(0.1 / np.sqrt(factors))
        users, items = self._start(
            spread * random.standard_normal((interactions.n_users, factors), np.float32),
            spread * random.standard_normal((interactions.n_items, factors), np.float32),
            biased=True,
        )
        self._look_at(interactions)
        pairs = self._arrange(interactions, random)
        for visit, done in self._visits(pairs, random):
            blocked_sgd.sgd_biased(
                visit,
                pairs,
                users,
                items,
                self.settings["learning_rate"],
                self.settings["regularization"],
            )
            self._check_finite(done)
            yield done

    def _learn(self, update: OnlineUpdate) -> None:
        user, items, values, orders, update_items = update
        targets = self._on_scale(values)
        bias, p = self.user_bias[[user]], self.user_factors[[user]]
        item_bias, q = self.item_bias[items], self.item_factors[items]
        one_user = np.zeros(len(items), np.int32)
        for order in orders:
            if not update_items:
                # Each item comes once in a pass, so what it learns there changes nothing in it.
                item_bias, q = self.item_bias[items], self.item_factors[items]
            sgd.sgd_biased(
                one_user,
                order.astype(np.int32),
                targets[order],
                np.float32(self.global_mean),
                bias,
                item_bias,
                p,
                q,
                np.float32(self.settings["learning_rate"]),
                np.float32(self.settings["regularization"]),
            )
        self._keep_if_finite(user, user_bias=bias, user_factors=p)
        if update_items:
            self.item_bias[items], self.item_factors[items] = item_bias, q
