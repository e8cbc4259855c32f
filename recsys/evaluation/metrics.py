"""The table of metrics: one row each, read by leaderboard, reranking, command line, Spark and README."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation import accuracy, beyond_accuracy, calibration
from recsys.evaluation.accuracy import Counts, Hits
from recsys.evaluation.beyond_accuracy import Exposure
from recsys.evaluation.ranked_lists import RankedLists, sample_users

if TYPE_CHECKING:
    from recsys.data.interactions import Interactions
    from recsys.data.splitting import Split
    from recsys.models.base import Model

# Enough for a standard error of about 0.002; more would only take longer.
MOST_USERS = 20_000

NOT_KNOWN = "not known"

PerUser = NDArray[np.float64]


@dataclass(frozen=True)
class Metric(ABC):
    """A figure of ranked lists.

    Attributes
    ----------
    name : str
        Its name in code, in files and, followed by `@n`, on the command line.
    label : str
        Its name on screen.
    help : str
        What it means, in a sentence; `Nouns.fill` puts the words of the data in.
    decimals : int
        Decimal places that are shown.
    more_is_better : bool or None
        None where it depends on what is wanted.
    """

    name: str
    label: str
    help: str
    decimals: int
    more_is_better: bool | None

    @abstractmethod
    def per_user(self, lists: RankedLists) -> PerUser:
        """Return each user's contribution; float64 array, shape (n_users,).

        The standard error of their mean is that of the figure.
        """

    def figure(self, lists: RankedLists) -> float:
        """Return the figure of all lists; NaN where the data does not tell it."""
        return float(self.per_user(lists).mean())

    def is_known(self, train: Interactions) -> bool:
        """Return whether the data tells it: else it is NaN, for each user and for all."""
        return True

    def spell(self, value: float) -> str:
        """Return a value with its decimal places, `not known` for NaN."""
        return NOT_KNOWN if math.isnan(value) else f"{value:,.{self.decimals}f}"


@dataclass(frozen=True)
class HitMetric(Metric):
    """A mean over users of a formula that needs only hits and numbers of held-out items.

    Attributes
    ----------
    of_hits : function of (hits, hidden)
        As in `recsys.evaluation.accuracy`.
    """

    of_hits: Callable[[Hits, Counts], PerUser]

    def per_user(self, lists: RankedLists) -> PerUser:
        """Return the metric of each user's list."""
        return self.of_hits(lists.hits, lists.hidden)


@dataclass(frozen=True)
class ListMetric(Metric):
    """A mean over users of a formula that needs their lists.

    Attributes
    ----------
    of_lists : function of RankedLists
        Returns a float64 array, shape (n_users,).
    """

    of_lists: Callable[[RankedLists], PerUser]

    def per_user(self, lists: RankedLists) -> PerUser:
        """Return the metric of each user's list."""
        return self.of_lists(lists)


@dataclass(frozen=True)
class TagMetric(ListMetric):
    """A mean over users of a formula that needs their lists and the tags of items."""

    def is_known(self, train: Interactions) -> bool:
        """Return whether any item has a tag."""
        return calibration.has_tags(train)


@dataclass(frozen=True)
class ExposureMetric(Metric):
    """A figure of how often items are recommended in all lists together.

    Attributes
    ----------
    of_exposure : function of Exposure
    without : function of RankedLists
        Returns the figure without each list; float64 array, shape (n_users,).
    """

    of_exposure: Callable[[Exposure], float]
    without: Callable[[RankedLists], PerUser]

    def per_user(self, lists: RankedLists) -> PerUser:
        """Return the jackknife's pseudo-values, m t - (m - 1) t_(-u) for a figure t of m lists."""
        m = len(lists.items)
        return m * self.figure(lists) - (m - 1) * self.without(lists)

    def figure(self, lists: RankedLists) -> float:
        """Return the figure of all lists."""
        return self.of_exposure(lists.exposure)


