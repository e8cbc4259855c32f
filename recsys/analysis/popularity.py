"""Popularity of items: rank table, distributions and concentration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis.similarity import similar_items
from recsys.data.interactions import Interactions
from recsys.evaluation.beyond_accuracy import gini


def rank_table(interactions: Interactions) -> pd.DataFrame:
    """Return one row for each item with users, by descending total value.

    Returns
    -------
    DataFrame
        Columns `rank` (1 for the most played), `item` (label), `artist` (name), `listeners`
        (int64), `plays` (float64 total), `plays_per_listener`, `share_of_plays` and
        `share_of_listeners` (0 to 1). The index is the item code.
    """
    plays = np.bincount(interactions.item_codes, interactions.values, minlength=interactions.n_items)
    listeners = interactions.item_counts
    table = pd.DataFrame(
        {
            "item": interactions.items,
            "artist": interactions.names,
            "listeners": listeners,
            "plays": plays,
            "plays_per_listener": plays / np.maximum(listeners, 1),
            "share_of_plays": plays / plays.sum(),
            "share_of_listeners": listeners / interactions.n_users,
        }
    )
    table = table[table["listeners"] > 0].sort_values("plays", ascending=False, kind="stable")
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def largest_play_counts(interactions: Interactions, n: int = 20) -> pd.DataFrame:
    """Return the `n` largest values: columns `artist`, `listener` (label) and `plays`."""
    values = interactions.values
    # sorts only candidates, not many millions of values
    least = np.partition(values, -n)[-n] if n < len(values) else 0.0
    rows = np.flatnonzero(values >= least)
    return pair_table(interactions, rows[np.argsort(-values[rows], kind="stable")[:n]])


def value_bins(interactions: Interactions) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Count the pairs by value, in bins that grow by a fifth of a power of ten.

    Returns
    -------
    edges : float64 array, shape (n_bins + 1,)
        Logarithms to the base of ten.
    counts : int64 array, shape (n_bins,)
    """
    values = interactions.values
    least, most = (np.log10(float(value)) for value in (values.min(), values.max()))
    low, high = np.floor(least), max(np.ceil(most), np.floor(least) + 1)
    edges = np.linspace(low, high, int(high - low) * 5 + 1)  # narrower ones would miss 2 or 3
    # single precision, rounded up: a whole power of ten never falls below its edge
    bins = ((np.log10(values) - np.float32(low)) * np.float32(5) + np.float32(1e-5)).astype(np.int32)
    counts = np.bincount(np.clip(bins, 0, len(edges) - 2), minlength=len(edges) - 1)
    return edges, counts


def value_counts(interactions: Interactions) -> pd.DataFrame:
    """Return the bins of `value_bins`: columns `from`, `to` (values) and `pairs`."""
    edges, counts = value_bins(interactions)
    return pd.DataFrame({"from": 10 ** edges[:-1], "to": 10 ** edges[1:], "pairs": counts})


def pair_table(interactions: Interactions, rows: NDArray[np.int64]) -> pd.DataFrame:
    """Return these pairs with labels: columns `item`, `artist`, `listener` and `plays`."""
    items = interactions.item_codes[rows]
    return pd.DataFrame(
        {
            "item": interactions.items[items],
            "artist": interactions.names[items],
            "listener": interactions.users[interactions.user_codes[rows]],
            "plays": interactions.values[rows],
        }
    )


def user_table(interactions: Interactions, user: int) -> pd.DataFrame:
    """Return the items of a user, by descending value.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `plays` and `share` of the user's plays, 0 to 1.
    """
    span = interactions.of_user(user)
    rows = np.arange(span.start, span.stop)
    rows = rows[np.argsort(-interactions.values[rows], kind="stable")]
    table = pair_table(interactions, rows).drop(columns="listener")
    table["share"] = table["plays"] / max(float(table["plays"].sum()), 1.0)
    return table


@dataclass(frozen=True)
class ItemView:
    """One item: its row of the rank table, its users, and items with a similar audience."""

    row: pd.Series
    users: pd.DataFrame
    neighbours: pd.DataFrame


def item_view(interactions: Interactions, ranks: pd.DataFrame, item: int, n: int = 20) -> ItemView:
    """Return the view of one item.

    Parameters
    ----------
    interactions : Interactions
    ranks : DataFrame
        Its `rank_table`.
    item : int
        Code of an item with users.
    n : int
        Maximum number of users and of neighbours.

    Returns
    -------
    ItemView
        `users` has columns `listener` and `plays`; `neighbours` has the columns
        of `similar_items`, by shared audience.
    """
    mine = np.flatnonzero(interactions.item_codes == item)
    top = mine[np.argsort(-interactions.values[mine], kind="stable")][:n]
    return ItemView(
        row=ranks.loc[item],
        users=pair_table(interactions, top)[["listener", "plays"]],
        neighbours=similar_items(interactions, item, n, least_listeners=1),
    )


@dataclass(frozen=True)
class Concentration:
    """Concentration of values on items.

    Attributes
    ----------
    items, plays : float64 array
        Lorenz curve: cumulative share of items, in ascending order of plays, and of plays.
    gini : float
        Gini coefficient: 0 if all items have equal plays, towards 1 if one has all.
    top_percent : float
        Share of all plays that the most played 1 % of items have.
    """

    items: NDArray[np.float64]
    plays: NDArray[np.float64]
    gini: float
    top_percent: float


def concentration(table: pd.DataFrame) -> Concentration:
    """Return the concentration of plays on the items of a rank table."""
    plays = np.sort(table["plays"].to_numpy(np.float64))
    share = np.concatenate([[0.0], np.cumsum(plays) / plays.sum()])
    top = max(1, round(len(plays) / 100))
    return Concentration(
        items=np.linspace(0, 1, len(share)),
        plays=share,
        gini=gini(plays),
        top_percent=float(1 - share[len(plays) - top]),
    )


@dataclass(frozen=True)
class Regression:
    """Least-squares line of log10(plays) against log10(listeners).

    Attributes
    ----------
    slope, intercept : float
        plays = 10^intercept * listeners^slope.
    r_squared : float
        Share of the variance of log10(plays) that the line explains, 0 to 1.
    """

    slope: float
    intercept: float
    r_squared: float


def plays_by_listeners(table: pd.DataFrame) -> Regression | None:
    """Fit plays against listeners over a rank table; None if all have the same number of listeners."""
    x = np.log10(table["listeners"].to_numpy(np.float64))
    y = np.log10(table["plays"].to_numpy(np.float64))
    if np.ptp(x) == 0:
        return None
    slope, intercept = np.polyfit(x, y, 1)
    explained = np.corrcoef(x, y)[0, 1] ** 2 if np.ptp(y) > 0 else 1.0
    return Regression(float(slope), float(intercept), float(explained))
