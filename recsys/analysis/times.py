"""Values over time: by month, first plays, the course of one item, and how far a user's taste moves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import History
from recsys.data.interactions import Interactions


def has_times(history: History | None) -> bool:
    """Return whether any time is known."""
    return history is not None and bool(len(history.months) or not np.isnat(history.first).all())


def months_of(times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the month of each time, counted from January 1970 = 0; NaT must not be among them."""
    return times.astype("datetime64[M]").astype(np.int64)


def dates(months: NDArray[np.integer]) -> NDArray[np.datetime64]:
    """Return the first day of each month."""
    return np.asarray(months, np.int64).astype("datetime64[M]").astype("datetime64[D]")


def by_month(interactions: Interactions, history: History) -> pd.DataFrame:
    """Return what happened in each month, from the first to the last without a gap.

    Returns
    -------
    DataFrame
        Columns `month` (datetime64, its first day), `plays` (float64; where values do not add up, as ratings, the
        pairs last dated in it), `listeners` (users active in it), `artists` (items had in it), `new_pairs` (pairs
        whose first time is in it) and `new_artists` (items whose first time in the data is in it). Empty where no
        time is known.
    """
    known = ~np.isnat(history.first)
    first = months_of(history.first[known])
    months, users, items, values = _dated(interactions, history)
    if not len(months):
        return pd.DataFrame(
            {name: [] for name in ("month", "plays", "listeners", "artists", "new_pairs", "new_artists")}
        )
    start = int(min(months.min(), first.min() if len(first) else months.min()))
    n = int(max(months.max(), first.max() if len(first) else start)) - start + 1
    begun = first_times(interactions, history)
    debut = months_of(begun[~np.isnat(begun)])
    return pd.DataFrame(
        {
            "month": dates(np.arange(start, start + n)),
            "plays": np.bincount(months - start, values, n),
            "listeners": _different(months - start, users, n),
            "artists": _different(months - start, items, n),
            "new_pairs": np.bincount(first - start, minlength=n),
            "new_artists": np.bincount(debut - start, minlength=n),
        }
    )


def _dated(
    interactions: Interactions, history: History
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Return months, users, items and values; where values do not add up, each pair once, in its last month."""
    if len(history.months):
        values = history.values.astype(np.float64)
        return history.months.astype(np.int64), history.users, history.items, values
    dated = ~np.isnat(history.last)
    months = months_of(history.last[dated])
    return months, interactions.user_codes[dated], interactions.item_codes[dated], np.ones(len(months))


def first_times(interactions: Interactions, history: History) -> NDArray[np.datetime64]:
    """Return the first time of each item in the data; datetime64[s], shape (n_items,), NaT where unknown."""
    known = ~np.isnat(history.first)
    latest = np.iinfo(np.int64).max
    found = np.full(interactions.n_items, latest)
    np.minimum.at(found, interactions.item_codes[known], history.first[known].astype(np.int64))
    return np.where(found < latest, found, np.iinfo(np.int64).min).astype("datetime64[s]")


def items_between(interactions: Interactions, history: History, start: int, end: int) -> pd.DataFrame:
    """Return the items had from one month to another, both included, those with the most plays first.

    Parameters
    ----------
    interactions : Interactions
    history : History
    start, end : int
        Months, counted from January 1970 = 0.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `listeners` (users who had it in these months), `plays` (float64; where values do not
        add up, as ratings, the pairs last dated in them), `share_of_plays` (of these months, 0 to 1), `first_time`
        (datetime64[s], in all of the data) and `new` (whether that is in these months). The index is the item code.
    """
    months, users, items, values = _dated(interactions, history)
    inside = (months >= start) & (months <= end)
    users, items, values = users[inside], items[inside], values[inside]
    pairs = first_of_pair(users, items)  # a pair has a row for each of its months
    plays = np.bincount(items, values, interactions.n_items)
    first = first_times(interactions, history)
    table = pd.DataFrame(
        {
            "item": interactions.items,
            "artist": interactions.names,
            "listeners": np.bincount(items[pairs], minlength=interactions.n_items),
            "plays": plays,
            "share_of_plays": plays / max(float(plays.sum()), 1e-12),
            "first_time": first,
            "new": ~np.isnat(first)
            & (first >= np.datetime64(start, "M"))
            & (first < np.datetime64(end + 1, "M")),
        }
    )
    return table[table["listeners"] > 0].sort_values("plays", ascending=False, kind="stable")


def users_between(interactions: Interactions, history: History, start: int, end: int) -> int:
    """Return how many users are active from one month to another, both included."""
    months, users, _, _ = _dated(interactions, history)
    return len(np.unique(users[(months >= start) & (months <= end)]))


def first_of_pair(users: NDArray[np.integer], items: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return where each pair begins in rows that are sorted by user and item."""
    if not len(users):
        return np.empty(0, np.intp)
    return np.flatnonzero(np.append(True, (users[1:] != users[:-1]) | (items[1:] != items[:-1])))


def _different(months: NDArray[np.int64], codes: NDArray[np.integer], n: int) -> NDArray[np.int64]:
    """Count the different codes of each month."""
    pairs = np.unique(months << 32 | codes)
    return np.bincount(pairs >> 32, minlength=n)


def course(history: History, item: int) -> pd.DataFrame:
    """Return the plays of one item: columns `month`, `plays`, `listeners` and `share` of all plays of the month.

    From its first month to the last of the data, without a gap; empty where its months are not known.
    """
    mine = history.items == item
    if not mine.any():
        return pd.DataFrame({"month": [], "plays": [], "listeners": [], "share": []})
    at, months, plays = _since_the_first(history, mine)
    start, n = int(history.months[mine].min()), len(months)
    since = history.months >= start
    whole = np.bincount(history.months[since].astype(np.int64) - start, history.values[since], n)
    return pd.DataFrame(
        {
            "month": months,
            "plays": plays,
            "listeners": np.bincount(at, minlength=n),
            "share": plays / np.maximum(whole, 1e-12),
        }
    )


def course_of_user(history: History, user: int) -> pd.DataFrame:
    """Return the plays of one user: columns `month`, `plays`, `artists` and `new_artists` (not had before).

    From the first month of the user to the last of the data, without a gap; empty where the months are not known.
    """
    mine = history.users == user
    if not mine.any():
        return pd.DataFrame({"month": [], "plays": [], "artists": [], "new_artists": []})
    at, months, plays = _since_the_first(history, mine)
    first = at[first_of_pair(history.users[mine], history.items[mine])]  # the months of a pair ascend
    return pd.DataFrame(
        {
            "month": months,
            "plays": plays,
            "artists": np.bincount(at, minlength=len(months)),
            "new_artists": np.bincount(first, minlength=len(months)),
        }
    )


def _since_the_first(
    history: History, mine: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.datetime64], NDArray[np.float64]]:
    """Return the place of the month of each chosen row, and all months from the first one with the sums of values."""
    start, end = int(history.months[mine].min()), int(history.months.max())
    at = history.months[mine].astype(np.int64) - start
    months = dates(np.arange(start, end + 1))
    return at, months, np.bincount(at, history.values[mine], len(months)).astype(np.float64)


