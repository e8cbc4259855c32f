"""A basis of the factors in which the pull of all zeros is one number for each factor."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from recsys.kernels.sgd import FAST
from recsys.system import threads

Floats = NDArray[np.float32]

# Rows at a time: few enough to stay in the second cache.
CHUNK = 512
# Those that one thread takes at a time; there is one sum for them.
ROWS_PER_TASK = 4 * CHUNK
# Below it, sums of squares in float32 have lost their digits.
NOTHING = 1e-30
# Part of a Gram matrix's trace that is added to its diagonal: more than the rounding in float32 sums, so that it has
# an inverse.
RIDGE = 1e-5


class Balance(NamedTuple):
    """A change of basis, p -> p turn_p and q -> q turn_q, that leaves every p.q as it is.

    Attributes
    ----------
    turn_p, turn_q : float32 array, shape (factors, factors)
    spectrum_p, spectrum_q : float32 array, shape (factors,)
        The diagonals of both Gram matrices afterwards, ascending; the rest of them is 0.
    """

    turn_p: Floats
    turn_q: Floats
    spectrum_p: Floats
    spectrum_q: Floats


class WeightedRows:
    """Some rows of factors and how much each counts in their Gram matrix.

    Parameters
    ----------
    factors : float32 array, shape (n, factors)
        Read and changed in place.
    rows : int64 array, shape (m,)
        Which rows, ascending; the others are 0.
    weights : array, shape (m,)
        0 or more.
    """

    def __init__(self, factors: Floats, rows: NDArray[np.int64], weights: NDArray[np.floating]) -> None:
        self._factors = factors
        self._rows = rows
        self._roots = np.sqrt(weights, dtype=np.float32)[:, None]
        # Without gaps they need not be gathered.
        self._whole = len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1
        self._parts = threads.parts(slice(0, len(rows)), ROWS_PER_TASK)

    def gram(self) -> NDArray[np.float64]:
        """Return the sum of w x x^T over the rows; float64 array, shape (factors, factors)."""
        sums = np.zeros((len(self._parts), *(self._factors.shape[1],) * 2))

        def add(place: int) -> None:
            for here in threads.parts(self._parts[place], CHUNK):
                rows = self._of(here) * self._roots[here]
                sums[place] += rows.T @ rows

        threads.run([partial(add, place) for place in range(len(self._parts))])
        return sums.sum(axis=0)

    def squares(self) -> Floats:
        """Return the diagonal of the Gram matrix; float32 array, shape (factors,)."""
        sums = np.zeros((len(self._parts), self._factors.shape[1]))

        def add(place: int) -> None:
            here = self._parts[place]
            _add_squares(self._factors, self._rows[here], self._roots[here, 0], sums[place])

        threads.run([partial(add, place) for place in range(len(self._parts))])
        return sums.sum(axis=0).astype(np.float32)

    def turn(self, matrix: Floats) -> None:
        """Multiply the rows with a matrix."""

        def work(part: slice) -> None:
            for here in threads.parts(part, CHUNK):
                self._factors[self._place(here)] = self._of(here) @ matrix

        threads.run([partial(work, part) for part in self._parts])

    def _place(self, here: slice) -> slice | NDArray[np.int64]:
        rows = self._rows[here]
        return slice(int(rows[0]), int(rows[-1]) + 1) if self._whole else rows

    def _of(self, here: slice) -> Floats:
        """Return some of the rows: a view where there are no gaps, else a copy."""
        return (
            self._factors[self._place(here)] if self._whole else self._factors.take(self._rows[here], axis=0)
        )


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def _add_squares(factors, rows, roots, sums):
    """Add up (root x_f)^2 over some rows, for each factor."""
    part = np.zeros(factors.shape[1], np.float32)
    for at in range(rows.shape[0]):
        row = factors[rows[at]]
        for f in range(factors.shape[1]):
            weighted = roots[at] * row[f]
            part[f] += weighted * weighted
    for f in range(factors.shape[1]):
        sums[f] += part[f]


def balance(gram_p: NDArray[np.float64], gram_q: NDArray[np.float64]) -> Balance:
    """Find the basis in which both Gram matrices are diagonal and, up to one number, equal.

    With G_p = L L^T and L^T G_q L = U S^2 U^T: q turns by T = L U S^-1/2, p by G_q T S^-1, which is the transpose of
    its inverse, and both matrices become S. The number keeps the ratio of their traces.

    Parameters
    ----------
    gram_p, gram_q : float64 array, shape (factors, factors)
        Weighted sums of p p^T and q q^T, both finite. Where one is about 0, so is every score, and the basis stays.

    References
    ----------
    A. Laub, M. Heath, C. Paige, R. Ward, "Computation of System Balancing Transformations and Other Applications of
    Simultaneous Diagonalization Algorithms", IEEE Transactions on Automatic Control 32(2), 1987.
    """
    factors = len(gram_p)
    size_p, size_q = np.trace(gram_p), np.trace(gram_q)
    if min(size_p, size_q) < NOTHING:
        same, nothing = np.identity(factors, np.float32), np.zeros(factors, np.float32)
        return Balance(same, same, nothing, nothing)
    ridge = RIDGE * np.identity(factors)
    lower = np.linalg.cholesky(gram_p / size_p + ridge)
    right = gram_q / size_q + ridge
    squares, axes = np.linalg.eigh(lower.T @ right @ lower)
    # The ridges are a lower bound, but for rounding.
    spectrum = np.sqrt(np.maximum(squares, RIDGE**2))
    turn_q = lower @ (axes / np.sqrt(spectrum))
    turn_p = right @ (turn_q / spectrum)
    turned = (array.astype(np.float32) for array in (turn_p, turn_q, spectrum * size_p, spectrum * size_q))
    return Balance(*turned)


def principal_axes(gram: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Return the eigenvectors of a Gram matrix, in columns, and its eigenvalues, at least 0; both ascending."""
    spectrum, axes = np.linalg.eigh(gram)
    return axes.astype(np.float32), np.maximum(spectrum, 0).astype(np.float32)
