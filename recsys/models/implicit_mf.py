"""Implicit SGD: what is played, against weak zeros everywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.kernels import sgd, solve
from recsys.models.base import Contributions
from recsys.models.matrix_factorization import MatrixFactorization, keep_blas_to_one_thread, slowed_down
from recsys.models.value_matrix import mean_logs

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
USERS_PER_SOLVE = 2_048

# Part of the learning rate with which items learn on after training.
LEARNING_ON = 0.1

# How much the zero of an artist that a listener turned down counts, where a known play counts 1.
UNWANTED_WEIGHT = 5.0


class ImplicitMF(MatrixFactorization):
    """Learns from what somebody does not play as well as from what they do.

    Minimises the sum over known pairs of w_i (y_ui - p_u.q_i)^2, plus a weak pull to zero over
    *all* pairs, a sum of a_u v_i (p_u.q_i)^2, plus a regularization that grows with how often a row
    is seen. The sum over all pairs costs nothing like it: its gradient for p_u is a_u (Q^T V Q) p_u,
    a small matrix renewed a few times in each epoch. Steps are AdaGrad's, with one sum for each
    row, and shrink to nothing over the last epochs.

    y_ui is log(1 + plays) over the listener's mean of it, kept between 0.4 and 1.6. a_u is smaller
    for listeners with fewer artists than the mean: what they are not known to play says less.

    With Q as it is, the best p_u is known exactly: p_u = A_u^-1 (sum of w_i y_ui q_i over what u
    plays), A_u = (sum of w_i q_i q_i^T) + a_u Q^T V Q + r_u I. Training ends by taking it for every
    listener, and it makes a listener who was not there out of the artists they name.

    Attributes
    ----------
    user_scale : float32 array, shape (n_users,)
        Each listener's mean of log(1 + plays).
    item_counts : float32 array, shape (n_items,)
        How many listeners each artist has in training.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets",
    ICDM 2008, for the objective; S. Rendle et al., "iALS++ / Revisiting the Performance of iALS
    on Item Recommendation Benchmarks", RecSys 2022, for regularization by frequency; J. Duchi
    et al., "Adaptive Subgradient Methods", JMLR 12, 2011, for the steps.
    """

    name = "implicit"
    label = "Implicit MF (SGD)"
    about = (
        "Learns from what a {nouns.user} does not {nouns.do} as well as from what they do: every unknown pair is a "
        "weak zero, every known one a strong value, by the logarithm of its {nouns.value}. Made for ranking: use it "
        "for recommendations."
    )
    target = "log {nouns.value}, relative to the {nouns.user}'s mean"
    defaults = {
        "factors": 128,
        "learning_rate": 0.2,
        "regularization": 0.035,
        "epochs": 20,
        "seed": 0,
    }
    learned = MatrixFactorization.learned | {"user_scale": ("users",), "item_counts": ("items",)}
    supports_fold_in = True
    uses_negative_feedback = True
    supports_online_updates = True

    user_scale: NDArray[np.float32]
    item_counts: NDArray[np.float32]

    # Counts changes of the item factors, so that nobody uses a Gram matrix of older ones.
    _version = 0
    _gram: tuple[int, NDArray[np.float64]] | None = None

    def targets(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return log(1 + plays) over the listener's mean in training, kept between 0.4 and 1.6."""
        relative = np.log1p(interactions.values) / self.user_scale[interactions.user_codes]
        return np.clip(relative, *TARGET_RANGE)

    def restore(self, state: dict[str, NDArray[np.float32] | float]) -> None:
        """Take back what `state` returned."""
        super().restore(state)
        self._version += 1

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
        self.item_counts = interactions.item_counts.astype(np.float32)
        self._version += 1
        return self._epochs(interactions, random)

    def _epochs(self, interactions: Interactions, random: np.random.Generator) -> Iterator[float]:
        n_users, n_items = interactions.n_users, interactions.n_items
        user_counts = np.maximum(interactions.user_counts, 1)
        item_counts = np.maximum(interactions.item_counts, 1)
        zeros = self._zeros
        pull, decay = self._user_pulls(user_counts)
        item_growth = _growth(item_counts + DECAY_ZEROS * zeros * n_users, ITEM_DECAY_POWER, ITEM_DECAY_COUNT)
        user_zero, item_zero, user_decay, item_decay = (
            array.astype(np.float32)
            for array in (
                pull / user_counts,
                ZERO_WEIGHT * zeros / item_counts,
                decay / user_counts,
                self.settings["regularization"] * item_growth / item_counts,
            )
        )
        # The same pull of a listener's zeros, as their artists feel it.
        share = np.sqrt(pull / ZERO_WEIGHT)[:, None].astype(np.float32)
        targets = self.targets(interactions)
        weights = self._pair_weights[interactions.item_codes].astype(np.float32)
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
                weighted, shared = self.item_factors * root, self.user_factors * share
                sgd.sgd_implicit(
                    order[first:last],
                    interactions.user_codes,
                    interactions.item_codes,
                    targets,
                    weights,
                    self.user_factors,
                    self.item_factors,
                    p_sums,
                    q_sums,
                    shared.T @ shared,
                    weighted.T @ weighted,
                    user_zero,
                    item_zero,
                    user_decay,
                    item_decay,
                    rate,
                )
                self._version += 1
                done = epoch + last / pairs
                self._check_finite(done)
                if done == epochs:
                    for _ in self._solve(interactions):
                        yield float(np.nextafter(done, 0))  # not whole until the last listener is solved
                yield done

    def settle(self, interactions: Interactions) -> bool:
        """Take the best p_u for every listener, given the item factors as they are."""
        if not np.isfinite(self.item_factors).all():
            return False
        for _ in self._solve(interactions):
            pass
        return True

    def _solve(self, interactions: Interactions) -> Iterator[None]:
        """Take the best p_u for every listener; rest after each block of them but the last."""
        keep_blas_to_one_thread()
        pull, decay = (array.astype(np.float32) for array in self._user_pulls(interactions.user_counts))
        targets = self.targets(interactions)
        weights = self._pair_weights[interactions.item_codes].astype(np.float32)
        gram = self._weighted_gram.astype(np.float32)
        for first in range(0, interactions.n_users, USERS_PER_SOLVE):
            if first:
                yield
            users = slice(first, min(first + USERS_PER_SOLVE, interactions.n_users))
            solve.solve_users(
                interactions.user_starts[users.start : users.stop + 1],
                interactions.item_codes,
                targets,
                weights,
                self.item_factors,
                gram,
                pull[users],
                decay[users],
                self.user_factors[users],
            )

    @property
    def _zeros(self) -> NDArray[np.float64]:
        """v_i: how strongly an unknown pair with each item is pulled to zero; 1 on average."""
        zeros = np.maximum(self.item_counts.astype(np.float64), 0.5) ** ZERO_POPULARITY
        return zeros * (len(zeros) / zeros.sum())

    @property
    def _pair_weights(self) -> NDArray[np.float64]:
        """w_i: how much a known pair with each item counts; 1 on average over the pairs."""
        counts = self.item_counts.astype(np.float64)
        weights = np.maximum(counts, 1) ** PAIR_POPULARITY
        return weights * (counts.sum() / (counts * weights).sum())

    def _user_pulls(self, counts: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return a_u and r_u for listeners with this many known items: the pull of zeros, the regularization."""
        n_users, n_items = len(self.user_factors), len(self.item_counts)
        share = np.minimum(1, counts * (n_users / self.item_counts.sum(dtype=np.float64)))
        growth = _growth(counts + DECAY_ZEROS * n_items * share, USER_DECAY_POWER, USER_DECAY_COUNT)
        return ZERO_WEIGHT * share, self.settings["regularization"] * growth

    @property
    def _weighted_gram(self) -> NDArray[np.float64]:
        """Q^T V Q, kept until the item factors change; float64 array, shape (factors, factors)."""
        version, kept = self._version, self._gram
        if kept is None or kept[0] != version:
            rooted = self.item_factors * np.sqrt(self._zeros)[:, None].astype(np.float32)
            kept = self._gram = (version, (rooted.T @ rooted).astype(np.float64))
        return kept[1]

    def _learn(
        self,
        user: int,
        items: NDArray[np.int32],
        values: NDArray[np.float64],
        orders: Sequence[NDArray[np.int64]],
        artists: bool,
    ) -> None:
        logs, n = np.log1p(values), len(items)
        scale = np.array([logs.mean()], np.float32)
        targets = np.clip(logs / scale, *TARGET_RANGE).astype(np.float32)
        user_zero, user_decay = (np.array([pull / n], np.float32) for pull in self._user_pulls(np.array(n)))
        # Items are held by everybody else, too: only their error on this listener moves them.
        nothing = np.zeros(n, np.float32)
        p, q = self.user_factors[[user]], self.item_factors[items]
        sums = np.full(1, FIRST_SUM, np.float32), np.full(n, FIRST_SUM / LEARNING_ON**2, np.float32)
        for step, order in enumerate(orders):
            if not artists:
                # Each item comes once in a pass, so what it learns there changes nothing in it.
                q = self.item_factors[items]
            sgd.sgd_implicit(
                order,
                np.zeros(n, np.int32),
                np.arange(n, dtype=np.int32),
                targets,
                self._pair_weights[items].astype(np.float32),
                p,
                q,
                *sums,
                np.zeros((p.shape[1], p.shape[1]), np.float32),
                self._weighted_gram.astype(np.float32),
                user_zero,
                nothing,
                user_decay,
                nothing,
                np.float32(self.settings["learning_rate"] * slowed_down(step, len(orders))),
            )
        self._keep_if_finite(user, user_factors=p, user_scale=scale)
        if artists:
            self.item_factors[items] = q
            self._version += 1

    def _fold_in(self, items: NDArray[np.int32], values: NDArray[np.float64]) -> NDArray[np.float32]:
        return self.item_factors @ self._taste(items, values).vector.astype(np.float32)

    def _contributions(
        self, items: NDArray[np.int32], values: NDArray[np.float64], wanted: NDArray[np.int32]
    ) -> Contributions:
        taste = self._taste(items, values)
        spread = np.linalg.solve(taste.matrix, self.item_factors[wanted].astype(np.float64).T)
        return Contributions(spread.T @ taste.pulls, {})

    def _taste(self, items: NDArray[np.int32], values: NDArray[np.float64]) -> _Taste:
        """Solve for a listener who plays these items; those with value 0 they do not want.

        An unwanted item d adds to the objective s (p.q_d)^2. Then A p + s (q_d.p) q_d = b, so
        p = A^-1 (b - s (q_d.p) q_d): what it takes away is a pull like any other.
        """
        plays = values > 0
        logs = np.log1p(values[plays])
        targets = np.clip(logs / logs.mean(), *TARGET_RANGE)
        factors = self.item_factors[items].astype(np.float64)
        known, weights = factors[plays], self._pair_weights[items[plays]]
        if not known.any():
            raise InputError(
                "Nobody here knows any of these, so nothing follows from them. Add one that is known."
            )
        pull, decay = self._user_pulls(np.array(len(known)))
        matrix = (known.T * weights) @ known + pull * self._weighted_gram
        matrix.flat[:: len(matrix) + 1] += decay + solve.TINY_RIDGE * np.trace(matrix)
        right = (weights * targets) @ known
        unwanted = factors[~plays]
        vector = np.linalg.solve(matrix + UNWANTED_WEIGHT * unwanted.T @ unwanted, right)
        pulls = factors.T.copy()
        pulls[:, plays] *= weights * targets
        pulls[:, ~plays] *= -UNWANTED_WEIGHT * (unwanted @ vector)
        return _Taste(matrix, pulls, vector)


class _Taste(NamedTuple):
    """A listener by the objective: A_u, what each known item adds to its right-hand side, and p_u."""

    matrix: NDArray[np.float64]
    pulls: NDArray[np.float64]
    vector: NDArray[np.float64]


def _growth(seen: NDArray[np.float64], power: float, count: float) -> NDArray[np.float64]:
    """Let regularization grow as a power of how often a row is seen; at `count` all powers agree."""
    return seen**power * count ** (0.75 - power)
