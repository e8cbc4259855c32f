"""Splits of a data set into training, validation and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.kernels import top_n
from recsys.settings import SETTINGS

Part = Literal["validation", "test"]


@dataclass(frozen=True, eq=False)
class Split:
    """Interactions in three parts that share labels and codes.

    Models learn from `train`. Curves, early stopping, sweeps and every other choice read `validation`; `test` is
    measured once, when all is chosen. In a split of two parts both are the same pairs: a figure that was used to
    choose a model is then too good.

    Attributes
    ----------
    train, validation, test : Interactions
        Together they are the whole.
    settings : dict
        The settings it was made with, by name, as `hold_out` takes them; `way` where it is one of
        `recsys.data.ways`, with what that takes.
    given : Interactions or None
        What is known of users who are not in training at all, and whom models fold in.
    validation_from : str
        Month that the validation part begins with, where a split by date has one.
    """

    train: Interactions
    validation: Interactions
    test: Interactions
    settings: dict[str, Any]
    given: Interactions | None = None
    validation_from: str = ""

    @property
    def minimum(self) -> int:
        """How many items a user needs to have some held out."""
        return int(self.settings["minimum"])

    @property
    def hidden(self) -> int:
        """How many items of such a user are held out."""
        return int(self.settings["hidden"])

    @property
    def seed(self) -> int:
        """Decides which items are held out, and the order of equal scores."""
        return int(self.settings["seed"])

    @property
    def has_validation(self) -> bool:
        """Whether validation and test are different pairs."""
        return self.validation is not self.test

    def part(self, name: Part) -> Interactions:
        """Return a held-out part by its name."""
        return self.validation if name == "validation" else self.test

    @cached_property
    def held_out(self) -> Interactions:
        """All that is held out: validation and test."""
        return self.validation.union(self.test) if self.has_validation else self.test

    @cached_property
    def before_test(self) -> Interactions:
        """All that is known before the test: training and validation. These pairs are not recommended in a test."""
        if self.given is not None:
            return self.train.union(self.given)
        return self.train.union(self.validation) if self.has_validation else self.train

    def redrawn(self, number: int) -> Split:
        """Hold out of the same data again, by a seed that is higher by a number.

        A split by time or by files has no seed and stays as it is; one of new users goes on to the next folds.
        """
        if (way := self.settings.get("way", "random")) != "random":
            from recsys.data.ways import new_users  # it makes splits of this kind

            if way != "new-users":
                return self
            kept = {name: self.settings[name] for name in ("minimum", "hidden", "seed")}
            return new_users(self.before_test.union(self.test), self.settings["fold"] + number, **kept)
        whole = self.before_test.union(self.test)
        seed = (self.seed + number) % (int(SETTINGS["seed"].maximum) + 1)
        return hold_out(whole, **self.settings | {"seed": seed})

    def seen(self, name: Part) -> Interactions:
        """Return the pairs that are not recommended when a part is measured."""
        return self.train if name == "validation" and self.given is None else self.before_test


def validation_items(hidden: int, share: float) -> int:
    """Return how many of a user's held-out items are for validation; at least one is left for the test."""
    return min(round(hidden * share), hidden - 1)


def in_words(settings: Mapping[str, Any]) -> str:
    """Return the settings of a split in short, such as `35/15, of which 5 for validation, seed 0`."""
    way = settings.get("way", "random")
    if way == "date":
        return f"from {settings['month']} on" + (", validation before it" if settings["validation"] else "")
    if way == "files":
        return "as the files give it"
    if way == "new-users":
        numbers = f"{settings['minimum']}/{settings['hidden']}, seed {settings['seed']}"
        return f"new users, fold {settings['fold'] + 1}, {numbers}"
    hidden = int(settings["hidden"])
    own = validation_items(hidden, settings["validation"])
    parts = f", of which {own} for validation" if own else ", validation and test the same"
    drawn = "the last by time" if way == "last" else f"seed {settings['seed']}"
    return f"{settings['minimum']}/{hidden}{parts}, {drawn}"


def hidden_in_words(settings: Mapping[str, Any]) -> str:
    """Return what a split hides of each user, such as `15 of each listener with at least 35`; for `Nouns.fill`."""
    way = settings.get("way", "random")
    if way == "date":
        before = " and, for validation, in the time before it" if settings["validation"] else ""
        return f"what each {{nouns.user}} came to from {settings['month']} on{before}"
    last = "the last " if way == "last" else ""
    return f"{last}{settings['hidden']} of each {{nouns.user}} with at least {settings['minimum']}"


def suited(interactions: Interactions) -> tuple[int, int]:
    """Return the usual numbers for `minimum` and `hidden`, or smaller ones where they suit the data better.

    Where fewer than one user in ten has enough items, the median user takes part, and hides the
    usual share (15 of 35, rounded down, at least 1).
    """
    minimum, hidden = int(SETTINGS["minimum"].default), int(SETTINGS["hidden"].default)
    counts = interactions.user_counts
    if (counts >= minimum).mean() >= 0.1:
        return minimum, hidden
    fewer = max(2, min(minimum, int(np.median(counts))))
    return fewer, max(1, fewer * hidden // minimum)


def hold_out(
    interactions: Interactions, minimum: int = 35, hidden: int = 15, seed: int = 0, validation: float = 0.0
) -> Split:
    """Hold out some items, drawn at random, of each user who has enough of them.

    Parameters
    ----------
    interactions : Interactions
        The whole data set.
    minimum : int
        Users with at least this many items take part.
    hidden : int
        How many items of each of them are held out; below `minimum`.
    seed : int
        Same seed, same items.
    validation : float
        Share of the held-out items that are for validation, 0 to 0.9; the others are the test. Which items are held
        out does not depend on it. If it comes to none, the same items are validation and test.

    Raises
    ------
    InputError
        If a number is out of range, `hidden` is not below `minimum`, or no user takes part.
    """
    minimum = int(SETTINGS["minimum"].check(minimum))
    hidden = int(SETTINGS["hidden"].check(hidden))
    seed = int(SETTINGS["seed"].check(seed))
    validation = float(SETTINGS["validation"].check(validation))
    if hidden >= minimum:
        raise InputError(
            f"Who has {minimum} cannot hide {hidden} of them and still be learned from. "
            "Hide fewer, or let only those take part who have more."
        )
    counts = interactions.user_counts
    if counts.max() < 2:
        raise InputError(
            "Nobody has more than one: none can be hidden and one be left to learn from. "
            "Use data with more for each."
        )
    if counts.max() < minimum:
        fitting, fewer = suited(interactions)
        raise InputError(
            f"Nobody has {minimum}; the most is {counts.max()}. "
            f"Ask for {counts.max()} or fewer to take part: {fitting}, with {fewer} hidden, suits this data."
        )
    keys = np.random.default_rng(seed).random(len(interactions))
    is_hidden, is_test = np.zeros((2, len(interactions)), bool)
    top_n.mark_smallest(keys, interactions.user_starts, minimum, hidden, is_hidden)
    for_validation = validation_items(hidden, validation)
    if for_validation:
        top_n.mark_smallest(keys, interactions.user_starts, minimum, hidden - for_validation, is_test)
    test = interactions.subset(is_test if for_validation else is_hidden)
    return Split(
        train=interactions.subset(~is_hidden),
        validation=interactions.subset(is_hidden & ~is_test) if for_validation else test,
        test=test,
        settings={"minimum": minimum, "hidden": hidden, "seed": seed, "validation": validation},
    )
