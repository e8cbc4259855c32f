"""Users of a data set: how much each has, how mainstream it is, who is unusual, and who is alike."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from recsys.data.interactions import Interactions

FENCE = 1.5  # interquartile ranges beyond the quartiles, where an outlier begins
NAMED = 3


def item_percentiles(interactions: Interactions) -> NDArray[np.float64]:
    """Return the share of items that have fewer users than each one, ties counted half; 0 to 100, shape (n_items,)."""
    ranks: NDArray[np.float64] = rankdata(interactions.item_counts)
    return 100 * (ranks - 0.5) / interactions.n_items


def mainstream(interactions: Interactions) -> NDArray[np.float64]:
    """Return how mainstream each user is: the mean of `item_percentiles` over their items; 0 to 100, NaN without items.

    Shape (n_users,).
    """
    percentiles = item_percentiles(interactions)[interactions.item_codes]
    sums = np.bincount(interactions.user_codes, percentiles, interactions.n_users)
    counts = interactions.user_counts
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def listener_table(interactions: Interactions) -> pd.DataFrame:
    """Return one row for each user that has an item, those with the greatest sum of values first.

    Returns
    -------
    DataFrame
        Columns `listener` (label), `artists` (int64, how many items), `plays` (float64, sum of values), `mainstream`
        (0 to 100, see `mainstream`), `favourite` (name of the item with the
        greatest value), `top_share` (its share of the sum, 0 to 1) and `unusual` (see `outliers`). The index is the
        user code.
    """
    known = np.flatnonzero(interactions.user_counts)
    counts = interactions.user_counts[known]
    starts = interactions.user_starts[known]
    values = interactions.values
    plays = np.add.reduceat(values, starts, dtype=np.float64)
    most = np.maximum.reduceat(values, starts)
    at = np.flatnonzero(values == np.repeat(most, counts))
    owner = interactions.user_codes[at]
    first = at[np.append(True, owner[1:] != owner[:-1])]
    table = pd.DataFrame(
        {
            "listener": interactions.users[known],
            "artists": counts,
            "plays": plays,
            "mainstream": mainstream(interactions)[known],
            "favourite": interactions.names[interactions.item_codes[first]],
            "top_share": most / plays,
        },
        known,
    )
    table["unusual"] = outliers(table)
    return table.sort_values("plays", ascending=False, kind="stable")


def outliers(table: pd.DataFrame) -> NDArray[np.object_]:
    """Return what is unusual about each row, in words; "" for nothing.

    A number is unusual if it lies more than 1.5 interquartile ranges beyond the quartiles: of `artists` and `plays`
    the logarithm, of `mainstream` itself. Where both quartiles are the same, as where the data was cut off at a number
    of items that nearly all users have, there is no spread to measure by, and nothing of that number is unusual.

    References
    ----------
    J. W. Tukey, "Exploratory Data Analysis", Addison-Wesley 1977, chapter 2.
    """
    said = np.full(len(table), "", object)
    for column, few, many in (
        ("artists", "few {nouns.items}", "many {nouns.items}"),
        ("plays", "few {nouns.values}", "many {nouns.values}"),
        ("mainstream", "niche taste", "mainstream taste"),
    ):
        values = table[column].to_numpy(np.float64)
        if column != "mainstream":
            values = np.log10(values)
        low, high = np.quantile(values, [0.25, 0.75])
        if low == high:
            continue
        room = FENCE * (high - low)
        for beyond, words in ((values < low - room, few), (values > high + room, many)):
            said[beyond] = np.where(said[beyond] == "", words, said[beyond] + ", " + words)
    return said


def nearest_listeners(interactions: Interactions, user: int, n: int = 10) -> pd.DataFrame:
    """Return the users whose items overlap most with those of one.

    Parameters
    ----------
    interactions : Interactions
    user : int
        User code.
    n : int
        How many at most.

    Returns
    -------
    DataFrame
        Columns `listener` (label), `both` (items of both), `similarity` (Jaccard index: items of both over items of
        either, 0 to 1) and `sharing` (names of items of both, those with the greatest value of this user first);
        the most similar first.
    """
    both, similarity = _overlap(interactions, user)
    similarity[user] = 0
    nearest = np.argsort(-similarity, kind="stable")[:n]
    return _beside(interactions, user, nearest[similarity[nearest] > 0], both, similarity)


def listeners_beside(interactions: Interactions, user: int, others: NDArray[np.integer]) -> pd.DataFrame:
    """Return these other users beside one: columns of `nearest_listeners`, the most similar first."""
    both, similarity = _overlap(interactions, user)
    others = others[np.argsort(-similarity[others], kind="stable")]
    return _beside(interactions, user, others, both, similarity)


def _overlap(interactions: Interactions, user: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return how many items each user shares with one, and the Jaccard index of both."""
    items = interactions.item_codes[interactions.of_user(user)]
    wanted = np.zeros(interactions.n_items, bool)
    wanted[items] = True
    both = np.bincount(
        interactions.user_codes[wanted[interactions.item_codes]], minlength=interactions.n_users
    )
    return both, both / np.maximum(interactions.user_counts + len(items) - both, 1)


def _beside(
    interactions: Interactions,
    user: int,
    others: NDArray[np.integer],
    both: NDArray[np.int64],
    similarity: NDArray[np.float64],
) -> pd.DataFrame:
    mine = interactions.of_user(user)
    favourites = interactions.item_codes[mine][np.argsort(-interactions.values[mine], kind="stable")]
    sharing = []
    for other in others.tolist():
        shared = favourites[np.isin(favourites, interactions.item_codes[interactions.of_user(other)])]
        sharing.append([str(name) for name in interactions.names[shared[:NAMED]]])
    return pd.DataFrame(
        {
            "listener": interactions.users[others],
            "both": both[others],
            "similarity": similarity[others],
            "sharing": sharing,
        }
    )
