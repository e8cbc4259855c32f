"""Other ways to split: the last items of each user, a date, new users, and given files.

`recsys.data.splitting.hold_out` draws at random among the items of each user. These hide other things, and answer other
questions. Validation and test are the same pairs in those of new users and of files.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.dataset import SECONDS_PER_MONTH, Dataset, History
from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out, validation_items
from recsys.errors import InputError
from recsys.kernels import top_n
from recsys.settings import SETTINGS

# What each way hides; `Nouns.fill` puts the words of the data in.
WAYS = {
    "random": "Each {nouns.user} hides some {nouns.items}, drawn at random.",
    "last": "Each {nouns.user} hides the {nouns.items} that they came to last.",
    "date": "All that {nouns.users} came to from a month on is hidden.",
    "new-users": "Some {nouns.users} are hidden as a whole; a part of their {nouns.items} is given when they come.",
}
# What they are called on screen.
WAY_LABELS = {
    "random": "At random",
    "last": "The last ones",
    "date": "From a month on",
    "new-users": "New {nouns.users}",
}
FOLDS = 5


def split_settings(
    way: str,
    minimum: int,
    hidden: int,
    validation: float = 0.0,
    seed: int = 0,
    month: str = "",
) -> dict[str, Any]:
    """Return `Split.settings` of the split that these numbers give: without those that have no effect on it."""
    if way == "date":
        return _settings("date", month=month, validation=validation)
    if way == "last":
        return _settings("last", minimum=minimum, hidden=hidden, validation=validation)
    if way == "new-users":
        return _settings("new-users", minimum=minimum, hidden=hidden, seed=seed, fold=0)
    return {"minimum": minimum, "hidden": hidden, "seed": seed, "validation": validation}


def make_split(dataset: Dataset, settings: Mapping[str, Any]) -> Split:
    """Return the split of a dataset with these `Split.settings`.

    Raises
    ------
    InputError
        As the functions below; or if there is no such way.
    """
    way, numbers = settings.get("way", "random"), dict(settings)
    if way == "random":
        numbers.pop("way", None)
        return hold_out(dataset.interactions, **numbers)
    if way == "last":
        return last_out(dataset, numbers["minimum"], numbers["hidden"], numbers["validation"])
    if way == "date":
        return from_month(dataset, numbers["month"], numbers["validation"])
    if way == "new-users":
        kept = {name: numbers[name] for name in ("fold", "hidden", "minimum", "seed")}
        return new_users(dataset.interactions, **kept)
    raise InputError(f"There is no way to split called {str(way)[:40]!r}.")


def last_out(dataset: Dataset, minimum: int = 35, hidden: int = 15, validation: float = 0.0) -> Split:
    """Hold out the items that each user with enough of them came to last, by the first time of each pair.

    The last ones are the test and those before them validation. Pairs without a time are never held out. Values are
    of all times: that an item was played often may be known from later.

    Parameters
    ----------
    dataset : Dataset
        With a history.
    minimum, hidden, validation
        As in `hold_out`; the minimum is of pairs with a time.

    Raises
    ------
    InputError
        If the data has no times, or no user has enough.
    """
    history, known = _history(dataset), dataset.interactions
    minimum, hidden = int(SETTINGS["minimum"].check(minimum)), int(SETTINGS["hidden"].check(hidden))
    validation = float(SETTINGS["validation"].check(validation))
    if hidden >= minimum:
        raise InputError(
            f"Who has {minimum} cannot hide {hidden} of them and still be learned from. Hide fewer."
        )
    dated = ~np.isnat(history.first)
    keys = np.where(dated, -history.first.astype(np.int64).astype(np.float64), np.inf)
    enough = np.bincount(known.user_codes[dated], minlength=known.n_users) >= minimum
    marks = np.zeros((2, len(known)), bool)
    for_validation = validation_items(hidden, validation)
    for mark, count in zip(marks, (hidden, hidden - for_validation), strict=True):
        top_n.mark_smallest(keys, known.user_starts, minimum, count, mark)
        mark &= enough[known.user_codes]
    is_hidden, is_test = marks
    if not is_hidden.any():
        raise InputError(
            f"Nobody has {minimum} with a time. Ask for fewer: the most is "
            f"{np.bincount(known.user_codes[dated], minlength=1).max()}."
        )
    test = known.subset(is_test)
    return Split(
        known.subset(~is_hidden),
        known.subset(is_hidden & ~is_test) if for_validation else test,
        test,
        _settings("last", minimum=minimum, hidden=hidden, validation=validation),
    )


def first_of(month: str) -> np.datetime64:
    """Return the first day of a month written as 2010-03.

    Raises
    ------
    InputError
        If it is no month.
    """
    try:
        return np.datetime64(datetime.datetime.strptime(str(month), "%Y-%m").date(), "M")
    except ValueError:
        raise InputError(f"{str(month)[:40]!r} is no month. Write it as 2010-03.") from None


def from_month(dataset: Dataset, month: str, validation: float = 0.0) -> Split:
    """Learn from what was before a month, and hold out the pairs that begin in it or later.

    With a share for validation, training ends some whole months earlier, and the pairs that begin in these are
    validation: as many months as bring it nearest to that share of all that is held out.

    A pair from before has the value it had then, where values are known by month, as of plays; a rating is one value.
    Users without an item before the month have nothing to be learned from and hide nothing; pairs without a time are
    training.

    Parameters
    ----------
    dataset : Dataset
        With a history.
    month : str
        Such as 2010-03; it begins at 0:00 UTC of its first day.
    validation : float
        Share of the held-out pairs that are for validation, 0 to 0.9; 0 makes validation and test the same.

    Raises
    ------
    InputError
        If it is no month, the data has no times, or nothing is before or after it, or left for one of the parts.
    """
    begin, validation = first_of(month), float(SETTINGS["validation"].check(validation))
    history, known = _history(dataset), dataset.interactions
    later = history.first >= begin
    end = _end_of_training(history, known, begin, validation) if later.any() else begin
    held_out = history.first >= end
    has_before = known.subset(~held_out).user_counts > 0
    theirs = has_before[known.user_codes]
    test = known.subset(later & theirs)
    if not len(test):
        first, last = np.nanmin(history.first), np.nanmax(history.first)
        raise InputError(
            f"No user came to anything new from {month} on who had something before. The data goes from "
            f"{str(first)[:7]} to {str(last)[:7]}."
        )
    train = _known_at(history, known, end, ~held_out)
    settings = _settings("date", month=month, validation=validation)
    if not validation:
        return Split(train, test, test, settings)
    between = _known_at(history, known, begin, held_out & ~later & theirs)
    if between.ages is not None:  # as all of training, from the end of it
        months = (begin - end).astype(int)
        between = replace(between, ages=between.ages - np.float32(months))
    return Split(train, between, test, settings, validation_from=str(end))


def new_users(
    known: Interactions, fold: int = 0, hidden: int = 15, minimum: int = 35, seed: int = 0
) -> Split:
    """Hide one of five folds of the users with enough items as a whole: models have to fold them in.

    Nothing of these users is in training. When they are measured, all but `hidden` of their items are given.

    Parameters
    ----------
    known : Interactions
    fold : int
        Which of the folds; those beyond the last begin again.
    hidden, minimum, seed
        As in `hold_out`; the seed decides both the folds and which items are hidden.
    """
    minimum, hidden = int(SETTINGS["minimum"].check(minimum)), int(SETTINGS["hidden"].check(hidden))
    seed = int(SETTINGS["seed"].check(seed))
    if hidden >= minimum:
        raise InputError(f"Who has {minimum} cannot hide {hidden} of them and still be known. Hide fewer.")
    able = np.flatnonzero(known.user_counts >= minimum)
    if len(able) < FOLDS or len(able) // FOLDS >= np.count_nonzero(known.user_counts):
        raise InputError(
            f"{len(able)} have at least {minimum}; {FOLDS} folds need {FOLDS} or more. Ask for a smaller minimum."
        )
    random = np.random.default_rng([seed, 7])
    is_new = np.zeros(known.n_users, bool)
    is_new[random.permutation(able)[fold % FOLDS :: FOLDS]] = True
    theirs = is_new[known.user_codes]
    keys = np.random.default_rng(seed).random(len(known))
    is_hidden = np.zeros(len(known), bool)
    top_n.mark_smallest(keys, known.user_starts, minimum, hidden, is_hidden)
    is_hidden &= theirs
    test = known.subset(is_hidden)
    settings = _settings("new-users", minimum=minimum, hidden=hidden, seed=seed, fold=fold % FOLDS)
    return Split(known.subset(~theirs), test, test, settings, given=known.subset(theirs & ~is_hidden))


def given_files(train: Interactions, test: Interactions) -> tuple[Split, str]:
    """Return the split that two sets of pairs make, and a sentence about what was left out of the test.

    Users of the test who are not in training, and pairs that training has, are left out.
    """
    frames = []
    for part in (train, test):
        frame = pd.DataFrame(
            {
                "user": part.users[part.user_codes].astype(str),
                "item": part.items[part.item_codes].astype(str),
                "value": part.values,
                "name": part.names[part.item_codes],
            }
        )
        frames.append(frame)
    known, later = frames
    unknown = ~later["user"].isin(known["user"])
    later = later[~unknown]
    pairs = pd.MultiIndex.from_frame(later[["user", "item"]])
    again = pairs.isin(pd.MultiIndex.from_frame(known[["user", "item"]]))
    later = later[~again]
    if later.empty:
        raise InputError(
            "No pair of the test is new for a user of the training data. Are the files of one data set?"
        )
    whole = Interactions.from_frame(pd.concat([known, later], ignore_index=True))
    users, items = whole.users.get_indexer(later["user"]), whole.items.get_indexer(later["item"])
    codes = whole.user_codes.astype(np.int64) * whole.n_items + whole.item_codes
    is_test = np.isin(codes, users.astype(np.int64) * whole.n_items + items)
    both = whole.subset(is_test)
    said = (
        f"Left out of the test: {int(unknown.sum()):,} pairs of users that are not in training, and "
        f"{int(again.sum()):,} pairs that training has."
    )
    return Split(whole.subset(~is_test), both, both, _settings("files")), said


def _history(dataset: Dataset) -> History:
    if dataset.history is None or np.isnat(dataset.history.first).all():
        raise InputError(
            f"{dataset.title} has no times, so that nothing is known of what came last. Split at random, or use data "
            "with a time in each row."
        )
    return dataset.history


def _end_of_training(
    history: History, known: Interactions, begin: np.datetime64, validation: float
) -> np.datetime64:
    """Return the month from which on pairs are validation, so that it has about its share; `begin` without one.

    Pairs of users who have nothing in training count in neither part.
    """
    if not validation:
        return begin
    months = history.first.astype("datetime64[M]").astype(np.int64)  # NaT is the least of all
    since = np.full(known.n_users, np.iinfo(np.int64).max)
    np.minimum.at(since, known.user_codes, months)
    dated = ~np.isnat(history.first)
    months, since = months[dated], since[known.user_codes[dated]]
    low, at = months.min(), int(begin.astype(np.int64))
    size = int(months.max() - low) + 1
    # Pairs by the month in which their user begins, from before the first one on, and that in which they begin.
    places = (np.maximum(since - low, -1) + 1) * size + months - low
    table = np.bincount(places, minlength=(size + 1) * size).reshape(size + 1, size)
    ends, shares = [], []
    for end in range(min(at - low, size) - 1, 0, -1):
        parts = table[: end + 1, end : at - low].sum(), table[: end + 1, at - low :].sum()
        if all(parts):
            ends.append(end + low)
            shares.append(parts[0] / sum(parts))
    if not ends:
        raise InputError(
            f"Too little of the data is before {begin}: a part of it would be for validation, and none left to learn "
            f"from. It begins in {np.datetime64(int(low), 'M')}. Choose another month, or 0 for validation."
        )
    return np.datetime64(int(ends[int(np.argmin(np.abs(np.array(shares) - validation)))]), "M")


def _known_at(
    history: History, known: Interactions, moment: np.datetime64, chosen: NDArray[np.bool_]
) -> Interactions:
    """Return some pairs with the values and ages that they have at the beginning of a month."""
    found = replace(known.subset(chosen), ages=_ages_at(history, known, moment)[chosen])
    if not len(history.months):
        return found
    return replace(found, values=_until(history, known, moment)[chosen])


def _until(history: History, known: Interactions, begin: np.datetime64) -> NDArray[np.float32]:
    """Return the value of each pair before a month; its whole value where no month is known."""
    month = int(begin.astype("datetime64[M]").astype(np.int64))
    keys = known.user_codes.astype(np.int64) * known.n_items + known.item_codes
    at = np.searchsorted(keys, history.users.astype(np.int64) * known.n_items + history.items)
    early = history.months < month
    sums = np.bincount(at[early], history.values[early], minlength=len(known))
    return np.where(sums > 0, sums, known.values).astype(np.float32)


def _ages_at(history: History, known: Interactions, begin: np.datetime64) -> NDArray[np.float32]:
    """Return the months from the last time of each pair that is known at a month to that month; NaN without one.

    Where no months are known, from its first time: the last one may be later.
    """
    if not len(history.months):
        seconds = (begin.astype("datetime64[s]") - history.first).astype(np.float64)
        return np.where(np.isnat(history.first), np.nan, seconds / SECONDS_PER_MONTH).astype(np.float32)
    month = int(begin.astype("datetime64[M]").astype(np.int64))
    early = history.months < month
    keys = known.user_codes.astype(np.int64) * known.n_items + known.item_codes
    at = np.searchsorted(keys, history.users.astype(np.int64) * known.n_items + history.items)
    last = np.full(len(known), -1, np.int64)
    np.maximum.at(last, at[early], history.months[early])
    return np.where(last >= 0, month - last, np.nan).astype(np.float32)


def _settings(way: str, **settings: object) -> dict[str, object]:
    return {"minimum": 0, "hidden": 0, "seed": 0, "validation": 0.0, "way": way, **settings}