def rises(interactions: Interactions, history: History, n: int = 10) -> pd.DataFrame:
    """Return the items whose share of all plays rose and fell most from the first half of the time to the second.

    Halves by months, so that a month of many plays weighs no more than another. Returns columns `item`, `artist`,
    `before` and `after` (mean share of the plays of a month, 0 to 1) and `change`, the `n` greatest rises first and
    the `n` greatest falls last; empty where there are not two months.
    """
    columns = ["item", "artist", "before", "after", "change"]
    months = np.unique(history.months).astype(np.int64)
    if len(months) < 2:
        return pd.DataFrame(columns=columns)
    at = np.searchsorted(months, history.months)
    whole = np.bincount(at, history.values)
    share = history.values / whole[at]
    late = at >= len(months) // 2
    counts = np.array([len(months) // 2, len(months) - len(months) // 2])
    before, after = (
        np.bincount(history.items[part], share[part], interactions.n_items) / count
        for part, count in zip((~late, late), counts, strict=True)
    )
    change = after - before
    order = np.argsort(-change, kind="stable")
    chosen = np.unique(np.append(order[:n], order[-n:]))
    chosen = chosen[np.argsort(-change[chosen], kind="stable")]
    chosen = chosen[change[chosen] != 0]
    return pd.DataFrame(
        {
            "item": interactions.items[chosen],
            "artist": interactions.names[chosen],
            "before": before[chosen],
            "after": after[chosen],
            "change": change[chosen],
        }
    )


def drift(history: History, user: int) -> pd.DataFrame:
    """Return how alike the items of a user in each quarter are to those of the first quarter and of the one before.

    Returns
    -------
    DataFrame
        Columns `quarter` (datetime64, its first day), `plays`, `like_first` and `like_before` (cosine of the plays by
        item, 0 for nothing in common to 1; NaN for the first), `new` (share of the plays that goes to items not had in
        an earlier quarter); only quarters with plays.
    """
    mine = history.users == user
    quarters = history.months[mine].astype(np.int64) // 3
    rows: list[tuple[np.datetime64, float, float, float, float]] = []
    _, items = np.unique(history.items[mine], return_inverse=True)
    first: NDArray[np.float64] | None = None
    before: NDArray[np.float64] | None = None
    had = np.zeros(int(items.max()) + 1 if len(items) else 0, bool)
    for quarter in np.unique(quarters):
        now = quarters == quarter
        plays = np.bincount(items[now], history.values[mine][now], len(had)).astype(np.float64)
        new = float(plays[~had].sum() / plays.sum())
        likes = [float("nan") if other is None else _cosine(plays, other) for other in (first, before)]
        rows.append((dates(np.array([3 * quarter]))[0], float(plays.sum()), likes[0], likes[1], new))
        had |= plays > 0
        first, before = plays if first is None else first, plays
    return pd.DataFrame(rows, columns=["quarter", "plays", "like_first", "like_before", "new"])


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
