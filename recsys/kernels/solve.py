"""Ridge solution of user factors against fixed item factors."""

import numba
import numpy as np

from recsys.kernels.sgd import FAST

# Part of a matrix's trace that is added to its diagonal, so that it has an inverse in float32.
TINY_RIDGE = np.float32(1e-6)
# Of the right-hand side: where conjugate gradients end, at what float32 can tell.
TOLERANCE = np.float32(1e-6)


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def solve_users(starts, item_codes, targets, weights, q, spectrum, zero, decay, p):
    """Fill p with (sum of w q q^T + zero diag(spectrum) + decay I)^-1 (sum of w target q).

    By conjugate gradients from 0, in units in which the diagonal part is the identity: what is left of the matrix
    has as many eigenvalues other than 1 as the user has pairs, and a few steps find the solution to rounding.

    Parameters
    ----------
    starts : int64 array, shape (n_users + 1,)
        User u has the pairs from starts[u] to starts[u + 1].
    item_codes : int32 array, shape (n,)
    targets : float32 array, shape (n,)
    weights : float32 array, shape (n_items,)
    q : float32 array, shape (n_items, factors)
        In a basis in which the Gram matrix of the zeros is diagonal.
    spectrum : float32 array, shape (factors,)
        Its diagonal; 0 or more.
    zero, decay : float32 array, shape (n_users,)
    p : float32 array, shape (n_users, factors)
        Overwritten; 0 for users without pairs.

    References
    ----------
    M. Hestenes, E. Stiefel, "Methods of Conjugate Gradients for Solving Linear Systems", Journal of Research of the
    National Bureau of Standards 49(6), 1952.
    """
    factors = q.shape[1]
    longest = 0
    for u in range(p.shape[0]):
        longest = max(longest, starts[u + 1] - starts[u])
    rows = np.empty((longest, factors), np.float32)
    unit, rest, way, image = (
        np.empty(factors, np.float32),
        np.empty(factors, np.float32),
        np.empty(factors, np.float32),
        np.empty(factors, np.float32),
    )
    for u in range(p.shape[0]):
        first = starts[u]
        n = starts[u + 1] - first
        p[u, :] = 0
        if n == 0:
            continue
        trace = np.float32(0)
        for f in range(factors):
            trace += zero[u] * spectrum[f]
        for b in range(n):
            i = np.uint32(item_codes[first + b])
            for f in range(factors):
                trace += weights[i] * q[i, f] * q[i, f]
        if not trace > 0:
            continue
        # Without regularization a matrix of few rows has no inverse.
        ridge = decay[u] + TINY_RIDGE * trace
        for f in range(factors):
            unit[f] = np.float32(1) / np.sqrt(zero[u] * spectrum[f] + ridge)
            rest[f] = 0
        for b in range(n):
            i = np.uint32(item_codes[first + b])
            root = np.sqrt(weights[i])
            pull = root * targets[first + b]
            for f in range(factors):
                rows[b, f] = root * q[i, f] * unit[f]
                rest[f] += pull * rows[b, f]
        square = np.float32(0)
        for f in range(factors):
            square += rest[f] * rest[f]
        for f in range(factors):
            way[f] = rest[f]
        enough = TOLERANCE * TOLERANCE * square
        for _ in range(4 * factors + 10):
            if square <= enough:
                break
            for f in range(factors):
                image[f] = way[f]
            for b in range(n):
                match = np.float32(0)
                for f in range(factors):
                    match += rows[b, f] * way[f]
                for f in range(factors):
                    image[f] += match * rows[b, f]
            curvature = np.float32(0)
            for f in range(factors):
                curvature += way[f] * image[f]
            step = square / curvature
            before = square
            square = np.float32(0)
            for f in range(factors):
                p[u, f] += step * way[f]
                rest[f] -= step * image[f]
            for f in range(factors):
                square += rest[f] * rest[f]
            for f in range(factors):
                way[f] = rest[f] + square / before * way[f]
        for f in range(factors):
            p[u, f] *= unit[f]


@numba.njit(nogil=True, cache=True)
def solve_on_neighbours(items, starts, codes, products, diagonal, neighbour_starts, neighbours, weights):
    """Solve (G + R) w = g for the neighbours of each item, where G and g hold products of two items.

    Parameters
    ----------
    items : int64 array
        Items to solve for.
    starts : int array, shape (n_items + 1,)
        Item a has known products with `codes[starts[a]:starts[a + 1]]`, ascending; those of its
        neighbours are among them.
    codes : int array
    products : float32 array
        As long as `codes`; a product that neither item of a pair has counts as 0.
    diagonal : float32 array, shape (n_items,)
        Each item's product with itself, plus its ridge, above 0.
    neighbour_starts : int64 array, shape (n_items + 1,)
    neighbours : int array
        Item a is solved for `neighbours[neighbour_starts[a]:neighbour_starts[a + 1]]`.
    weights : float32 array
        As long as `neighbours`; filled for these items.
    """
    for item in items:
        first, last = neighbour_starts[item], neighbour_starts[item + 1]
        if first == last:
            continue
        own = neighbours[first:last]
        matrix = np.empty((len(own), len(own)), np.float32)
        right = np.empty(len(own), np.float32)
        for a in range(len(own)):
            right[a] = _product(item, own[a], starts, codes, products)
            matrix[a, a] = diagonal[own[a]]
            for b in range(a):
                product = _product(own[a], own[b], starts, codes, products)
                matrix[a, b] = product
                matrix[b, a] = product
        weights[first:last] = np.linalg.solve(matrix, right)


@numba.njit(nogil=True, cache=True)
def _product(a, b, starts, codes, products):
    """Return the product of two items by bisection, in the list of the first or else of the second; 0 without."""
    for one, other in ((a, b), (b, a)):
        low, high = starts[one], starts[one + 1]
        while low < high:
            middle = (low + high) // 2
            if codes[middle] < other:
                low = middle + 1
            else:
                high = middle
        if low < starts[one + 1] and codes[low] == other:
            return products[low]
    return np.float32(0)
