"""Leaderboard: several models trained and measured on one split."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.evaluation.significance import Difference, interval, paired_test
from recsys.models.base import Model

# Rank a model on at most this many users: its figures are then known to about 0.003.
MOST_USERS = 5_000


@dataclass(eq=False)
class Entry:
    """One model of a leaderboard.

    Attributes
    ----------
    label : str
        What it is called in the table; no two entries share one.
    model : Model
        Untrained, or trained on the very split.
    trained : bool
        Whether it is measured as it is.
    stop : int or None
        The epoch to train to, where training is not to go on to the end.
    note : str
        Where it comes from, in a sentence; empty for a model with its defaults.
    seconds : float
        Time to train, without the measuring.
    lists : RankedLists or None
        What it recommends; None until it is trained.
    figures : dict of str to float
        Each of `METRICS`; empty until it is trained.
    by_user : dict of str to float64 array, shape (n_users,)
        What each user adds to these figures: their mean is a figure's, or near it, and its standard error is
        that of the figure.
    message : str
        Why it has no figures, where it failed.
    done : float
        How far it is, 0 to 1.
    """

    label: str
    model: Model
    trained: bool = False
    stop: int | None = None
    note: str = ""
    seconds: float = 0.0
    lists: RankedLists | None = None
    figures: dict[str, float] = field(default_factory=dict, repr=False)
    by_user: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    message: str = ""
    done: float = 0.0

    def measure(self, split: Split, users: NDArray[np.int32], n: int) -> None:
        """Rank the catalogue for these users and take the figures."""
        lists = RankedLists.of(self.model, split, users, n)
        self.by_user = {metric.name: metric.per_user(lists) for metric in METRICS.values()}
        self.figures = {metric.name: metric.figure(lists) for metric in METRICS.values()}
        self.lists = lists


class Leaderboard:
    """Trains models in turn and measures each on the same users.

    Call `step` until it raises StopIteration; leave off at any time.

    Parameters
    ----------
    entries : sequence of Entry
    split : Split
    n : int
        Length of the lists.

    Raises
    ------
    InputError
        If there are no models.
    """

    def __init__(self, entries: Sequence[Entry], split: Split, n: int = 10) -> None:
        if not entries:
            raise InputError("Choose at least one model to compare.")
        self.split = split
        self.n = n
        self.users = sample_users(split, MOST_USERS)
        self.entries = list(entries)
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
        """The entries that have figures so far, the best NDCG first."""
        done = [entry for entry in self.entries if entry.lists is not None]
        return sorted(done, key=lambda entry: -entry.figures["ndcg"])

    def _steps(self) -> Generator[None, None, None]:
        for entry in self.entries:
            try:
                if not entry.trained:
                    yield from self._train(entry)
                entry.measure(self.split, self.users, self.n)
            except InputError as error:
                entry.message = str(error)
            entry.done = 1.0
            yield

    def _train(self, entry: Entry) -> Generator[None, None, None]:
        stop = entry.stop or entry.model.epochs
        started = time.perf_counter()
        for done in entry.model.train(self.split.train):
            entry.seconds += time.perf_counter() - started
            entry.done = 0.9 * min(1.0, done / stop)
            yield
            started = time.perf_counter()
            if entry.stop is not None and done >= entry.stop:
                entry.model.finalize(self.split.train)
                break
        entry.seconds += time.perf_counter() - started
        entry.model.free_buffers()

    def table(self, measured: Sequence[Entry] | None = None) -> pd.DataFrame:
        """Return a row for each measured model.

        Parameters
        ----------
        measured : sequence of Entry, optional
            What `measured` was; by default it is asked now. While the work goes on it grows: who draws
            a table and its marks takes both from the same.

        Returns
        -------
        DataFrame
            Columns `model`, then each measure followed by its `_interval`: half the width of its 95 %
            confidence interval over users; then `seconds` and `note`. The best NDCG comes first.
        """
        rows = []
        for entry in self.measured if measured is None else measured:
            row: dict[str, object] = {"model": entry.label}
            for name in METRICS:
                row |= {name: entry.figures[name], f"{name}_interval": interval(entry.by_user[name])}
            rows.append(row | {"seconds": entry.seconds, "note": entry.note})
        return pd.DataFrame(rows)

    def marks(self, measured: Sequence[Entry] | None = None) -> pd.DataFrame:
        """Mark the best figure of each column of `table`, and those that are not clearly worse.

        Parameters
        ----------
        measured : sequence of Entry, optional
            As in `table`.

        Returns
        -------
        DataFrame of str
            Rows as in `table`; columns are `seconds` and the metrics that have a better end: `best`, `close` where the
            paired test finds no difference to the best at the 5 % level, or empty.
        """
        entries = self.measured if measured is None else measured
        columns = {}
        for metric in METRICS.values():
            if metric.more_is_better is None or not entries:
                continue
            values = [entry.figures[metric.name] for entry in entries]
            best = entries[int(np.argmax(values) if metric.more_is_better else np.argmin(values))]
            columns[metric.name] = [
                "best"
                if value == best.figures[metric.name]
                else ""
                if compare(best, entry, metric.name).is_clear
                else "close"
                for entry, value in zip(entries, values, strict=True)
            ]
        fastest = min((entry.seconds for entry in entries), default=0.0)
        columns["seconds"] = ["best" if entry.seconds == fastest else "" for entry in entries]
        return pd.DataFrame(columns)


def compare(first: Entry, second: Entry, measure: str = "ndcg") -> Difference:
    """Compare two entries of the same leaderboard by one of `METRICS`, with a paired test over users."""
    mean = first.figures[measure] - second.figures[measure]
    return paired_test(mean, first.by_user[measure] - second.by_user[measure])
