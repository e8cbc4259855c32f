"""Near misses: items much like a hidden one, beside others that are as popular."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.data.splitting import Split
from recsys.models.base import Model

LEAST_LISTENERS = 5  # with fewer, items are alike by accident
USERS_AT_ONCE = 50


def near_misses(model: Model, split: Split, users: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return for each user whether a near miss is scored above a random item that is as popular.

    One test item of each user is drawn among those with 5 users or more in training. Its near miss is the item with the
    greatest cosine of audiences in training, among those with 5 users or more that the user has in no part. The other
    one is, by the toss of a coin, the next more or the next less popular item that the user has in no part: scores
    that follow popularity alone are right half of the time.

    Returns
    -------
    float64 array, shape (n_judged,)
        1 if the near miss has the higher score, 0 if the other has, 1/2 if they are equal; users without such items
        are left out.
    """
    from scipy import sparse

    train, test = split.train, split.test
    random = np.random.default_rng([split.seed, 8])
    counts = train.item_counts
    order = np.lexsort((random.random(len(counts)), -counts))
    place = np.empty(len(counts), np.int64)
    place[order] = np.arange(len(counts))
    ones = (1 / np.sqrt(np.maximum(counts, 1))[train.item_codes], (train.item_codes, train.user_codes))
    units = sparse.csr_array(ones, shape=(train.n_items, train.n_users))
    by_user = units.T.tocsr()
    found = []
    for first in range(0, len(users), USERS_AT_ONCE):
        some = users[first : first + USERS_AT_ONCE]
        scores = model.scores(some)
        for user, score in zip(some.tolist(), scores, strict=True):
            hidden = test.item_codes[test.of_user(user)]
            hidden = hidden[counts[hidden] >= LEAST_LISTENERS]
            if not len(hidden):
                continue
            parts = (split.before_test, test)
            has = np.concatenate([part.item_codes[part.of_user(user)] for part in parts])
            alike = (units[[int(random.choice(hidden))]] @ by_user).tocoo()
            codes, cosines = alike.col, alike.data
            free = (counts[codes] >= LEAST_LISTENERS) & ~np.isin(codes, has)
            if not free.any():
                continue
            near = int(codes[free][np.argmax(cosines[free])])
            lacking = np.ones(len(counts), bool)
            lacking[has] = False
            above = np.flatnonzero(lacking[order[: place[near]]])
            below = np.flatnonzero(lacking[order[place[near] + 1 :]])
            if len(above) and len(below):
                nearest = int(above[-1]), int(place[near]) + 1 + int(below[0])
                other = int(order[nearest[int(random.random() < 0.5)]])
                found.append(0.5 + 0.5 * np.sign(float(score[near]) - float(score[other])))
    return np.array(found)
