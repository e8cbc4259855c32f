"""Blind votes between unnamed lists: tally, sign test, and agreement with a ranking metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

TIE = ""


@dataclass(frozen=True)
class Vote:
    """Vote between the lists of two models for one user.

    Attributes
    ----------
    models : tuple of str
        Labels of both.
    chosen : str
        Label of the one that was voted for; `TIE` for neither.
    ndcg : tuple of float, optional
        NDCG of both lists, 0 to 1; None where nothing of the user was held out.
    """

    models: tuple[str, str]
    chosen: str
    ndcg: tuple[float, float] | None = None


@dataclass(frozen=True)
class Tally:
    """Votes on two models.

    Attributes
    ----------
    wins : tuple of int
        Votes for each of the two.
    ties : int
        Votes for neither.
    p : float
        Two-sided p-value of the sign test: how likely so unequal a result is by chance; ties are left out.
    agree, told : int
        Of `told` votes for a list, on users of whom the NDCG of both lists differs, `agree` were for the higher one.
    """

    wins: tuple[int, int]
    ties: int
    p: float
    agree: int
    told: int


def tally(votes: Sequence[Vote], models: tuple[str, str]) -> Tally:
    """Count the votes on two models, in whichever order each vote has them."""
    here = [vote for vote in votes if set(vote.models) == set(models)]
    first, second = (sum(vote.chosen == model for vote in here) for model in models)
    told = [
        (vote.chosen == vote.models[int(np.argmax(vote.ndcg))])
        for vote in here
        if vote.chosen != TIE and vote.ndcg is not None and vote.ndcg[0] != vote.ndcg[1]
    ]
    p = float(binomtest(first, first + second).pvalue) if first + second else 1.0
    return Tally((first, second), len(here) - first - second, p, sum(told), len(told))


def shown_first(seed: int, vote: int) -> int:
    """Return which of two models, 0 or 1, has the left list in a vote: at random, the same for the same seed."""
    return int(np.random.default_rng([seed, vote]).integers(2))
