"""EASE: embarrassingly shallow autoencoders, plain or scaled by popularity."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models import blas
from recsys.models.base import Contributions, Model, SparseShape
from recsys.models.value_matrix import Feedback, noise_norm, play_matrix
from recsys.system.memory import available

# Columns whose products are taken at once: a small part of the matrix, and soon done.
COLUMNS = 512


class EASE(Model):
    """Predicts each item of a user linearly from all others, with the least squared error there is.

    With X the values, B minimises sum_u w_u |x_u - x_u B|^2 + sum_ij r_i b_ij^2 while its diagonal is zero:
    B = I - P / diag(P), where P = (Y^T Y + diag(r))^-1, Y = diag(w)^1/2 X, and column j of P is divided by
    P_jj. The scores X B are multiplied with c_j^-discount, c_j being the number of users of item j.

    w_u is n_u^-activity_power for a user with n_u pairs, scaled so that its mean over all pairs is 1.

    r_j is lambda (sqrt(n') + sqrt(c'))^2 (c_j / c')^ridge_power, with n' pairs of a user and c' of an item
    on average: the root terms are the largest singular value that a matrix of as many ones at random
    would have, so that the same lambda suits small and large data. Powers and a discount of 0 are the
    published model.

    Where users are fewer than items it is P = D - D Y^T K^-1 Y D with D = diag(1 / r) and
    K = I + Y D Y^T, a matrix of users' size; so are memory and time, and the scores are the same.

    Attributes
    ----------
    user_values : csr_array of float32, shape (n_users, n_items)
        X.
    inverse : float32 array, shape (smaller, smaller)
        P where items are at most as many as users, else K^-1. Worked out in single precision: with the
        ridge its condition is far from what that can tell apart, and it takes half the memory and time.
    ridge, diagonal, discounts : float32 array, shape (n_items,)
        r_j, P_jj and c_j^-discount.

    References
    ----------
    H. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equations 4 to 8;
    M. Woodbury, "Inverting Modified Matrices", 1950, for the smaller side. Computed by LAPACK's Cholesky
    factorization.
    """

    name = "ease"
    label = "EASE"
    about = (
        "Learns how much each {nouns.item} that a {nouns.user} {nouns.does} says about every other one, all at once "
        "and exactly: a linear regression without a learning rate. Often the best there is where tastes are narrow. "
        "It needs memory for a square matrix of the {nouns.users} or the {nouns.items}, whichever are fewer."
    )
    target = "summed weights of the {nouns.items} {nouns.done}"
    defaults = {
        "regularization": 1.0,
        "ridge_power": 0.5,
        "discount": 0.15,
        "activity_power": 0.0,
        "plays": "log",
        "half_life": 0.0,
    }
    learned = {
        "user_values": SparseShape(("users", "items")),
        "inverse": ("smaller", "smaller"),
        "ridge": ("items",),
        "diagonal": ("items",),
        "discounts": ("items",),
    }
    supports_fold_in = True

    user_values: sparse.csr_array
    inverse: NDArray[np.float32]
    ridge: NDArray[np.float32]
    diagonal: NDArray[np.float32]
    discounts: NDArray[np.float32]

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Solve, yielding the part that is done.

        Raises
        ------
        InputError
            Before anything is done, if the matrix would not fit into the memory that is left; in the end,
            if it has no inverse.
        """
        check_memory(min(interactions.n_users, interactions.n_items))
        blas.keep_to_one_thread()
        self.ridge, self.discounts = ridge_and_discounts(interactions, self.settings)
        self.user_values = play_matrix(interactions, self.settings["plays"], self.settings["half_life"])
        self.inverse = yield from self._invert()
        if self._by_users:
            self.diagonal = yield from self._diagonal()
        else:
            self.diagonal = self.inverse.diagonal().copy()
        yield 1.0

    @property
    def n_items(self) -> int:
        """Number of items that it was trained on, those without pairs included."""
        return len(self.ridge)

    @property
    def _by_users(self) -> bool:
        """Whether `inverse` is of users' size."""
        return self.user_values.shape[0] < self.user_values.shape[1]

    def _invert(self) -> Generator[float, None, NDArray[np.float32]]:
        """Return the inverse of X^T X + diag(r), or of K; the parts that are done are guesses."""
        values = self._weighted_values()
        if self._by_users:
            rows, columns, ridge = self._ridged(values), values.T.tocsc(), np.ones(values.shape[0])
        else:
            rows, columns, ridge = values.T.tocsr(), values.tocsc(), self.ridge
        size = len(ridge)
        matrix = np.empty((size, size), np.float32, order="F")
        for part in _parts(size):
            matrix[:, part] = (rows @ columns[:, part]).toarray()
            if part.stop < size:
                yield 0.3 * part.stop / size
        diagonal = np.einsum("ii->i", matrix)
        diagonal += ridge
        solved = blas.factorize(matrix)
        if size > COLUMNS:
            yield 0.5
        if not (solved and blas.invert_factor(matrix)) or not np.isfinite(matrix.diagonal()).all():
            raise InputError("The equations have no stable solution. Raise lambda (regularization).")
        for part in _parts(size):  # LAPACK leaves the upper triangle as it was
            matrix[: part.start, part] = matrix[part, : part.start].T
            block = np.tril(matrix[part, part])
            matrix[part, part] = block + np.tril(block, -1).T
        return matrix.T  # symmetric, and in C's order

    def _diagonal(self) -> Generator[float, None, NDArray[np.float32]]:
        """Return P_jj where `inverse` is K^-1."""
        columns = self._weighted_values().tocsc()
        ridge = self.ridge.astype(np.float64)
        diagonal = 1 / ridge
        for part in _parts(self.n_items):
            block = columns[:, part]
            # K^-1 is symmetric; on the left it would be copied for each part
            explained = block.multiply((block.T @ self.inverse).T).sum(axis=0)
            diagonal[part] -= explained / np.square(ridge[part])
            if part.stop < self.n_items and len(self.inverse) > COLUMNS:
                yield 0.8 + 0.2 * part.stop / self.n_items
        return diagonal.astype(np.float32)

    def _roots(self) -> NDArray[np.float32]:
        """Return the root of w_u; shape (n_users,)."""
        counts = np.diff(self.user_values.indptr)
        weights = np.maximum(counts, 1.0) ** -self.settings["activity_power"]
        return np.sqrt(weights * (counts.sum() / (weights @ counts))).astype(np.float32)

    def _weighted_values(self) -> sparse.csr_array:
        """Return Y; X itself where all users count alike."""
        if not self.settings["activity_power"]:
            return self.user_values
        return (sparse.diags_array(self._roots()) @ self.user_values).tocsr()

    def _ridged(self, rows: sparse.csr_array) -> sparse.csr_array:
        """Return X D of some rows."""
        return (rows @ sparse.diags_array(1 / self.ridge)).tocsr()

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return X B, discounted, for every item; float32 array, shape (len(users), n_items)."""
        if self._by_users:  # (I - Y D Y^T K^-1) Y D, and K^-1 = I - Y D Y^T K^-1
            own = self.inverse[users] / self._roots()[users, None]
            return self._weighted(self.user_values[users], own @ self._ridged(self._weighted_values()))
        return self._weighted(self.user_values[users])

    def _weighted(
        self, rows: sparse.csr_array, rotated: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return the scores of users with these values, given X P where it is known."""
        if rotated is None and self._by_users:
            ridged, values = self._ridged(rows), self._weighted_values()
            match = (ridged @ values.T).toarray() @ self.inverse
            rotated = ridged.toarray() - match @ self._ridged(values)
        elif rotated is None:
            rotated = rows @ self.inverse
        return np.ascontiguousarray((rows.toarray() - rotated / self.diagonal) * self.discounts, np.float32)

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        row = known.row(self.settings["plays"], self.settings["half_life"])
        places = np.zeros(len(row), np.int32), known.items
        return self._weighted(sparse.csr_array((row, places), shape=(1, self.n_items)))[0]

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        items = known.items
        own = (items == wanted[:, None]).astype(np.float64)
        if self._by_users:
            columns = self._weighted_values().tocsc().astype(np.float64)
            inner = columns[:, wanted].T @ (self.inverse @ columns[:, items])
            ridge = self.ridge.astype(np.float64)
            inverse = own / ridge[items] - inner / (ridge[wanted][:, None] * ridge[items])
        else:
            inverse = self.inverse[np.ix_(wanted, items)].astype(np.float64)
        weights = (own - inverse / self.diagonal[wanted][:, None]) * self.discounts[wanted][:, None]
        return Contributions(weights * known.row(self.settings["plays"], self.settings["half_life"]), {})


def ridge_and_discounts(
    interactions: Interactions, settings: dict[str, Any]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return r_j and c_j^-discount of `EASE`; float32 arrays, shape (n_items,)."""
    counts = np.maximum(interactions.item_counts, 1)
    per_user = len(interactions) / int(np.count_nonzero(interactions.user_counts))
    per_item = len(interactions) / int(np.count_nonzero(interactions.item_counts))
    strength = settings["regularization"] * noise_norm(per_user, per_item) ** 2
    ridge = strength * (counts / per_item) ** settings["ridge_power"]
    return ridge.astype(np.float32), (counts ** -settings["discount"]).astype(np.float32)


def _parts(size: int) -> list[slice]:
    return [slice(first, min(first + COLUMNS, size)) for first in range(0, size, COLUMNS)]


def memory_needed(size: int) -> float:
    """Return the bytes that a matrix of this many rows and columns takes, with what is worked on beside it."""
    return 4 * size**2 * 1.1


def check_memory(size: int) -> None:
    """Raise an `InputError` if a matrix of this many rows and columns does not fit into the memory that is left."""
    needed, left = memory_needed(size), available()
    if needed > left:
        raise InputError(
            f"EASE solves a system of {size:,} equations here: that needs {needed / 1e9:.1f} GB of memory, and "
            f"{left / 1e9:.1f} GB are left. Train 'slim' instead: it looks at the nearest neighbours only."
        )
