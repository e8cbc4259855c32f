"""Re-ranking of lists: by popularity, and for diversity (MMR)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis.similarity import item_factors
from recsys.data.interactions import Interactions
from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.evaluation.metrics import measure
from recsys.evaluation.ranked_lists import RankedLists
from recsys.models.base import Model

# Items are chosen from this many of the best, so that irrelevant ones stay out at any weight.
POOL = 100
USERS_PER_BLOCK = 512

# Relevance of an empty place: below every item, above those chosen already.
GAP = -1e9


@dataclass(frozen=True)
class Reranking:
    """Choice of a list from the items with the highest scores.

    Attributes
    ----------
    dial : float
        Popularity weight: -1 (familiar, prefers popular items) to 1 (adventurous, prefers rare ones); 0 keeps the
        order. At either end popularity counts as much as the score.
    diversity : float
        Penalty of the similarity to items further up, 0 to 1.

    Raises
    ------
    InputError
        If a value is out of range.

    References
    ----------
    J. Carbonell, J. Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents
    and Producing Summaries", SIGIR 1998: each place goes to the item with the highest
    (1 - diversity) relevance - diversity (highest similarity to the items before it).
    """

    dial: float = 0.0
    diversity: float = 0.0

    def __post_init__(self) -> None:
        if not -1 <= self.dial <= 1:
            raise InputError(f"The discovery dial goes from -1 to 1, not to {self.dial!r}.")
        if not 0 <= self.diversity <= 1:
            raise InputError(f"Diversity goes from 0 to 1, not to {self.diversity!r}.")

    @property
    def words(self) -> str:
        """Description for the screen: `as scored`, or such as `50% adventurous, 30% varied`."""
        parts = []
        if self.dial:
            parts.append(f"{abs(self.dial):.0%} {'adventurous' if self.dial > 0 else 'familiar'}")
        if self.diversity:
            parts.append(f"{self.diversity:.0%} varied")
        return ", ".join(parts) or "as scored"

    def pool(self, n: int) -> int:
        """Return the number of best items from which a list of `n` is chosen."""
        return max(POOL, 2 * n) if self.dial or self.diversity else n

    def choose(
        self,
        model: Model,
        train: Interactions,
        items: NDArray[np.int32],
        scores: NDArray[np.float32],
        n: int,
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Choose and order `n` items of each row.

        Parameters
        ----------
        model : Model
            Source of item factors, for diversity.
        train : Interactions
            Source of numbers of users.
        items, scores : int32 and float32 array, shape (n_users, pool)
            As `Model.recommend` returns them, best first; -1 where there were not enough.
        n : int

        Returns
        -------
        items, scores : int32 and float32 array, shape (n_users, n)
            Scores of the model, not necessarily descending.

        Raises
        ------
        InputError
            If `diversity` is above 0 and the model has no item factors.
        """
        if self.dial == 0 and self.diversity == 0:
            return items[:, :n], scores[:, :n]
        factors = item_factors(model) if self.diversity else None
        rarity = -np.log(train.item_counts + 1.0)
        chosen = np.empty((len(items), min(n, items.shape[1])), np.int64)
        for first in range(0, len(items), USERS_PER_BLOCK):
            rows = slice(first, first + USERS_PER_BLOCK)
            there = items[rows] >= 0
            relevance = _to_unit(scores[rows].astype(np.float64), there)
            relevance += self.dial * _to_unit(rarity[items[rows]], there)
            relevance = np.where(there, _to_unit(relevance, there), GAP)
            if factors is None:
                chosen[rows] = np.argsort(-relevance, axis=1, kind="stable")[:, : chosen.shape[1]]
            else:
                vectors = factors[items[rows]]
                vectors /= np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-12)
                chosen[rows] = _relevant_and_different(relevance, vectors, self.diversity, chosen.shape[1])
        return np.take_along_axis(items, chosen, axis=1), np.take_along_axis(scores, chosen, axis=1)

    def recommend(
        self, model: Model, seen: Interactions, users: NDArray[np.int32], n: int = 10, seed: int = 0
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return re-ranked lists, as `Model.recommend`."""
        return self.choose(model, seen, *model.recommend(seen, users, self.pool(n), seed), n)


AS_SCORED = Reranking()

# Popularity weights from end to end.
DIAL = tuple(map(Reranking, (-1.0, -0.5, 0.0, 0.5, 1.0)))


def _to_unit(values: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Scale each row to 0 to 1; missing items get 0."""
    low = np.where(there, values, np.inf).min(axis=1, keepdims=True)
    high = np.where(there, values, -np.inf).max(axis=1, keepdims=True)
    width = np.where(high > low, high - low, 1)
    return np.where(there, (np.where(there, values, 0) - np.where(there, low, 0)) / width, 0)


def _relevant_and_different(
    relevance: NDArray[np.float64], vectors: NDArray[np.float32], diversity: float, n: int
) -> NDArray[np.int64]:
    """Choose each place by maximal marginal relevance; returns columns of `relevance`."""
    rows = np.arange(len(relevance))
    chosen = np.empty((len(relevance), n), np.int64)
    alike = np.zeros_like(relevance)
    left = np.where(relevance > GAP, (1 - diversity) * relevance, GAP)
    for place in range(n):
        # The first place goes to the most relevant item.
        best = (left - diversity * alike if place else relevance).argmax(axis=1)
        chosen[:, place] = best
        likeness = np.einsum("upf,uf->up", vectors, vectors[rows, best])
        alike = np.maximum(alike, likeness) if place else likeness.astype(np.float64)
        left[rows, best] = -np.inf
        relevance[rows, best] = -np.inf
    return chosen


def variety(model: Model, items: NDArray[np.int32]) -> float:
    """Return the diversity of each list: the mean of 1 - cosine of item factors over its pairs.

    References
    ----------
    C.-N. Ziegler et al., "Improving Recommendation Lists Through Topic Diversification", WWW 2005,
    intra-list similarity.

    Raises
    ------
    InputError
        If the model has no latent features.
    """
    vectors = item_factors(model)[items]
    vectors = np.where((items >= 0)[..., None], vectors, 0)
    norms = np.linalg.norm(vectors, axis=2, keepdims=True)
    units = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    there = norms[..., 0] > 0
    pairs = there.sum(axis=1) * (there.sum(axis=1) - 1)
    # The squared norm of the sum has each pair twice, and each unit vector with itself.
    alike = np.square(units.sum(axis=1)).sum(axis=1) - there.sum(axis=1)
    return float(1 - (alike[pairs > 0] / pairs[pairs > 0]).mean()) if (pairs > 0).any() else float("nan")


def effect(
    model: Model,
    split: Split,
    users: NDArray[np.int32],
    settings: Sequence[Reranking] = DIAL,
    n: int = 10,
) -> pd.DataFrame:
    """Measure the effect of re-ranking on the lists of some users, by the held-out pairs.

    Returns
    -------
    DataFrame
        A row for each setting: `dial`, `diversity`, `hits` (mean number of held-out items in a list), each of
        `METRICS` and `variety` (NaN where the model has no latent features).
    """
    seen = split.seen("validation")
    pool = max((setting.pool(n) for setting in settings), default=n)
    items, scores = model.recommend(seen, users, pool, split.seed)
    rows = []
    for setting in settings:
        size = setting.pool(n)
        chosen, _ = setting.choose(model, split.train, items[:, :size], scores[:, :size], n)
        lists = RankedLists.judge(chosen, split, users, "validation")
        rows.append(
            {
                "dial": setting.dial,
                "diversity": setting.diversity,
                "hits": float(lists.hits.sum(axis=1).mean()),
            }
            | measure(lists)
            | {"variety": variety(model, chosen) if hasattr(model, "item_factors") else float("nan")}
        )
    return pd.DataFrame(rows)
