"""Every kernel again, slow and plain, in float64: the oracle of the property tests."""

import itertools

import numpy as np


def sgd_article(user_codes, item_codes, targets, p, q, learning_rate, regularization):
    """Go once over the pairs as the article does; return new factors."""
    p, q = p.astype(float), q.astype(float)
    for u, i, target in zip(user_codes, item_codes, targets, strict=True):
        error = target - p[u] @ q[i]
        p[u] = p[u] + learning_rate * (error * q[i] - regularization * p[u])
        q[i] = q[i] + learning_rate * (error * p[u] - regularization * q[i])
    return p, q


def sgd_biased(user_codes, item_codes, targets, mean, bu, bi, p, q, learning_rate, regularization):
    """Go once over the pairs with biases; return new biases and factors."""
    bu, bi, p, q = (array.astype(float) for array in (bu, bi, p, q))
    for u, i, target in zip(user_codes, item_codes, targets, strict=True):
        error = target - (mean + bu[u] + bi[i] + p[u] @ q[i])
        bu[u] = bu[u] + learning_rate * (error - regularization * bu[u])
        bi[i] = bi[i] + learning_rate * (error - regularization * bi[i])
        old = p[u].copy()
        p[u] = old + learning_rate * (error * q[i] - regularization * old)
        q[i] = q[i] + learning_rate * (error * old - regularization * q[i])
    return bu, bi, p, q


def squared_error(user_codes, item_codes, targets, mean, bu, bi, p, q):
    """Sum the squared differences between targets and predictions."""
    predictions = mean + bu[user_codes] + bi[item_codes] + (p[user_codes] * q[item_codes]).sum(axis=1)
    return float(np.square(targets - predictions).sum())


def arrange(user_codes, item_codes, group_of_user, block_of_item, n_groups):
    """Return the pairs of each cell, in any order."""
    cells = {}
    for u, i in zip(user_codes.tolist(), item_codes.tolist(), strict=True):
        cells.setdefault(block_of_item[i] * n_groups + group_of_user[u], []).append((u, i))
    return cells


def mark_smallest(keys, starts, least, count):
    """Mark the smallest keys of each user who has enough; of equal ones the first."""
    marks = np.zeros(len(keys), bool)
    for first, last in itertools.pairwise(starts):
        if last - first >= least:
            marks[first + np.argsort(keys[first:last], kind="stable")[:count]] = True
    return marks


def top_n(scores, seen, order, n):
    """Return the n best unseen items of one row of scores; equal scores in the given order."""
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    items = [item for item in range(len(scores)) if item not in seen]
    return sorted(items, key=lambda item: (-scores[item], place[item]))[:n]


def sgd_implicit(
    user_codes, item_codes, targets, p, q, user_steps, item_steps, user_spectrum, item_spectrum, rate
):
    """Visit pairs one by one; return new factors and AdaGrad's sums."""
    p, q, user_spectrum, item_spectrum = (
        array.astype(float) for array in (p, q, user_spectrum, item_spectrum)
    )
    p_sums, q_sums = (steps["total"].astype(float) for steps in (user_steps, item_steps))
    for u, i, target in zip(user_codes, item_codes, targets, strict=True):
        user, item = user_steps[u], item_steps[i]
        error = float(user["weight"]) * float(item["weight"]) * (target - p[u] @ q[i])
        p_sums[u] += np.square(error * q[i] - user["decay"] * p[u]).mean()
        q_sums[i] += np.square(error * p[u] - item["decay"] * q[i]).mean()
        p_rate, q_rate = rate / np.sqrt(p_sums[u]), rate / np.sqrt(q_sums[i])
        p_kept = np.maximum(1 - p_rate * (user["zeros"] * user_spectrum + user["decay"]) / 2, 0) ** 2
        q_kept = np.maximum(1 - q_rate * (item["zeros"] * item_spectrum + item["decay"]) / 2, 0) ** 2
        p[u], q[i] = p_kept * p[u] + p_rate * error * q[i], q_kept * q[i] + q_rate * error * p[u]
    return p, q, p_sums, q_sums


def sgd_biased_by_history(
    users, starts, items, targets, history, mean, bu, bi, q, y, q_sums, y_sums, ud, di, df, bias_rate, rate
):
    """Go user by user: q and the biases pair by pair, then the y of all items of the user."""
    bu, bi, q, y, q_sums, y_sums = (array.astype(float) for array in (bu, bi, q, y, q_sums, y_sums))
    for u in users:
        mine, h = items[starts[u] : starts[u + 1]], history[starts[u] : starts[u + 1]]
        if not len(mine):
            continue
        scale = 1 / np.sqrt(len(mine))
        taste = h @ y[mine]
        pulls = []
        for i, own, target in zip(mine, h, targets[starts[u] : starts[u + 1]], strict=True):
            others = scale * (taste - own * y[i])
            error = target - mean - bu[u] - bi[i] - q[i] @ others
            bu[u] += bias_rate * (error - ud[u] * bu[u])
            bi[i] += bias_rate * (error - di[i] * bi[i])
            pulls.append(error * q[i])
            move = error * others - df[i] * q[i]
            q_sums[i] += np.square(move).mean()
            q[i] = q[i] + rate / np.sqrt(q_sums[i]) * move
        for i, own, pull in zip(mine, h, pulls, strict=True):
            move = scale * own * (sum(pulls) - pull) - df[i] * y[i]
            y_sums[i] += np.square(move).mean()
            y[i] = y[i] + rate / np.sqrt(y_sums[i]) * move
    return bu, bi, q, y, q_sums, y_sums


def mean_rows(starts, items, history, y, n_users):
    """Sum h y over each user's items, over the square root of their number."""
    p = np.zeros((n_users, y.shape[1]))
    for u in range(n_users):
        mine = items[starts[u] : starts[u + 1]]
        if len(mine):
            p[u] = history[starts[u] : starts[u + 1]] @ y[mine] / np.sqrt(len(mine))
    return p


def solve_users(starts, items, targets, weights, q, spectrum, zero, decay):
    """Solve each user's normal equations, one sum at a time."""
    q = q.astype(float)
    p = np.zeros((len(starts) - 1, q.shape[1]))
    for u in range(len(p)):
        matrix = zero[u] * np.diag(spectrum.astype(float)) + decay[u] * np.eye(q.shape[1])
        right = np.zeros(q.shape[1])
        for at in range(starts[u], starts[u + 1]):
            weight, row = weights[items[at]], q[items[at]]
            matrix = matrix + weight * np.outer(row, row)
            right += weight * targets[at] * row
        if starts[u + 1] > starts[u]:
            p[u] = np.linalg.solve(matrix, right)
    return p


def match_without_own(user_codes, item_codes, history, starts, q, y):
    """Match each pair's item with its user's *other* items."""
    matches = []
    for u, i in zip(user_codes, item_codes, strict=True):
        mine, h = item_codes[starts[u] : starts[u + 1]], history[starts[u] : starts[u + 1]]
        others = h[mine != i] @ y[mine[mine != i]].astype(float)
        matches.append(q[i] @ others / np.sqrt(len(mine)))
    return np.array(matches)
