"""Slices: figures of a model for some of the users, or for items of some popularity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis.listener_table import item_percentiles
from recsys.data.interactions import Interactions
from recsys.evaluation.metrics import HitMetric, Metric
from recsys.evaluation.ranked_lists import RankedLists
from recsys.evaluation.significance import interval

# What divides users and items, and how the page calls it; `Nouns.fill` puts the words of the data in.
KINDS = {
    "activity": "How many {nouns.items} the {nouns.user} has",
    "mainstream": "How mainstream the {nouns.user} is",
    "popularity": "How well known the hidden {nouns.items} are",
}
POPULARITY = ("Head", "Middle", "Tail")


@dataclass(frozen=True, eq=False)
class Slice:
    """Lists of some users, or of all with hits among some items alone.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    label : str
        Its name on screen; `Nouns.fill` puts the words of the data in.
    rows : int64 array
        Which lists it has, as places among those that were divided.
    lists : RankedLists
    """

    kind: str
    label: str
    rows: NDArray[np.int64]
    lists: RankedLists

    def takes(self, metric: Metric) -> bool:
        """Whether a metric can be taken: of items of some popularity only one that is a mean of hits."""
        return self.kind != "popularity" or isinstance(metric, HitMetric)

    def measure(self, metric: Metric) -> tuple[float, float]:
        """Return a figure, and half the width of its 95 % confidence interval over users; NaN where there is none."""
        if not len(self.rows) or not self.takes(metric):
            return float("nan"), float("nan")
        return metric.figure(self.lists), interval(metric.per_user(self.lists))


def divide(lists: RankedLists, known: Interactions) -> list[Slice]:
    """Divide lists by the activity and the mainstreamness of their users, and hits by the popularity of items.

    Users make thirds, equals in the same one. Items make thirds by their pairs in training: the head are the most
    popular ones that have a third of all pairs, the tail the least popular ones that have a third.

    Parameters
    ----------
    lists : RankedLists
    known : Interactions
        What is known of users before the test, as `Split.before_test`.
    """
    return [*_by_user(lists, known), *_by_item(lists)]


def mainstreamness(interactions: Interactions) -> NDArray[np.float64]:
    """Return the mean popularity percentile of each user's items, 0 to 100; NaN for a user without items."""
    percentiles = item_percentiles(interactions)[interactions.item_codes]
    sums = np.bincount(interactions.user_codes, percentiles, minlength=interactions.n_users)
    counts = interactions.user_counts
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def popularity_groups(train: Interactions) -> NDArray[np.int64]:
    """Return 0 for items of the head, 1 for those of the middle and 2 for the tail; shape (n_items,)."""
    order = np.argsort(-train.item_counts, kind="stable")
    before = np.cumsum(train.item_counts[order]) - train.item_counts[order]
    groups = np.empty(train.n_items, np.int64)
    groups[order] = np.minimum(3 * before // max(len(train), 1), 2)
    return groups


def people(lists: RankedLists, known: Interactions, values: NDArray[np.float64]) -> pd.DataFrame:
    """Return one row for each list.

    Parameters
    ----------
    lists : RankedLists
    known : Interactions
        As in `divide`.
    values : float64 array, shape (n_users,)
        A figure of each user.

    Returns
    -------
    DataFrame
        Columns `listener` (label), `artists` (items that are known), `mainstream` (0 to 100), `hidden` and `found`
        (items) and `figure`.
    """
    return pd.DataFrame(
        {
            "listener": lists.train.users[lists.users],
            "artists": known.user_counts[lists.users],
            "mainstream": mainstreamness(known)[lists.users],
            "hidden": lists.hidden,
            "found": lists.hits.sum(axis=1),
            "figure": values,
        }
    )


def _by_user(lists: RankedLists, known: Interactions) -> Iterator[Slice]:
    counts = known.user_counts[lists.users]
    mainstream = mainstreamness(known)[lists.users]
    for kind, values, spell in (
        ("activity", counts.astype(np.float64), "{low:.0f} to {high:.0f} {{nouns.items}}"),
        ("mainstream", mainstream, "{low:.0f} to {high:.0f} of 100"),
    ):
        edges = np.quantile(values, [1 / 3, 2 / 3]) if len(values) else np.zeros(2)
        third = np.searchsorted(edges, values)
        for number, name in enumerate(("Low", "Middle", "High")):
            rows = np.flatnonzero(third == number)
            if len(rows):
                low, high = values[rows].min(), values[rows].max()
                yield Slice(kind, f"{name}: {spell.format(low=low, high=high)}", rows, _of_users(lists, rows))


def _by_item(lists: RankedLists) -> Iterator[Slice]:
    hidden, groups = lists.relevant, popularity_groups(lists.train)
    listed = groups[np.maximum(lists.items, 0)]
    for number, name in enumerate(POPULARITY):
        own = np.bincount(hidden.user_codes[groups[hidden.item_codes] == number], minlength=hidden.n_users)[
            lists.users
        ]
        rows = np.flatnonzero(own)
        some = _of_users(replace(lists, hits=lists.hits & (listed == number), hidden=own), rows)
        n_items = int((groups == number).sum())
        yield Slice("popularity", f"{name}: {n_items:,} {{nouns.items}}", rows, some)


def _of_users(lists: RankedLists, rows: NDArray[np.int64]) -> RankedLists:
    return replace(
        lists,
        users=lists.users[rows],
        items=lists.items[rows],
        hits=lists.hits[rows],
        hidden=lists.hidden[rows],
    )


def shares(lists: RankedLists) -> NDArray[np.float64]:
    """Return which shares of all places of lists items of head, middle and tail have; they sum to 1."""
    shown = lists.items[lists.items >= 0]
    counts = np.bincount(popularity_groups(lists.train)[shown], minlength=3)
    return counts / max(len(shown), 1)
