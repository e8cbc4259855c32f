"""Explanations: contributions of known items to a score."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC, Nouns
from recsys.models.base import Model

# Further reasons are given only if they contribute at least this fraction of the first.
MIN_SHARE_OF_FIRST = 0.25

# With fewer items in common with other users, a list is little more than a guess.
MIN_SHARED_ITEMS = 3

MAX_NAME_CHARS = 60


def reasons(
    model: Model,
    interactions: Interactions,
    items: ArrayLike,
    values: ArrayLike | None,
    wanted: ArrayLike,
    n: int = 3,
    ages: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return the known items that contribute most to the scores of others.

    Parameters
    ----------
    model : Model
        A model that supports fold-in.
    interactions : Interactions
        Source of the names.
    items, values
        Feedback of the user, as for `Model.fold_in_scores`.
    wanted : int array
        Codes of the items to explain.
    n : int
        Maximum number of contributors for each, from 1.
    ages : array, optional
        As for `Model.fold_in_scores`.

    Returns
    -------
    DataFrame
        Columns `item` and `artist` (explained), `because_item` and `because` (known) and
        `contribution`, in the unit of the score; wanted items in their order, contributions
        descending. An item without positive contributions is left out.

    Raises
    ------
    InputError
        As for `Model.fold_in_scores`.
    """
    known, codes = (np.atleast_1d(np.asarray(array, np.int32)) for array in (items, wanted))
    shares = model.contributions(known, values, codes, ages).shares
    rows, columns = main_contributors(shares, n)
    because = known[columns]
    return pd.DataFrame(
        {
            "item": interactions.items[codes[rows]],
            "artist": interactions.names[codes[rows]],
            "because_item": interactions.items[because],
            "because": interactions.names[because],
            "contribution": shares[rows, columns],
        }
    )


def main_contributors(shares: NDArray[np.float64], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which known items account for most of each score.

    Parameters
    ----------
    shares : float64 array, shape (n_wanted, n_known)
        As `Contributions.shares`.
    n : int
        Maximum number of known items for each wanted one, from 1.

    Returns
    -------
    rows, columns : int64 array
        Positions in `shares`, row by row with the largest first. Only positive ones, and those of at least
        `MIN_SHARE_OF_FIRST` times the largest of the row.
    """
    largest = np.argsort(-shares, axis=1, kind="stable")[:, :n]
    rows, columns = np.repeat(np.arange(len(shares)), largest.shape[1]), largest.ravel()
    found = shares[rows, columns]
    kept = (found > 0) & (found >= MIN_SHARE_OF_FIRST * shares[rows].max(axis=1))
    return rows[kept], columns[kept]


def breakdown(
    model: Model,
    interactions: Interactions,
    items: ArrayLike,
    values: ArrayLike | None,
    wanted: int,
    nouns: Nouns = MUSIC,
    ages: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return all contributions to the score of one item.

    Parameters
    ----------
    model, interactions, items, values, ages
        As for `reasons`.
    wanted : int
        Code of the item to explain.
    nouns : Nouns
        Nouns of the data.

    Returns
    -------
    DataFrame
        Columns `part` (name of an item, or of another term), `item` (label, missing for other
        terms) and `contribution`, descending. They add up to the score.
    """
    known = np.atleast_1d(np.asarray(items, np.int32))
    parts = model.contributions(known, values, [wanted], ages)
    return pd.DataFrame(
        {
            "part": [*interactions.names[known], *map(nouns.fill, parts.rest)],
            "item": [*interactions.items[known].astype(object), *[None] * len(parts.rest)],
            "contribution": [*parts.shares[0], *(float(part[0]) for part in parts.rest.values())],
        }
    ).sort_values("contribution", ascending=False, kind="stable", ignore_index=True)


def explains(model: Model, train: Interactions, user: int) -> bool:
    """Return whether the scores of this user can be explained."""
    return model.supports_fold_in and bool(train.user_counts[user])


def because(model: Model, train: Interactions, user: int, wanted: ArrayLike, n: int = 3) -> list[list[str]]:
    """Return the names of the items of a user that contribute most to the score of each wanted one.

    Parameters
    ----------
    model : Model
        Trained on `train`.
    train : Interactions
    user : int
        User code.
    wanted : int array
        Item codes.
    n : int
        Maximum number of names for each, from 1.

    Returns
    -------
    list of list of str
        As long as `wanted`; empty lists for items without positive contributions, or where
        `explains` is False.
    """
    codes = np.atleast_1d(np.asarray(wanted, np.int32))
    if not explains(model, train, user):
        return [[] for _ in codes]
    items, values, ages = train.feedback_of(user)
    table = reasons(model, train, items, values, codes, n, ages)
    names = {item: group["because"].tolist() for item, group in table.groupby("item", sort=False)}
    return [names.get(train.items[code], []) for code in codes]


def doubt(train: Interactions, user: int, nouns: Nouns = MUSIC) -> str:
    """Return a warning if a user has too few items for good recommendations; else an empty text."""
    known = train.item_codes[train.of_user(user)]
    telling = int((train.item_counts[known] > 1).sum())
    if telling >= MIN_SHARED_ITEMS:
        return ""
    what = {0: f"no {nouns.item}", 1: f"only one {nouns.item}"}.get(telling, f"only {telling} {nouns.items}")
    return (
        f"The model knows {what} of this {nouns.user} that anybody else {nouns.does}: "
        "the list is little more than a guess."
    )


def breakdown_of(
    model: Model, train: Interactions, user: int, wanted: int, nouns: Nouns = MUSIC
) -> pd.DataFrame:
    """Return `breakdown` for a user of the training data, with items in it."""
    items, values, ages = train.feedback_of(user)
    return breakdown(model, train, items, values, wanted, nouns, ages)


def largest_parts(parts: pd.DataFrame, n: int) -> pd.DataFrame:
    """Return the `n` parts of a `breakdown` with the largest absolute values, and the rest as one last row.

    The rest has no item, and the sum is unchanged.
    """
    order = np.argsort(-parts["contribution"].abs().to_numpy(), kind="stable")
    shown, rest = parts.iloc[np.sort(order[:n])], parts.iloc[order[n:]]
    if rest.empty:
        return shown.reset_index(drop=True)
    return pd.DataFrame(
        {
            "part": [*shown["part"], f"All {len(rest)} others"],
            "item": pd.Series([*shown["item"], None], dtype=object),  # otherwise integers become floats
            "contribution": [*shown["contribution"], float(rest["contribution"].sum())],
        }
    )


def short(name: object, longest: int = MAX_NAME_CHARS) -> str:
    """Return a name for use in a sentence: shortened, and without bidirectional control characters."""
    plain = re.sub("[\u202a-\u202e\u2066-\u2069]", "", str(name))
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"


def sentence(names: Sequence[str]) -> str:
    """Return the reason in words: `because of Muse and Placebo`; empty without names."""
    if not len(names):
        return ""
    *first, last = map(short, names)
    return f"because of {', '.join(first)} and {last}" if first else f"because of {last}"


def sentences(table: pd.DataFrame) -> dict[object, str]:
    """Return the reason in words for each item of a table of `reasons`, by its label."""
    return {item: sentence(group["because"].tolist()) for item, group in table.groupby("item", sort=False)}
