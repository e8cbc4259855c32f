"""The hold-out: some artists of each listener are hidden from training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.kernels import top_n
from recsys.settings import SETTINGS


@dataclass(frozen=True, eq=False)
class Split:
    """Interactions in two parts that share labels and codes.

    Attributes
    ----------
    train, validation : Interactions
        What the model sees, and what is hidden from it. Together they are the whole.
    minimum, hidden, seed : int
        The settings it was made with.
    """

    train: Interactions
    validation: Interactions
    minimum: int
    hidden: int
    seed: int

    @cached_property
    def settings(self) -> dict[str, int]:
        """The settings it was made with, by name."""
        return {"minimum": self.minimum, "hidden": self.hidden, "seed": self.seed}


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


def hold_out(interactions: Interactions, minimum: int = 35, hidden: int = 15, seed: int = 0) -> Split:
    """Hide some items, drawn at random, of each user who has enough of them.

    Parameters
    ----------
    interactions : Interactions
        The whole data set.
    minimum : int
        Users with at least this many items take part.
    hidden : int
        How many items each of them hides; below `minimum`.
    seed : int
        Same seed, same items.

    Raises
    ------
    InputError
        If a number is out of range, `hidden` is not below `minimum`, or no user takes part.
    """
    minimum = int(SETTINGS["minimum"].check(minimum))
    hidden = int(SETTINGS["hidden"].check(hidden))
    seed = int(SETTINGS["seed"].check(seed))
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
    is_hidden = np.zeros(len(interactions), bool)
    top_n.mark_smallest(keys, interactions.user_starts, minimum, hidden, is_hidden)
    return Split(
        train=interactions.subset(~is_hidden),
        validation=interactions.subset(is_hidden),
        minimum=minimum,
        hidden=hidden,
        seed=seed,
    )
