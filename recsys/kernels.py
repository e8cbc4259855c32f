"""The hot loops. Arrays in, factors changed in place, one number out.

Every kernel releases the GIL, so a long one does not hold up the server, and none checks
an index: codes come from `Interactions`, which did.
"""

import numba
import numpy as np

# Never the bare `fastmath=True`: with "nnan" in it, isnan is always False.
FAST = {"reassoc", "contract", "arcp", "nsz", "afn"}


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_article(user_codes, item_codes, targets, p, q, learning_rate, regularization):
    """Go once over the pairs as the article does: p first, then q with the new p.

    Parameters
    ----------
    user_codes, item_codes : int32 array, shape (n,)
    targets : float32 array, shape (n,)
    p, q : float32 array, shape (n_users, factors) and (n_items, factors)
        Changed in place.
    learning_rate, regularization : float32
    """
    factors = p.shape[1]
    for row in range(targets.shape[0]):
        u = np.uint32(user_codes[row])
        i = np.uint32(item_codes[row])
        error = targets[row]
        for f in range(factors):
            error -= p[u, f] * q[i, f]
        for f in range(factors):
            p_new = p[u, f] + learning_rate * (error * q[i, f] - regularization * p[u, f])
            q[i, f] += learning_rate * (error * p_new - regularization * q[i, f])
            p[u, f] = p_new


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_biased(
    user_codes,
    item_codes,
    targets,
    mean,
    user_bias,
    item_bias,
    p,
    q,
    learning_rate,
    regularization,
):
    """Go once over the pairs for r_ui = mean + b_u + b_i + p_u.q_i.

    Parameters
    ----------
    user_codes, item_codes : int32 array, shape (n,)
    targets : float32 array, shape (n,)
    mean : float32
    user_bias, item_bias : float32 array, shape (n_users,) and (n_items,)
        Changed in place.
    p, q : float32 array, shape (n_users, factors) and (n_items, factors)
        Changed in place.
    learning_rate, regularization : float32
    """
    factors = p.shape[1]
    for row in range(targets.shape[0]):
        u = np.uint32(user_codes[row])
        i = np.uint32(item_codes[row])
        error = targets[row] - mean - user_bias[u] - item_bias[i]
        for f in range(factors):
            error -= p[u, f] * q[i, f]
        user_bias[u] += learning_rate * (error - regularization * user_bias[u])
        item_bias[i] += learning_rate * (error - regularization * item_bias[i])
        for f in range(factors):
            p_old = p[u, f]
            p[u, f] += learning_rate * (error * q[i, f] - regularization * p_old)
            q[i, f] += learning_rate * (error * p_old - regularization * q[i, f])


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def squared_error(user_codes, item_codes, targets, mean, user_bias, item_bias, p, q):
    """Sum of (target - prediction)^2 over the pairs, as a float64.

    The sum is float64 because a running float32 one loses digits over millions of pairs.
    """
    factors = p.shape[1]
    total = 0.0
    for row in range(targets.shape[0]):
        u = np.uint32(user_codes[row])
        i = np.uint32(item_codes[row])
        error = targets[row] - mean - user_bias[u] - item_bias[i]
        for f in range(factors):
            error -= p[u, f] * q[i, f]
        total += np.float64(error) * np.float64(error)
    return total


@numba.njit(nogil=True, cache=True)
def top_n(scores, starts, seen, order, items, best):
    """Find the highest scores of each row among the items that its user has not seen.

    Parameters
    ----------
    scores : float32 array, shape (rows, n_items)
        Overwritten: seen items become minus infinity.
    starts : int64 array, shape (rows + 1,)
        Row r has seen `seen[starts[r]:starts[r + 1]]`.
    seen : int32 array
    order : int32 array, shape (n_items,)
        Among equal scores, the item that comes first here wins.
    items : int32 array, shape (rows, n)
        Filled with item codes, best first; -1 where there are not enough items.
    best : float32 array, shape (rows, n)
        Filled with their scores.
    """
    n = items.shape[1]
    for row in range(scores.shape[0]):
        for at in range(starts[row], starts[row + 1]):
            scores[row, seen[at]] = -np.inf
        filled = 0
        for at in range(order.shape[0]):
            item = order[at]
            score = scores[row, item]
            if not score > -np.inf:
                continue
            if filled == n and score <= best[row, n - 1]:
                continue
            place = filled if filled < n else n - 1
            while place > 0 and best[row, place - 1] < score:
                best[row, place] = best[row, place - 1]
                items[row, place] = items[row, place - 1]
                place -= 1
            best[row, place] = score
            items[row, place] = item
            if filled < n:
                filled += 1
        for place in range(filled, n):
            items[row, place] = -1
            best[row, place] = -np.inf
