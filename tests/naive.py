"""Every kernel again, slow and plain, in float64: the oracle of the property tests."""

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


def top_n(scores, seen, order, n):
    """Return the n best unseen items of one row of scores; equal scores in the given order."""
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    items = [item for item in range(len(scores)) if item not in seen]
    return sorted(items, key=lambda item: (-scores[item], place[item]))[:n]
