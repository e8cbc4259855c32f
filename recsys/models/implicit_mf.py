"""Implicit MF: matrix factorization of all pairs by SGD, with unobserved pairs as weak zeros."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.kernels import balance, blocked_sgd, sgd, solve
from recsys.models import blas, matrix_factorization
from recsys.models.base import Contributions, OnlineUpdate
from recsys.models.blocked_mf import BlockedMF
from recsys.models.implicit_objective import ImplicitObjective
from recsys.models.matrix_factorization import diverged, slowed_down
from recsys.models.value_matrix import Feedback, centred_logs
from recsys.system import threads

SPREAD = 0.15  # of the targets, for a standard deviation of log values
TARGET_RANGE = (0.4, 1.6)
OLD_REGULARIZATION = 0.035  # its default before it was made free of the scale of the data
WARM_UP = 0.15  # fraction of the epochs, at the start, over which the learning rate rises from zero
# The basis in which the zeros' pull is diagonal is renewed after about so many steps of an average row, on the side of
# users or items whose rows move less, 1 to 8 times in an epoch; twice as often while the learning rate rises, when
# rows move most. A pull along old axes leaves some directions free, in which all scores grow. In between the
# diagonals are summed anew; there are so many sums for each renewal.
STEPS_PER_RENEWAL = 10
SUMS_PER_RENEWAL = 4
USERS_PER_SOLVE = 8_192
USERS_PER_TASK = 512

# Part of the learning rate with which items learn on after training.
LEARNING_ON = 0.1

# How much the zero of an artist that a listener turned down counts, where a known play and its zero count 1.
UNWANTED_WEIGHT = 5.0


class ImplicitMF(BlockedMF):
    """Matrix factorization of all pairs, observed or not, by SGD.

    Minimises the sum over known pairs of w_i (y_ui - p_u.q_i)^2, plus a weak pull to zero over
    *all* pairs, a sum of a_u v_i (p_u.q_i)^2, plus r_u |p_u|^2 and r_i |q_i|^2. The sum over all pairs
    costs nothing like it: its gradient for p_u is a_u (Q^T V Q) p_u, and for q_i alike. A few times in each
    epoch the factors are turned into a basis in which both of these small matrices are diagonal; every step
    then takes its share of all the zeros by one number for each factor. Steps are AdaGrad's, with one sum
    for each row; they grow from nothing over the first epochs and shrink to nothing over the last.

    Nothing in it depends on the size of the data. With n pairs, n' of a user and c' of an item on average:

    - y_ui is 1 + 0.15 z, kept between 0.4 and 1.6, where z is how many standard deviations log(value)
      lies above the user's mean; the unit of the values does not matter, and where all are alike y is 1.
    - a_u is a = 25 n / (users x items), 1 at most, and less for users with fewer items than the mean:
      what they are not known to play says less. v_i grows, and w_i falls, a little with the popularity
      of an item.
    - r_u = lambda (sqrt(n') + sqrt(c')) ((n_u / n' + 10 a_u / a) / 11)^0.5, r_i alike with v_i and the power
      0.9. The root terms are the largest singular value that a matrix of as many ones at random
      would have: what a factor has to exceed to be more than noise.

    With Q as it is, the best p_u is known exactly: p_u = A_u^-1 (sum of w_i y_ui q_i over what u
    plays), A_u = (sum of w_i q_i q_i^T) + a_u Q^T V Q + r_u I. Training ends by taking it for every
    listener, and it makes a listener who was not there out of the artists they name.

    Attributes
    ----------
    user_log_means : float32 array, shape (n_users,)
        Each user's mean of log(value).
    log_deviation : float
        Standard deviation of log(value) from these means, over all pairs in training.
    user_count : float
        Pairs of a user in training, on average over the users who have any.
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
        "weak zero, every known one a strong value, a little more or less by its {nouns.value}. Made for ranking: "
        "use it for recommendations."
    )
    target = "preference: 0 for an unknown pair, 1 for the {nouns.user}'s usual {nouns.value}"
    defaults = {
        "factors": 128,
        "learning_rate": 0.12,
        "regularization": 0.45,
        "epochs": 20,
        "seed": 0,
    }
    learned = BlockedMF.learned | {
        "user_log_means": ("users",),
        "log_deviation": (),
        "user_count": (),
        "item_counts": ("items",),
    }
    supports_fold_in = True
    uses_negative_feedback = True
    supports_online_updates = True

    user_log_means: NDArray[np.float32]
    log_deviation: float
    user_count: float
    item_counts: NDArray[np.float32]

    # Counts changes of the item factors, which make the cached Gram matrix invalid.
    _version = 0
    _gram: tuple[int, NDArray[np.float64]] | None = None

    def targets(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return 1, more or less by how far log(value) is from the user's mean in training; 0.4 to 1.6."""
        return self._relative(np.log(interactions.values) - self.user_log_means[interactions.user_codes])

    def _relative(self, offsets: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the targets of values whose logarithms are so far from their user's mean."""
        return np.clip(1 + SPREAD * offsets / max(self.log_deviation, 1e-6), *TARGET_RANGE).astype(np.float32)

    def load_state(self, state: dict[str, NDArray[np.float32] | float]) -> None:
        """Set all learned attributes from `state`."""
        super().load_state(state)
        self._version += 1

    def references(self, train: Interactions, validation: Interactions) -> dict[str, float]:
        """Return nothing: a mean of known pairs is no rival to a model that is near 0 on all others."""
        return {}

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Start, and return an iterator that learns and yields the number of epochs done so far."""
        blas.keep_to_one_thread()
        random = self._random()
        factors = int(self.settings["factors"])
        n_users, n_items = interactions.n_users, interactions.n_items
        # Of variance 0.01 / factors.
        width = np.float32(np.sqrt(0.12 / factors))
        user_factors = width * (random.random((n_users, factors), np.float32) - np.float32(0.5))
        item_factors = width * (random.random((n_items, factors), np.float32) - np.float32(0.5))
        # Nothing is known of these; zero factors keep them out of all lists.
        user_factors[interactions.user_counts == 0] = 0
        item_factors[interactions.item_counts == 0] = 0
        self._start(user_factors, item_factors, biased=False)
        self.global_mean = 0.0
        self.describe(interactions)
        self._version += 1
        return self._epochs(interactions, random)

    def describe(self, interactions: Interactions) -> None:
        """Set the learned statistics of the training data; a reader of older saved runs calls this, too."""
        self.user_log_means, self.log_deviation = centred_logs(interactions)
        self.user_count = len(interactions) / int(np.count_nonzero(interactions.user_counts))
        self.item_counts = interactions.item_counts.astype(np.float32)

    @classmethod
    def upgrade_settings(cls, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the settings with lambda on today's scale; its default was 0.035 where it is 0.45 now."""
        scale = float(cls.defaults["regularization"]) / OLD_REGULARIZATION
        return settings | {"regularization": round(settings["regularization"] * scale, 9)}

    def upgrade_arrays(self, train: Interactions) -> dict[str, NDArray[Any]]:
        """Return the statistics of the training data."""
        self.describe(train)
        return {
            name: np.asarray(getattr(self, name))
            for name in ("user_log_means", "log_deviation", "user_count")
        }

    def _epochs(self, interactions: Interactions, random: np.random.Generator) -> Iterator[float]:
        assert self._rows is not None  # noqa: S101 - `_start` comes first
        objective, known = self._objective, self._known_rows(interactions)
        steps = objective.steps_of_users(interactions.user_counts), objective.steps_of_items()
        pairs = self._arrange(interactions, random)
        n, epochs = len(pairs), int(self.settings["epochs"])
        steps_of_a_row = min(self.user_count, objective.item_count)
        renewals = 2 ** int(np.clip(np.round(np.log2(steps_of_a_row / STEPS_PER_RENEWAL)), 0, 3))
        stretch = -(-n // (SUMS_PER_RENEWAL * renewals))
        for epoch in range(epochs):
            warming_up = epoch < WARM_UP * epochs
            before, summed = 0, -1
            for visit in pairs.visits(random, min(stretch, matrix_factorization.PAIRS_PER_STEP)):
                done = epoch + visit.done / n
                if before // stretch > summed:
                    summed = before // stretch
                    if summed % (SUMS_PER_RENEWAL // (2 if warming_up else 1)) == 0:
                        spectra = self._renew_basis(*known, done)
                    else:
                        of_users, of_items = (rows.squares() for rows in known)
                        spectra = of_items, of_users
                middle = epoch + (before + visit.done) / (2 * n)
                rate = min(1.0, middle / (WARM_UP * epochs)) * slowed_down(epoch, epochs)
                rate *= self.settings["learning_rate"]
                blocked_sgd.sgd_implicit(visit, pairs, *self._rows, steps, spectra, rate)
                self._version += 1
                before = visit.done
                self._check_finite(done)
                if done == epochs:
                    for _ in self._solve(interactions):
                        yield float(np.nextafter(epochs, 0))  # not whole until the last listener is solved
                if visit.done == n or n > matrix_factorization.PAIRS_PER_STEP:
                    yield done

    def _known_rows(self, interactions: Interactions) -> tuple[balance.WeightedRows, balance.WeightedRows]:
        """Return the rows of all users and items that have pairs, with the pull of their zeros."""
        objective, user_counts = self._objective, interactions.user_counts
        known_users, known_items = np.flatnonzero(user_counts), np.flatnonzero(self.item_counts)
        # The pull of a listener's zeros, as their artists feel it.
        shares = objective.of_users(user_counts[known_users])[0] / objective.zero_weight
        return (
            balance.WeightedRows(self.user_factors, known_users, shares),
            balance.WeightedRows(self.item_factors, known_items, objective.zeros[known_items]),
        )

    def _renew_basis(
        self, users: balance.WeightedRows, items: balance.WeightedRows, done: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Turn the factors into the basis in which both Gram matrices are diagonal; return the diagonals."""
        gram_p, gram_q = users.gram(), items.gram()
        if not (np.isfinite(gram_p).all() and np.isfinite(gram_q).all()):
            raise diverged(done, self.settings["learning_rate"])
        basis = balance.balance(gram_p, gram_q)
        users.turn(basis.turn_p)
        items.turn(basis.turn_q)
        return basis.spectrum_q, basis.spectrum_p

    def finalize(self, interactions: Interactions) -> bool:
        """Take the best p_u for every listener, given the item factors as they are."""
        if not np.isfinite(self.item_factors).all():
            return False
        for _ in self._solve(interactions):
            pass
        return True

    def _solve(self, interactions: Interactions) -> Iterator[None]:
        """Take the best p_u for every listener; rest after each block of them but the last."""
        blas.keep_to_one_thread()
        pull, decay = (
            array.astype(np.float32) for array in self._objective.of_users(interactions.user_counts)
        )
        targets = self.targets(interactions)
        weights = self._objective.pair_weights.astype(np.float32)
        axes, spectrum = balance.principal_axes(self._weighted_gram)
        for rows in self._known_rows(interactions):
            rows.turn(axes)
        self._version += 1
        item_factors = np.ascontiguousarray(self.item_factors)

        def solve_for(users: slice) -> None:
            solved = np.empty((users.stop - users.start, item_factors.shape[1]), np.float32)
            solve.solve_users(
                interactions.user_starts[users.start : users.stop + 1],
                interactions.item_codes,
                targets,
                weights,
                item_factors,
                spectrum,
                pull[users],
                decay[users],
                solved,
            )
            self.user_factors[users] = solved

        for first in range(0, interactions.n_users, USERS_PER_SOLVE):
            if first:
                yield
            users = slice(first, min(first + USERS_PER_SOLVE, interactions.n_users))
            threads.run([partial(solve_for, part) for part in threads.parts(users, USERS_PER_TASK)])

    @property
    def _objective(self) -> ImplicitObjective:
        return ImplicitObjective(self.user_count, self.item_counts, self.settings["regularization"])

    @property
    def _weighted_gram(self) -> NDArray[np.float64]:
        """Q^T V Q, kept until the item factors change; float64 array, shape (factors, factors)."""
        version, kept = self._version, self._gram
        if kept is None or kept[0] != version:
            rooted = self.item_factors * np.sqrt(self._objective.zeros)[:, None].astype(np.float32)
            kept = self._gram = (version, (rooted.T @ rooted).astype(np.float64))
        return kept[1]

    def _learn(self, update: OnlineUpdate) -> None:
        user, items, values, orders, update_items = update
        logs, n = np.log(values), len(items)
        mean = np.array([logs.mean()], np.float32)
        targets = self._relative(logs - logs.mean())
        user_zero, user_decay = (np.array([pull / n]) for pull in self._objective.of_users(np.array(n)))
        axes, spectrum = balance.principal_axes(self._weighted_gram)
        p: NDArray[np.float32] = self.user_factors[[user]] @ axes
        # Items are held by everybody else, too: only their error on this listener moves them.
        nothing = np.zeros(n)
        steps = (
            sgd.row_steps(user_zero, user_decay, np.ones(1)),
            sgd.row_steps(
                nothing, nothing, self._objective.pair_weights[items], sgd.FIRST_SUM / LEARNING_ON**2
            ),
        )
        q = kept = self.item_factors[items] @ axes
        for step, order in enumerate(orders):
            if not update_items:
                # Each item comes once in a pass, so what it learns there changes nothing in it.
                q = kept.copy()
            sgd.sgd_implicit(
                np.zeros(n, np.int32),
                order.astype(np.int32),
                targets[order],
                p,
                q,
                *steps,
                spectrum,
                np.zeros_like(spectrum),
                np.float32(self.settings["learning_rate"] * slowed_down(step, len(orders))),
            )
        p, q = p @ axes.T, q @ axes.T
        self._keep_if_finite(user, user_factors=p, user_log_means=mean)
        if update_items:
            self.item_factors[items] = q
            self._version += 1

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        return self.item_factors @ self._taste(known.items, known.values).vector.astype(np.float32)

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        taste = self._taste(known.items, known.values)
        spread = np.linalg.solve(taste.matrix, self.item_factors[wanted].astype(np.float64).T)
        return Contributions(spread.T @ taste.pulls, {})

    def _taste(self, items: NDArray[np.int32], values: NDArray[np.float64]) -> _Taste:
        """Solve for a listener who plays these items; those with value 0 they do not want.

        An unwanted item d adds to the objective s (p.q_d)^2. Then A p + s (q_d.p) q_d = b, so
        p = A^-1 (b - s (q_d.p) q_d): what it takes away is a pull like any other.
        """
        plays = values > 0
        logs = np.log(values[plays])
        targets = self._relative(logs - logs.mean()).astype(np.float64)
        factors = self.item_factors[items].astype(np.float64)
        known, weights = factors[plays], self._objective.pair_weights[items[plays]]
        if not known.any():
            raise InputError(
                "Nobody here knows any of these, so nothing follows from them. Add one that is known."
            )
        pull, decay = self._objective.of_users(np.array(len(known)))
        matrix = (known.T * weights) @ known + pull * self._weighted_gram
        matrix.flat[:: len(matrix) + 1] += decay + solve.TINY_RIDGE * np.trace(matrix)
        right = (weights * targets) @ known
        unwanted = factors[~plays]
        strength = UNWANTED_WEIGHT * (1 + self._objective.zero_weight)
        vector = np.linalg.solve(matrix + strength * (unwanted.T @ unwanted), right).astype(np.float64)
        pulls = factors.T.copy()
        pulls[:, plays] *= weights * targets
        pulls[:, ~plays] *= -strength * (unwanted @ vector)
        return _Taste(matrix, pulls, vector.astype(np.float64))


class _Taste(NamedTuple):
    """A listener by the objective: A_u, what each known item adds to its right-hand side, and p_u."""

    matrix: NDArray[np.float64]
    pulls: NDArray[np.float64]
    vector: NDArray[np.float64]
