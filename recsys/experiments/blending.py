"""Weights of a blend of trained models, by forward selection on the validation part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.data.splitting import Split
from recsys.evaluation.accuracy import ndcg
from recsys.evaluation.ranked_lists import find_hits
from recsys.evaluation.significance import paired_test
from recsys.models.base import Model
from recsys.models.blend import standardized

# Of each model so many of the best items are looked at; the first ten of a blend hardly ever lie below.
POOL = 100
USERS_PER_BLOCK = 256
MOST_ADDITIONS = 12
NOTHING = -1e9  # below every standardized score


def forward_selection(
    models: Sequence[Model], split: Split, users: NDArray[np.int32], n: int = 10
) -> NDArray[np.float64]:
    """Return weights that add up to 1, found on the validation part: models are added as long as NDCG grows.

    The best single model is where it starts, and what remains if no blend is better than it by the paired test.

    Parameters
    ----------
    models : sequence of Model
        Trained on `split.train`.
    split : Split
    users : int32 array
        Codes of users with validation items.

    References
    ----------
    R. Caruana et al., "Ensemble selection from libraries of models", ICML 2004: forward selection with replacement.
    """
    scores, hits, hidden = _pooled(models, split, users)

    def quality(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.tensordot(scores, weights.astype(np.float32), 1)
        first = np.argpartition(-total, n, axis=1)[:, :n] if total.shape[1] > n else None
        first = np.broadcast_to(np.arange(total.shape[1]), total.shape) if first is None else first
        order = np.argsort(-np.take_along_axis(total, first, axis=1), axis=1, kind="stable")
        return ndcg(np.take_along_axis(hits, np.take_along_axis(first, order, axis=1), axis=1), hidden)

    single = [quality(unit) for unit in np.eye(len(models))]
    best = int(np.argmax([values.mean() for values in single]))
    counts = np.eye(len(models))[best]
    reached = single[best]
    for _ in range(MOST_ADDITIONS):
        tried = [quality((counts + unit) / (counts.sum() + 1)) for unit in np.eye(len(models))]
        added = int(np.argmax([values.mean() for values in tried]))
        if tried[added].mean() <= reached.mean():
            break
        counts[added] += 1
        reached = tried[added]
    gain = reached - single[best]
    if not paired_test(float(gain.mean()), gain).is_clear:
        return np.eye(len(models))[best]
    return counts / counts.sum()


def _pooled(
    models: Sequence[Model], split: Split, users: NDArray[np.int32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.int64]]:
    """Return standardized scores of the union of all models' best items, their hits and the numbers of held-out items.

    Shapes are (n_users, pool, n_models), (n_users, pool) and (n_users,); places without an item have the lowest score.
    """
    train, width = split.train, len(models) * POOL
    scores = np.full((len(users), width, len(models)), NOTHING, np.float32)
    items = np.full((len(users), width), -1, np.int32)
    for first in range(0, len(users), USERS_PER_BLOCK):
        block = users[first : first + USERS_PER_BLOCK]
        all_scores = [standardized(model.scores(block)) for model in models]
        seen = [train.item_codes[train.of_user(user)] for user in block.tolist()]
        for row in range(len(block)):
            best = []
            for of_model in all_scores:
                unseen = of_model[row].copy()
                unseen[seen[row]] = -np.inf
                best.append(np.argpartition(-unseen, min(POOL, len(unseen)) - 1)[:POOL])
            pool = np.setdiff1d(np.concatenate(best), seen[row])
            items[first + row, : len(pool)] = pool
            for place, of_model in enumerate(all_scores):
                scores[first + row, : len(pool), place] = of_model[row, pool]
    return scores, find_hits(items, users, split.validation), split.validation.user_counts[users]
