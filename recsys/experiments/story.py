"""Story: the way of the article, from a table of plays to lists, computed on any data set a step at a time."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.linalg import svds

from recsys.analysis.popularity import rank_table
from recsys.analysis.similarity import by_audience, similar_items
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out, suited
from recsys.evaluation.metrics import evaluate
from recsys.experiments.training import TrainingRun
from recsys.models import make_model
from recsys.models.base import Model
from recsys.models.value_matrix import play_matrix
from recsys.recommendation.recommend import before_and_after, recommend_to

MOST_PAIRS = 300_000  # of larger data some users stand for all, so that every step takes seconds
DIRECTIONS = 20  # of the SVD, as in the article
DRAWN = 1.5  # mean of 3 x uniform(0, 1), the article's start


class Story:
    """Steps of the article on one data set; each is computed when it is first read.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the hold-out and of both models.

    Attributes
    ----------
    interactions : Interactions
        All pairs or, of more than 300,000, those of users that are spread evenly over the data.
    """

    def __init__(self, dataset: Dataset, seed: int = 0) -> None:
        self.seed = seed
        everything = dataset.interactions
        step = -(-len(everything) // MOST_PAIRS)
        if step == 1:
            self.interactions = everything
            return
        kept = everything.user_codes % step == 0
        self.interactions = Interactions.from_frame(
            pd.DataFrame(
                {
                    "user": everything.users[everything.user_codes[kept]],
                    "item": everything.items[everything.item_codes[kept]],
                    "value": everything.values[kept],
                    "name": everything.names[everything.item_codes[kept]],
                }
            )
        )

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Rank table, as `popularity.rank_table`."""
        return rank_table(self.interactions)

    @cached_property
    def best_known(self) -> int:
        """Code of the item with most users."""
        return int(self.interactions.item_counts.argmax())

    def neighbours(self, n: int = 8) -> pd.DataFrame:
        """Return the items most similar to the best-known one, and the same table as the article builds it.

        Returns
        -------
        DataFrame
            Columns of `similar_items`, and `misplaced`: the names that stand beside the same scores if the items are in
            the order of their codes while the scores are in descending order.
        """
        table = similar_items(self.interactions, self.best_known, n)
        scores = by_audience(self.interactions, self.best_known)
        chosen = np.sort(np.argsort(-scores, kind="stable")[: len(table)])
        return table.assign(misplaced=self.interactions.names[chosen])

    @cached_property
    def spectrum(self) -> NDArray[np.float64]:
        """Singular values of the user-item matrix of values, zero where no pair is known; in descending order."""
        matrix = play_matrix(self.interactions, "raw").astype(np.float64)
        k = min(DIRECTIONS, min(matrix.shape) - 1)
        values = svds(matrix, k, v0=np.ones(min(matrix.shape)), return_singular_vectors=False)
        return np.sort(values)[::-1]

    @cached_property
    def explained(self) -> NDArray[np.float64]:
        """Share of the sum of squares that the first 1, 2, ... directions hold, 0 to 1."""
        whole = float(np.square(self.interactions.values, dtype=np.float64).sum())
        return np.cumsum(self.spectrum**2) / whole

    @cached_property
    def scaled(self) -> NDArray[np.float64]:
        """Values scaled by min-max to 0 to 1; shape (n_interactions,)."""
        low, high = self.interactions.value_range
        return (self.interactions.values.astype(np.float64) - low) / max(high - low, 1e-12)

    @cached_property
    def split(self) -> Split:
        """The article's hold-out, or one that suits the data better, all of it for validation."""
        minimum, hidden = suited(self.interactions)
        return hold_out(self.interactions, minimum, hidden, self.seed)

    @cached_property
    def article(self) -> TrainingRun:
        """The article's model, trained with its own settings."""
        return self._trained("article")

    @cached_property
    def good(self) -> TrainingRun:
        """A factorization made for recommending, trained by SGD as well."""
        return self._trained("implicit")

    def _trained(self, name: str) -> TrainingRun:
        run = TrainingRun(make_model(name, seed=self.seed), self.split)
        for _ in run:
            pass
        return run

    @cached_property
    def mean_error(self) -> float:
        """Validation RMSE of predicting the mean of the training targets for every pair."""
        model = make_model("article")
        train, hidden = (
            model.targets(part)  # type: ignore[attr-defined]
            for part in (self.split.train, self.split.validation)
        )
        return float(np.sqrt(np.mean((hidden - train.mean(dtype=np.float64)) ** 2)))

    @property
    def first_prediction(self) -> float:
        """Mean prediction of the article's model before it has learned: factors x 1.5 x 1.5."""
        return float(self.article.model.settings["factors"]) * DRAWN**2

    @property
    def matrix_megabytes(self) -> float:
        """Size of the matrix of all predictions in float64, which the article builds in each epoch."""
        return self.interactions.n_users * self.interactions.n_items * 8 / 1e6

    @cached_property
    def quality(self) -> pd.DataFrame:
        """Figures of `metrics.evaluate` for three models: index `popular`, `article` and `implicit`."""
        models: dict[str, Model] = {
            "popular": make_model("popular").fit(self.split.train),
            "article": self.article.model,
            "implicit": self.good.model,
        }
        return pd.DataFrame({name: evaluate(model, self.split) for name, model in models.items()}).T

    @cached_property
    def listener(self) -> int:
        """Code of the user with most values among those of whom something is hidden."""
        plays = np.bincount(self.interactions.user_codes, self.interactions.values, self.interactions.n_users)
        return int(np.where(self.split.held_out.user_counts > 0, plays, -1).argmax())

    def lists(self, n: int = 10) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """Return the items of `listener`, and what the article's and the good model recommend; as `recommend_to`."""
        existing, article = recommend_to(self.article.model, self.split, self.listener, n)
        return existing, article, recommend_to(self.good.model, self.split, self.listener, n)[1]

    def update(self, n: int = 10) -> tuple[int, float, pd.DataFrame]:
        """Let `listener` come to play one item, and learn from that alone.

        Returns
        -------
        item : int
            The best-known item that the user does not have in training.
        value : float
            As much of it as the user has of the first one.
        table : DataFrame
            From `before_and_after`.
        """
        train = self.split.train
        mine = train.of_user(self.listener)
        counts = train.item_counts.copy()
        counts[train.item_codes[mine]] = -1
        item, value = int(counts.argmax()), float(train.values[mine].max())
        return item, value, before_and_after(self.good.model, train, self.listener, [item], [value], n)
