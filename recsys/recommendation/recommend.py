"""Recommendations to a user of the data or to a new one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from recsys.analysis.popularity import user_table
from recsys.data.interactions import Interactions
from recsys.data.splitting import Split
from recsys.evaluation.beyond_accuracy import popularity_ranks
from recsys.evaluation.ranked_lists import find_hits
from recsys.models.base import Model
from recsys.models.ranking import best
from recsys.recommendation.reranking import AS_SCORED, Reranking


def recommend_to(
    model: Model, split: Split, user: int, n: int = 10, reranking: Reranking = AS_SCORED
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the items of a user and the recommended ones.

    Parameters
    ----------
    model : Model
        Trained on `split.train`.
    split : Split
    user : int
        User code.
    n : int
        Length of the list, from 1.
    reranking : Reranking
        Re-ranking of the best items; by score alone if left out.

    Returns
    -------
    existing : DataFrame
        All items of the user in training: columns of `user_table`.
    recommended : DataFrame
        Columns `item`, `artist`, `score` (in the unit of the model's target), `listeners`,
        `popularity_rank` (1 is the most popular; both counted in training) and `hit`
        (whether the item is held out), the best first.
    """
    return user_table(split.train, user), recommended_items(model, split, user, n, reranking)


def recommended_items(
    model: Model, split: Split, user: int, n: int = 10, reranking: Reranking = AS_SCORED
) -> pd.DataFrame:
    """Return the recommended items alone, as `recommend_to` does."""
    users = np.array([user], np.int32)
    items, scores = reranking.recommend(model, split.train, users, n, split.seed)
    hits = find_hits(items, users, split.held_out)[0]
    return item_table(split.train, items[0], scores[0]).assign(hit=hits[items[0] >= 0])


def recommend_to_new(
    model: Model,
    train: Interactions,
    items: ArrayLike,
    values: ArrayLike | None = None,
    n: int = 10,
    known: ArrayLike = (),
    seed: int = 0,
    reranking: Reranking = AS_SCORED,
    ages: ArrayLike | None = None,
) -> pd.DataFrame:
    """Recommend to a user who is not in the data, without training.

    Parameters
    ----------
    model : Model
        Trained on `train`.
    train : Interactions
    items : int array, shape (n_known,)
        Codes of the items with feedback.
    values : array, shape (n_known,), optional
        Their values; 0 is negative feedback.
    n : int
        Length of the list, from 1.
    known : int array
        Codes of items to exclude from the list.
    seed : int
        Breaks ties.
    reranking : Reranking
        Re-ranking of the best items; by score alone if left out.
    ages : array, shape (n_known,), optional
        As for `Model.fold_in_scores`.

    Returns
    -------
    DataFrame
        Columns of `item_table`, the best first; none of `items` or `known`.

    Raises
    ------
    InputError
        If the model does not support fold-in, or nothing is known of these items.
    """
    scores = model.fold_in_scores(items, values, ages)
    left_out = np.concatenate([np.asarray(codes, np.int32).ravel() for codes in (items, known)])
    pool = best(scores[None], [left_out], reranking.pool(n), seed)
    best_items, best_scores = reranking.choose(model, train, *pool, n)
    return item_table(train, best_items[0], best_scores[0])


def before_and_after(
    model: Model,
    train: Interactions,
    user: int,
    items: ArrayLike,
    values: ArrayLike,
    n: int = 10,
    steps: int = 10,
    update_items: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare the list of a user before and after an online update with new values.

    The model itself does not change.

    Parameters
    ----------
    model : Model
        A model that supports online updates, trained on `train`.
    train : Interactions
    user : int
        User code.
    items, values : array, shape (n_new,)
        Codes of new or changed items, and their values.
    n : int
        Length of the lists.
    steps, update_items
        As for `Model.partial_fit`.
    seed : int
        Breaks ties.

    Returns
    -------
    DataFrame
        Columns of `item_table` with the scores after, and `before` and `after`: the rank in either
        list, missing where it is not in it. Items of the new list come first.

    Raises
    ------
    InputError
        As for `Model.partial_fit` and `Interactions.with_plays`.
    """
    now = train.with_plays(user, np.asarray(items, np.int32), np.asarray(values, np.float64))
    mine, users = now.of_user(user), np.array([user], np.int32)
    learned = model.copy()
    learned.partial_fit(user, now.item_codes[mine], now.values[mine], steps, update_items=update_items)
    before, _ = model.recommend(train, users, n, seed)
    after, _ = learned.recommend(now, users, n, seed)
    before, after = (items[0][items[0] >= 0] for items in (before, after))
    shown = np.union1d(before, after)
    places = [
        pd.Series(np.arange(1, len(listed) + 1), listed).reindex(shown).astype("Int64").array
        for listed in (before, after)
    ]
    table = item_table(train, shown, learned.scores(users)[0, shown])
    return table.assign(before=places[0], after=places[1]).sort_values(
        ["after", "before"], na_position="last", ignore_index=True
    )


def item_table(train: Interactions, items: NDArray[np.int32], scores: NDArray[np.float32]) -> pd.DataFrame:
    """Describe recommended items.

    Parameters
    ----------
    train : Interactions
        Source of numbers of users.
    items, scores : int32 and float32 array, shape (n,)
        As `Model.recommend` returns them for one user; -1 is left out.

    Returns
    -------
    DataFrame
        Columns `item`, `artist`, `score`, `listeners` and `popularity_rank` (1 is the most popular).
    """
    codes = items[items >= 0]
    return pd.DataFrame(
        {
            "item": train.items[codes],
            "artist": train.names[codes],
            "score": scores[items >= 0],
            "listeners": train.item_counts[codes],
            "popularity_rank": popularity_ranks(train)[codes],
        }
    )
