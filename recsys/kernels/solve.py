"""Ridge solution of user factors against fixed item factors."""

import numba
import numpy as np

from recsys.kernels.sgd import FAST

# Part of a matrix's trace that is added to its diagonal, so that it has an inverse in float32.
TINY_RIDGE = np.float32(1e-6)


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def solve_users(starts, item_codes, targets, weights, q, gram, zero, decay, p):
    """Fill p with (sum of w q q^T + zero gram + decay I)^-1 (sum of w target q), exactly.

    Parameters
    ----------
    starts : int64 array, shape (n_users + 1,)
        User u has the pairs from starts[u] to starts[u + 1].
    item_codes : int32 array, shape (n,)
    targets, weights : float32 array, shape (n,)
    q : float32 array, shape (n_items, factors)
    gram : float32 array, shape (factors, factors)
    zero, decay : float32 array, shape (n_users,)
    p : float32 array, shape (n_users, factors)
        Overwritten; 0 for users without pairs.
    """
    factors = q.shape[1]
    longest = 0
    for u in range(p.shape[0]):
        longest = max(longest, starts[u + 1] - starts[u])
    rows = np.empty((longest, factors), np.float32)
    right = np.empty(factors, np.float32)
    for u in range(p.shape[0]):
        first = starts[u]
        n = starts[u + 1] - first
        if n == 0:
            p[u, :] = 0
            continue
        right[:] = 0
        for b in range(n):
            i = np.uint32(item_codes[first + b])
            weight = weights[first + b]
            root = np.sqrt(weight)
            pull = weight * targets[first + b]
            for f in range(factors):
                rows[b, f] = root * q[i, f]
                right[f] += pull * q[i, f]
        matrix = np.dot(rows[:n].T, rows[:n])
        trace = np.float32(0.0)
        for f in range(factors):
            for g in range(factors):
                matrix[f, g] += zero[u] * gram[f, g]
            trace += matrix[f, f]
        # Without regularization a matrix of few rows has no inverse.
        for f in range(factors):
            matrix[f, f] += decay[u] + TINY_RIDGE * trace
        p[u, :] = np.linalg.solve(matrix, right)


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
