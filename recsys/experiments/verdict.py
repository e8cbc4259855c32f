"""Verdict of a leaderboard: the best model, its margin, and whether that is more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys.data.nouns import Nouns
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.significance import Difference, holm, paired_test

if TYPE_CHECKING:
    from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry


@dataclass(frozen=True, eq=False)
class Rival:
    """A model beside the best one of its leaderboard.

    Attributes
    ----------
    best, entry : LeaderboardEntry
        The best model and the other one.
    difference : Difference
        The best minus the other, alone.
    p_value : float
        Its p-value by Holm's method among the comparisons of all pairs of models: which of them is the best was
        found in the same figures, so that each could have been it.
    comparisons : int
        How many pairs there are.
    """

    best: LeaderboardEntry
    entry: LeaderboardEntry
    difference: Difference
    p_value: float
    comparisons: int

    @property
    def is_clear(self) -> bool:
        """Whether the best is better by more than chance would make it, at the 5 % level."""
        return self.p_value < 0.05


def compare(first: LeaderboardEntry, second: LeaderboardEntry, measure: str = "ndcg") -> Difference:
    """Compare two entries of the same leaderboard by one of `METRICS`, with a paired test over users and splits."""
    mean = first.figures[measure] - second.figures[measure]
    # While the page draws, one of them may just have taken in another split.
    by_user = _shorter(first.by_user[measure], second.by_user[measure])
    by_split = _shorter(first.by_split[measure], second.by_split[measure])
    return paired_test(mean, by_user[0] - by_user[1], by_split[0] - by_split[1])


def rivals(entries: Sequence[LeaderboardEntry], measure: str = "ndcg") -> list[Rival]:
    """Compare the best of these entries with each of the others, the second best first.

    Parameters
    ----------
    entries : sequence of LeaderboardEntry
        Measured ones of the same leaderboard.
    measure : str
        One of `METRICS`; where it has no better end, more is taken for better.
    """
    ranked = ranking(entries, measure)
    pairs = list(combinations(range(len(ranked)), 2))
    tests = [compare(ranked[one], ranked[other], measure) for one, other in pairs]
    adjusted = holm([test.p_value for test in tests])
    return [
        Rival(ranked[0], ranked[other], test, float(p_value), len(pairs))
        for (one, other), test, p_value in zip(pairs, tests, adjusted, strict=True)
        if one == 0
    ]


def ranking(entries: Sequence[LeaderboardEntry], measure: str) -> list[LeaderboardEntry]:
    """Return the entries, the best by a metric first."""
    sign = 1 if METRICS[measure].more_is_better is False else -1
    return sorted(entries, key=lambda entry: sign * entry.figures[measure])


def in_words(board: Leaderboard, entries: Sequence[LeaderboardEntry], nouns: Nouns) -> str:
    """Return which of some models has the best lists, by how much, and whether it may be chance; as plain text.

    Parameters
    ----------
    board : Leaderboard
    entries : sequence of LeaderboardEntry
        At least one that is measured.
    nouns : Nouns
        Of the data.
    """
    ranked = rivals(entries)
    best = ranked[0].best if ranked else entries[0]
    hidden = float(best.lists.hidden.mean()) if best.lists is not None else 0.0
    finds = best.figures["precision"] * board.n
    facts = (
        f"finds {finds:.3g} of {hidden:.3g} hidden {nouns.items} in lists of {board.n} "
        f"(NDCG@{board.n} {best.figures['ndcg']:.3f})"
    )
    if not ranked:
        return f"{best.label} {facts}. A second model would tell how good that is."
    near = [rival.entry.label for rival in ranked if not rival.is_clear]
    second, test = ranked[0].entry, ranked[0].difference
    share = f"{test.mean / second.figures['ndcg']:.1%} more" if second.figures["ndcg"] > 0 else "more"
    margin = f"{share} than {second.label} ({test.mean:+.4f} ± {test.interval:.4f}, {_p(ranked[0].p_value)})"
    if not near:
        return f"{best.label} {facts}: {margin}. The lead is clear."
    named = ", ".join(near[:3]) + (f" and {len(near) - 3} more" if len(near) > 3 else "")
    return f"{best.label} {facts}: {margin}. By these figures {named} may be as good."


def _shorter(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = min(len(one), len(other))
    return one[:n], other[:n]


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2g}"
