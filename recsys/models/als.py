"""Implicit ALS: weighted matrix factorization by alternating least squares, with the package `implicit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models import blas, implicit_package
from recsys.models.base import Contributions
from recsys.models.matrix_factorization import FactorModel
from recsys.models.value_matrix import Feedback, play_matrix, play_row
from recsys.system import threads

USERS_PER_SOLVE = 2_048


class ALS(FactorModel):
    """Weighted matrix factorization of all pairs, observed or not, by alternating least squares.

    Minimises the sum over *all* pairs of c_ui (x_ui - p_u.q_i)^2 plus lambda (|p_u|^2 + |q_i|^2) for
    each user and item, where x_ui is 1 for observed pairs with c_ui = alpha y_ui, and 0 for the others with
    c_ui = 1; y_ui is log(1 + value) over the user's mean of it. With all q fixed the best p solve a
    linear equation each, and vice versa; an epoch takes three conjugate gradient steps towards them.
    Training ends with the exact p_u of every user, by the same equation that folds in a new user.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008,
    equations 3 to 5, and 7 for the contributions; G. Takacs, I. Pilaszy, D. Tikk, "Applications of the
    Conjugate Gradient Method for Implicit Feedback Collaborative Filtering", RecSys 2011. Computed by
    `implicit.als`.
    """

    name = "als"
    label = "Implicit ALS"
    about = (
        "Like Implicit MF it learns from what a {nouns.user} does not {nouns.do}, too, but solves for all "
        "{nouns.users} at once, then for all {nouns.items}, and so on: no learning rate, and few epochs. The "
        "workhorse of large services; strong lists, at more time for each epoch."
    )
    target = "preference, about 0 to 1"
    defaults = {"factors": 128, "alpha": 20.0, "regularization": 80.0, "epochs": 15, "seed": 0}
    supports_fold_in = True
    uses_negative_feedback = True

    # Q^T Q, computed when the first user is folded in.
    _gram: NDArray[np.float64] | None = None

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Train, yielding the number of epochs done so far."""
        package = self._package()
        values = sparse.csr_matrix(play_matrix(interactions))
        epochs = int(self.settings["epochs"])
        for epoch in range(1, epochs + 1):
            try:
                with threads.lease() as package.num_threads:
                    package.fit(values, show_progress=False)
                self.user_factors, self.item_factors = package.user_factors, package.item_factors
                self._gram = None
                if epoch == epochs:
                    for _ in self._solve(values):
                        yield float(np.nextafter(epoch, 0))  # not whole until the last user is solved
            except _breakdown() as error:
                raise InputError(
                    f"Training broke down in epoch {epoch}: the equations have no stable solution. "
                    "Raise lambda (regularization), or lower alpha."
                ) from error
            yield float(epoch)

    def finalize(self, interactions: Interactions) -> bool:
        """Solve for all user factors, given the item factors."""
        try:
            for _ in self._solve(sparse.csr_matrix(play_matrix(interactions))):
                pass
        except _breakdown():
            return False
        return True

    def load_state(self, state: dict[str, Any]) -> None:
        """Set all learned attributes from `state`."""
        super().load_state(state)
        self._gram = None

    def _package(self) -> Any:
        blas.keep_to_one_thread()
        return implicit_package.load("cpu.als").AlternatingLeastSquares(
            factors=self.settings["factors"],
            alpha=self.settings["alpha"],
            regularization=self.settings["regularization"],
            iterations=1,  # each call of `fit` goes on from the factors so far
            num_threads=1,  # until it is told how many are free: the result is the same for any number
            random_state=self.settings["seed"],
        )

    def _solve(self, values: sparse.csr_matrix) -> Iterator[None]:
        """Solve for the factors of all users; pause after each block of them but the last."""
        package = self._package()
        package.item_factors = self.item_factors
        factors = np.empty_like(self.user_factors)
        for first in range(0, len(factors), USERS_PER_SOLVE):
            if first:
                yield
            users = np.arange(first, min(first + USERS_PER_SOLVE, len(factors)))
            with threads.lease() as package.num_threads:
                factors[users] = package.recalculate_user(users, values[users])
        self.user_factors = factors

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        return self.item_factors @ self._parts(known.items, known.values).sum(axis=1).astype(np.float32)

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        return Contributions(
            self.item_factors[wanted].astype(np.float64) @ self._parts(known.items, known.values), {}
        )

    def _parts(self, items: NDArray[np.int32], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `user_parts` with this model's factors and settings."""
        if self._gram is None:
            self._gram = (self.item_factors.T @ self.item_factors).astype(np.float64)
        factors = self.item_factors[items]
        if not factors[values > 0].any():
            raise InputError(
                "Nobody here knows any of these, so nothing follows from them. Add one that is known."
            )
        confidence = self.settings["alpha"] * play_row(values).astype(np.float64)
        return user_parts(self._gram, factors, confidence, self.settings["regularization"])


def _breakdown() -> tuple[type[Exception], ...]:
    """Return the errors of equations without a stable solution."""
    return implicit_package.load("recommender_base").ModelFitError, ValueError


def user_parts(
    gram: NDArray[np.float64],
    factors: NDArray[np.floating],
    confidence: NDArray[np.float64],
    regularization: float,
) -> NDArray[np.float64]:
    """Return each item's part in the factors p_u of a user; they add up to p_u.

    p_u = A^-1 (sum of c_j q_j over the items with positive feedback), A = Q^T Q + (sum of (c_j - 1) q_j q_j^T over
    all items with feedback) + lambda I. Items with negative feedback take part in A alone, with the mean
    confidence of the others (1 at least).

    Parameters
    ----------
    gram : float64 array, shape (factors, factors)
        Q^T Q of all items.
    factors : array, shape (n_known, factors)
        q_j of the items with feedback.
    confidence : float64 array, shape (n_known,)
        c_j; 0 for negative feedback. At least one is above 0.
    regularization : float
        Lambda.

    Returns
    -------
    float64 array, shape (factors, n_known)

    Raises
    ------
    InputError
        If the equation has no solution.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008,
    equations 4 and 7.
    """
    known, positive = factors.astype(np.float64), confidence > 0
    excess = np.where(positive, confidence, max(1.0, confidence[positive].mean())) - 1
    matrix = gram + (known.T * excess) @ known
    matrix.flat[:: len(matrix) + 1] += regularization
    try:
        return np.linalg.solve(matrix, known.T * confidence)
    except np.linalg.LinAlgError:
        raise InputError(
            "The equations of this model have no solution: it needs more regularization."
        ) from None
