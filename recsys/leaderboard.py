"""Several models on one split: what each recommends, how good that is, and what it costs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from recsys.errors import InputError
from recsys.metrics import METRICS, Lists, beyond_accuracy, sample_users
from recsys.models.base import Model
from recsys.splitting import Split

# Rank a model on at most this many users: its figures are then known to about 0.003.
MOST_USERS = 5_000

# Whether more of a measure is better; None where it depends on what one wants.
BETTER = {
    **dict.fromkeys(METRICS, True),
    "coverage": True,
    "novelty": True,
    "popularity_rank": None,
    "gini": False,
    "seconds": False,
}


@dataclass(eq=False)
class Entry:
    """One model of a leaderboard.

    Attributes
    ----------
    label : str
        What it is called in the table; no two entries share one.
    model : Model
    lists : Lists or None
        What it recommends; None until it is trained.
    seconds : float
        Time to train, without the measuring.
    message : str
        Why it has no figures, where it failed.
    """

    label: str
    model: Model
    lists: Lists | None = None
    seconds: float = 0.0
    message: str = ""
    done: float = field(default=0.0, repr=False)

    def figures(self, split: Split) -> dict[str, float]:
        """Return the mean of every measure, and the seconds it took to train."""
        if self.lists is None:
            return {}
        means = {name: float(values.mean()) for name, values in self.lists.accuracy().items()}
        return means | beyond_accuracy(self.lists.items, split.train) | {"seconds": self.seconds}


class Leaderboard:
    """Trains models in turn and measures each on the same users.

    Call `step` until it raises StopIteration; leave off at any time.

    Parameters
    ----------
    models : sequence of (str, Model)
        Labels and untrained models.
    split : Split
    n : int
        Length of the lists.

    Raises
    ------
    InputError
        If there are no models.
    """

    def __init__(self, models: Sequence[tuple[str, Model]], split: Split, n: int = 10) -> None:
        if not models:
            raise InputError("Choose at least one model to compare.")
        self.split = split
        self.n = n
        self.users = sample_users(split, MOST_USERS)
        self.entries = [Entry(label, model) for label, model in models]
        self._work = self._steps()

    def step(self) -> None:
        """Train for a moment, or measure a model that is trained.

        Raises
        ------
        StopIteration
            If all is done.
        """
        next(self._work)

    def finish(self) -> None:
        """Leave the rest out; what was measured stays."""
        self._work.close()

    @property
    def progress(self) -> float:
        """The part that is done, 0 to 1."""
        return sum(entry.done for entry in self.entries) / len(self.entries)

    @property
    def measured(self) -> list[Entry]:
        """The entries that have figures so far."""
        return [entry for entry in self.entries if entry.lists is not None]

    def _steps(self) -> Generator[None, None, None]:
        for entry in self.entries:
            try:
                started = time.perf_counter()
                for done in entry.model.train(self.split.train):
                    entry.seconds += time.perf_counter() - started
                    entry.done = 0.9 * min(1.0, done / entry.model.epochs)
                    yield
                    started = time.perf_counter()
                entry.seconds += time.perf_counter() - started
            except InputError as error:
                entry.message = str(error)
            else:
                entry.lists = Lists.of(entry.model, self.split, self.users, self.n)
            entry.done = 1.0
            yield

    def table(self) -> pd.DataFrame:
        """Return a row for each measured model.

        Returns
        -------
        DataFrame
            Columns `model`, then each accuracy measure followed by its `_interval`: half the width of
            the 95 % confidence interval of its mean over users; then `coverage`, `novelty`,
            `popularity_rank`, `gini` and `seconds`. The best NDCG comes first.
        """
        rows = []
        for entry in self.measured:
            assert entry.lists is not None  # noqa: S101 - `measured` says so
            row: dict[str, object] = {"model": entry.label}
            for name, values in entry.lists.accuracy().items():
                row |= {name: float(values.mean()), f"{name}_interval": interval(values)}
            rows.append(
                row | beyond_accuracy(entry.lists.items, self.split.train) | {"seconds": entry.seconds}
            )
        table = pd.DataFrame(rows)
        return table.sort_values("ndcg", ascending=False, ignore_index=True) if len(table) else table


@dataclass(frozen=True)
class Difference:
    """Two models on the same users.

    Attributes
    ----------
    mean : float
        Mean over users of the first model's measure minus the second's.
    interval : float
        Half the width of its 95 % confidence interval.
    p_value : float
        Chance of a difference this large if the models were equally good, by the paired t-test.
    wins, losses : int
        For how many users the first model is better, and worse.
    """

    mean: float
    interval: float
    p_value: float
    wins: int
    losses: int

    @property
    def is_clear(self) -> bool:
        """Whether it is more than chance would make it, at the 5 % level."""
        return self.p_value < 0.05


def compare(first: Lists, second: Lists, measure: str = "ndcg") -> Difference:
    """Compare two models by a paired test over users.

    Parameters
    ----------
    first, second : Lists
        For the same users.
    measure : str
        A name in `METRICS`.

    References
    ----------
    M. Smucker, J. Allan, B. Carterette, "A Comparison of Statistical Significance Tests for
    Information Retrieval Evaluation", CIKM 2007: the paired t-test agrees with randomization.
    """
    offsets = first.accuracy()[measure] - second.accuracy()[measure]
    if not offsets.any():
        return Difference(0.0, 0.0, 1.0, 0, 0)
    p_value = float(stats.ttest_1samp(offsets, 0.0).pvalue) if np.ptp(offsets) > 0 else 0.0
    return Difference(
        float(offsets.mean()), interval(offsets), p_value, int((offsets > 0).sum()), int((offsets < 0).sum())
    )


def interval(values: NDArray[np.float64]) -> float:
    """Return half the width of the 95 % confidence interval of a mean, by the normal distribution."""
    if len(values) < 2:
        return float("nan")
    return float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))


def best_of(table: pd.DataFrame) -> dict[str, int]:
    """Return the row of the best value of each measure that has a better end, by its column."""
    rows = {
        name: table[name].idxmax() if more else table[name].idxmin()
        for name, more in BETTER.items()
        if more is not None
    }
    return {name: int(row) for name, row in rows.items()}


def listed(board: Leaderboard, labels: Sequence[str], user: int) -> tuple[dict[str, pd.DataFrame], int]:
    """Put what several models recommend to one user beside each other.

    Parameters
    ----------
    board : Leaderboard
    labels : sequence of str
        Of measured entries.
    user : int
        User code.

    Returns
    -------
    tables : dict of str to DataFrame
        By label: columns `item`, `artist`, `hit` (a tick where the item was hidden from training) and
        `also` (in how many of the other lists it stands), best first.
    shared : int
        How many items are in every list.
    """
    entries = {entry.label: entry for entry in board.measured}
    users = np.array([user], np.int32)
    lists = {label: Lists.of(entries[label].model, board.split, users, board.n) for label in labels}
    found = {label: one.items[0][one.items[0] >= 0] for label, one in lists.items()}
    counts = Counter(item for items in found.values() for item in items.tolist())
    train = board.split.train
    tables = {
        label: pd.DataFrame(
            {
                "item": train.items[items],
                "artist": train.names[items],
                "hit": np.where(lists[label].hits[0][: len(items)], "✓", ""),
                "also": [counts[item] - 1 for item in items.tolist()],
            }
        )
        for label, items in found.items()
    }
    return tables, sum(count == len(labels) for count in counts.values())