def _table(metrics: Iterable[Metric]) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS = _table(
    (
        HitMetric(
            "ndcg",
            "NDCG",
            "How many held-out {nouns.items} the lists find, those at the top counting most: 0 is none, 1 is perfect.",
            4,
            True,
            accuracy.ndcg,
        ),
        HitMetric(
            "recall",
            "Recall",
            "Found held-out {nouns.items} as a share of all held-out ones.",
            4,
            True,
            accuracy.recall,
        ),
        HitMetric(
            "precision",
            "Precision",
            "Held-out {nouns.items} as a share of the list.",
            4,
            True,
            accuracy.precision,
        ),
        HitMetric(
            "map", "MAP", "Mean precision at the places of the hits.", 4, True, accuracy.average_precision
        ),
        HitMetric("mrr", "MRR", "1 over the place of the first hit.", 4, True, accuracy.reciprocal_rank),
        ListMetric(
            "debiased_ndcg",
            "Debiased NDCG",
            "NDCG that counts a hit the more, the fewer {nouns.users} the {nouns.item} has: by 1 over their root.",
            4,
            True,
            beyond_accuracy.debiased_ndcg,
        ),
        ExposureMetric(
            "coverage",
            "Coverage",
            "Share of all {nouns.items} that stand in any of these lists. Its interval, as that of Gini, by the "
            "jackknife: all lists but one, for each {nouns.user} in turn.",
            4,
            True,
            beyond_accuracy.coverage,
            beyond_accuracy.coverage_without,
        ),
        ExposureMetric(
            "novelty",
            "Novelty (bits)",
            "How few {nouns.users} the recommended {nouns.items} have: 1 bit more is half as many.",
            2,
            True,
            beyond_accuracy.novelty,
            beyond_accuracy.novelty_without,
        ),
        ListMetric(
            "serendipity",
            "Serendipity",
            "Hits that a list of the most popular {nouns.items} would not have, as a share of the list.",
            4,
            True,
            beyond_accuracy.serendipity,
        ),
        ListMetric(
            "diversity",
            "Diversity",
            "How different the {nouns.users} of the {nouns.items} of a list are: 0 if the same, 1 if they share none.",
            3,
            None,
            beyond_accuracy.diversity,
        ),
        ExposureMetric(
            "personalization",
            "Personalization",
            "How much the lists of two {nouns.users} differ: 0 if all get the same, 1 if no two share {nouns.an_item}.",
            3,
            None,
            beyond_accuracy.personalization,
            beyond_accuracy.personalization_without,
        ),
        TagMetric(
            "calibration",
            "Calibration (bits)",
            "How far the tags of a list are from those of the {nouns.user}'s own {nouns.items}, where the data has "
            "tags: 0 is the same mix, 6.6 is none in common.",
            2,
            False,
            calibration.calibration,
        ),
        ExposureMetric(
            "popularity_rank",
            "Popularity rank",
            "Mean rank of the recommended {nouns.items}, 1 for the most popular.",
            0,
            None,
            beyond_accuracy.popularity_rank,
            beyond_accuracy.popularity_rank_without,
        ),
        ExposureMetric(
            "gini",
            "Gini",
            "How unevenly recommendations fall on {nouns.items}: 0 is evenly.",
            4,
            False,
            beyond_accuracy.inequality,
            beyond_accuracy.inequality_without,
        ),
    )
)


def measure(lists: RankedLists) -> dict[str, float]:
    """Return each metric's figure, by name; NaN where the data does not tell it."""
    return {metric.name: metric.figure(lists) for metric in METRICS.values()}


def evaluate(model: Model, split: Split, n: int = 10, most_users: int = MOST_USERS) -> dict[str, float]:
    """Measure a trained model on the test part, over the whole catalogue.

    Every item that a user has neither in training nor in validation is ranked, equal scores at random;
    figures are means over the users with items in the test.

    Parameters
    ----------
    model : Model
        Trained on `split.train`.
    split : Split
        With at least one pair in the test.
    n : int
        Length of the lists.
    most_users : int
        Where more users have held-out items, this many of them are drawn and measured.

    Returns
    -------
    dict
        `name@n` for each of `METRICS`, NaN where the data does not tell it; `users`, the number of users they are
        means over, and `all_users`, the number of users with held-out items.
    """
    lists = RankedLists.of(model, split, sample_users(split, most_users), n)
    return {f"{name}@{n}": value for name, value in measure(lists).items()} | {
        "users": len(lists.users),
        "all_users": int((split.test.user_counts > 0).sum()),
    }


def known_metrics(train: Interactions) -> list[str]:
    """Return the names of the metrics that the data tells."""
    return [name for name, metric in METRICS.items() if metric.is_known(train)]


def heading(key: str) -> str:
    """Return the label of a figure of `evaluate`, such as `NDCG@10`; other names with blanks and a capital."""
    name, at, n = key.partition("@")
    words = METRICS[name].label if name in METRICS else name.replace("_", " ").capitalize()
    return f"{words}{at}{n}"


def spell(figures: dict[str, Any], intervals: dict[str, float] | None = None) -> list[str]:
    """Return figures of `evaluate` as aligned lines, with their intervals if given; names without `@` are left out."""
    lines = []
    for key, value in figures.items():
        if metric := METRICS.get(key.partition("@")[0]):
            half = f" ± {metric.spell(intervals[key])}" if intervals and not math.isnan(value) else ""
            lines.append(f"{heading(key):22} {metric.spell(value):>10}{half}")
    return lines
