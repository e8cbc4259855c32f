"""SGD kernels: arrays in, factors changed in place, one number out.

Every kernel releases the GIL, so a long one does not hold up the server, and none checks
an index: codes come from `Interactions`, which did.
"""

import numba
import numpy as np

# Never the bare `fastmath=True`: with "nnan" in it, isnan is always False. A loop that sums must not store as well: it
# is compiled twice, for arrays that may overlap too, in another order of the sum, and where they lie then decides.
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


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def absolute_error(user_codes, item_codes, targets, mean, user_bias, item_bias, p, q):
    """Sum of |target - prediction| over the pairs, as a float64.

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
        total += np.float64(abs(error))
    return total


@numba.njit(nogil=True, cache=True)
def arrange(
    user_codes,
    item_codes,
    targets,
    group_of_user,
    block_of_item,
    n_groups,
    starts,
    new_user_codes,
    new_item_codes,
    new_targets,
    seed,
):
    """Sort pairs into cells by counting, and shuffle each cell.

    Parameters
    ----------
    user_codes, item_codes : int32 array, shape (n,)
    targets : float32 array, shape (n,)
    group_of_user, block_of_item : int32 array, shape (n_users,) and (n_items,)
        A pair belongs to the cell block * n_groups + group.
    n_groups : int
    starts : int64 array, shape (n_cells + 1,)
        Zeros; filled with where each cell begins.
    new_user_codes, new_item_codes, new_targets : as the first three
        Overwritten.
    seed : uint64
        Of the shuffle: Fisher and Yates' with numbers from splitmix64 (G. Steele, D. Lea,
        C. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
    """
    for row in range(targets.shape[0]):
        u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
        starts[block_of_item[i] * n_groups + group_of_user[u] + 1] += 1
    for cell in range(1, starts.shape[0]):
        starts[cell] += starts[cell - 1]
    free = starts.copy()
    for row in range(targets.shape[0]):
        u, i = np.uint32(user_codes[row]), np.uint32(item_codes[row])
        cell = block_of_item[i] * n_groups + group_of_user[u]
        place = np.uint64(free[cell])
        free[cell] += 1
        new_user_codes[place] = user_codes[row]
        new_item_codes[place] = item_codes[row]
        new_targets[place] = targets[row]
    state = np.uint64(seed)
    for cell in range(starts.shape[0] - 1):
        first = np.uint64(starts[cell])
        for left in range(np.uint64(starts[cell + 1]) - first, np.uint64(1), -1):
            state += np.uint64(0x9E3779B97F4A7C15)
            mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed ^= mixed >> np.uint64(31)
            # The upper half of the bits, scaled to 0 .. left - 1.
            a = first + (((mixed >> np.uint64(32)) * np.uint64(left)) >> np.uint64(32))
            b = first + np.uint64(left) - np.uint64(1)
            new_user_codes[a], new_user_codes[b] = new_user_codes[b], new_user_codes[a]
            new_item_codes[a], new_item_codes[b] = new_item_codes[b], new_item_codes[a]
            new_targets[a], new_targets[b] = new_targets[b], new_targets[a]


# One row's part in a step: AdaGrad's sum of squared gradients, the weight of its zeros and of its regularization
# in one step, and what the error of its pairs is multiplied by.
# Each has a cache line of its own: two threads never write to the same one.
ROW_STEP = np.dtype({"names": ["total", "zeros", "decay", "weight"], "formats": ["f4"] * 4, "itemsize": 64})
# AdaGrad's sum before the first step.
FIRST_SUM = 0.1


def row_steps(zeros, decay, weight, total=FIRST_SUM):
    """Return an array of `ROW_STEP`."""
    steps = np.empty(len(zeros), ROW_STEP)
    steps["total"], steps["zeros"], steps["decay"], steps["weight"] = total, zeros, decay, weight
    return steps


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_implicit(
    user_codes,
    item_codes,
    targets,
    p,
    q,
    user_steps,
    item_steps,
    user_spectrum,
    item_spectrum,
    learning_rate,
):
    """Go once over known pairs; each step sees its own error and its share of all the zeros.

    In a basis in which the Gram matrix of q is diagonal, the zeros pull every factor of p by a number of its own:
    p_f' = -z l_f p_f, whose exact flow is exp(-t z l_f). That and the regularization shrink a row by
    max(1 - x / 2, 0)^2, close to exp(-x), where x = rate (z l_f + d): no step can overshoot, however large it is.
    AdaGrad's sums, one for each row, are those of the pairs and the regularization.

    Parameters
    ----------
    user_codes, item_codes : int32 array, shape (n,)
    targets : float32 array, shape (n,)
    p, q : float32 array, shape (n_users, factors) and (n_items, factors)
        Changed in place.
    user_steps, item_steps : array of ROW_STEP, shape (n_users,) and (n_items,)
        `total` is changed in place.
    user_spectrum, item_spectrum : float32 array, shape (factors,)
        The diagonals of the Gram matrices: of q for the users, of p for the items.
    learning_rate : float32
    """
    factors = p.shape[1]
    one, half, least = np.float32(1), np.float32(0.5), np.float32(0)
    for row in range(targets.shape[0]):
        u = np.uint32(user_codes[row])
        i = np.uint32(item_codes[row])
        match, p_square, q_square = least, least, least
        for f in range(factors):
            match += p[u, f] * q[i, f]
            p_square += p[u, f] * p[u, f]
            q_square += q[i, f] * q[i, f]
        user, item = user_steps[u], item_steps[i]
        error = user.weight * item.weight * (targets[row] - match)
        # |e q - d p|^2 / factors, without another look at the rows
        user.total += (
            error * (error * q_square - np.float32(2) * user.decay * match) + user.decay**2 * p_square
        ) / np.float32(factors)
        item.total += (
            error * (error * p_square - np.float32(2) * item.decay * match) + item.decay**2 * q_square
        ) / np.float32(factors)
        p_rate = learning_rate / np.sqrt(user.total)
        q_rate = learning_rate / np.sqrt(item.total)
        for f in range(factors):
            p_old, q_old = p[u, f], q[i, f]
            p_kept = max(one - half * p_rate * (user.zeros * user_spectrum[f] + user.decay), least)
            q_kept = max(one - half * q_rate * (item.zeros * item_spectrum[f] + item.decay), least)
            p[u, f] = p_kept * p_kept * p_old + p_rate * error * q_old
            q[i, f] = q_kept * q_kept * q_old + q_rate * error * p_old


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def sgd_biased_by_history(
    users,
    starts,
    item_codes,
    targets,
    history,
    mean,
    user_bias,
    item_bias,
    q,
    y,
    q_sums,
    y_sums,
    user_decay,
    item_decay,
    factor_decay,
    bias_rate,
    learning_rate,
):
    """Go once over the pairs of some users for mean + b_u + b_i + q_i.(sum of h_uj y_j, j not i) / sqrt(n_u).

    Biases and q step pair by pair; the y of a user's items step once its pairs are done.

    Parameters
    ----------
    users : int64 array
        Codes of the users, in the order of their visits.
    starts : int64 array, shape (n_users + 1,)
        User u has the pairs from starts[u] to starts[u + 1].
    item_codes : int32 array, shape (n,)
    targets, history : float32 array, shape (n,)
        r_ui and h_ui.
    mean : float32
    user_bias, item_bias : float32 array, shape (n_users,) and (n_items,)
        Changed in place.
    q, y : float32 array, shape (n_items, factors)
        Changed in place.
    q_sums, y_sums : float32 array, shape (n_items,)
        AdaGrad's sums of squared gradients; changed in place.
    user_decay, item_decay, factor_decay : float32 array, shape (n_users,) or (n_items,)
        Weight of the regularization in one step.
    bias_rate, learning_rate : float32
    """
    factors = q.shape[1]
    longest = 0
    for at in range(users.shape[0]):
        longest = max(longest, starts[users[at] + 1] - starts[users[at]])
    pulls = np.empty((longest, factors), np.float32)
    total = np.empty(factors, np.float32)
    taste = np.empty(factors, np.float32)
    step = np.empty(factors, np.float32)
    share = np.float32(1.0) / np.float32(factors)
    for at in range(users.shape[0]):
        u = users[at]
        first = starts[u]
        n = starts[u + 1] - first
        if n == 0:
            continue
        scale = np.float32(1.0) / np.sqrt(np.float32(n))
        taste[:] = 0
        total[:] = 0
        for b in range(n):
            i = np.uint32(item_codes[first + b])
            for f in range(factors):
                taste[f] += history[first + b] * y[i, f]
        for b in range(n):
            i = np.uint32(item_codes[first + b])
            match = np.float32(0.0)
            for f in range(factors):
                match += q[i, f] * (taste[f] - history[first + b] * y[i, f])
            error = targets[first + b] - mean - user_bias[u] - item_bias[i] - scale * match
            user_bias[u] += bias_rate * (error - user_decay[u] * user_bias[u])
            item_bias[i] += bias_rate * (error - item_decay[i] * item_bias[i])
            square = np.float32(0.0)
            for f in range(factors):
                pulls[b, f] = error * q[i, f]
                total[f] += pulls[b, f]
                step[f] = (
                    error * scale * (taste[f] - history[first + b] * y[i, f]) - factor_decay[i] * q[i, f]
                )
            for f in range(factors):
                square += step[f] * step[f]
            q_sums[i] += square * share
            rate = learning_rate / np.sqrt(q_sums[i])
            for f in range(factors):
                q[i, f] += rate * step[f]
        for b in range(n):
            i = np.uint32(item_codes[first + b])
            square = np.float32(0.0)
            for f in range(factors):
                step[f] = scale * history[first + b] * (total[f] - pulls[b, f]) - factor_decay[i] * y[i, f]
            for f in range(factors):
                square += step[f] * step[f]
            y_sums[i] += square * share
            rate = learning_rate / np.sqrt(y_sums[i])
            for f in range(factors):
                y[i, f] += rate * step[f]


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def mean_rows(starts, item_codes, history, y, p):
    """Fill p with the sum of h y over each user's items, over the square root of their number.

    Parameters
    ----------
    starts : int64 array, shape (n_users + 1,)
    item_codes : int32 array, shape (n,)
    history : float32 array, shape (n,)
        h.
    y : float32 array, shape (n_items, factors)
    p : float32 array, shape (n_users, factors)
        Overwritten; 0 for users without items.
    """
    factors = y.shape[1]
    for u in range(p.shape[0]):
        p[u, :] = 0
        n = starts[u + 1] - starts[u]
        if n == 0:
            continue
        for at in range(starts[u], starts[u + 1]):
            i = np.uint32(item_codes[at])
            for f in range(factors):
                p[u, f] += history[at] * y[i, f]
        scale = np.float32(1.0) / np.sqrt(np.float32(n))
        for f in range(factors):
            p[u, f] *= scale


@numba.njit(nogil=True, cache=True, fastmath=FAST)
def match_without_own(user_codes, item_codes, history, p, q, y, user_counts, matches):
    """Fill matches with q_i.(p_u - h_ui y_i / sqrt(n_u)) for each pair, where p is made by `mean_rows`."""
    factors = p.shape[1]
    for row in range(matches.shape[0]):
        u = np.uint32(user_codes[row])
        i = np.uint32(item_codes[row])
        scale = np.float32(1.0) / np.sqrt(np.float32(user_counts[u]))
        match = np.float32(0.0)
        for f in range(factors):
            match += (p[u, f] - scale * history[row] * y[i, f]) * q[i, f]
        matches[row] = match
