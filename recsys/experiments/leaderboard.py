"""Leaderboard: several models trained and measured on the same splits."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.splitting import Split
from recsys.data.ways import FOLDS
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.evaluation.significance import interval
from recsys.experiments.verdict import rivals
from recsys.models import make_model
from recsys.models.base import Model
from recsys.settings import SETTINGS
from recsys.system.stepped import SteppedWork, Steps, side_by_side

# Rank a model on at most this many users: its figures are then known to about 0.003.
MOST_USERS = 5_000

# Numbers of hold-outs that the page offers.
REPEATS = (1, 3, 5, 10)


@dataclass(eq=False)
class LeaderboardEntry:
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
        What it recommends, of the first split; None until it is trained.
    figures : dict of str to float
        Each of `METRICS`, the mean over the splits, NaN where the data does not tell it; empty until it is trained.
    by_user : dict of str to float64 array, shape (n_users,)
        What each user adds to these figures, the mean over the splits: their mean is a figure's, or near it, and its
        standard error over users is that of the figure.
    by_split : dict of str to float64 array, shape (n_splits,)
        The figures of each split.
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
    by_split: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)
    message: str = ""
    done: float = 0.0

    def measure(self, split: Split, users: NDArray[np.int32], n: int) -> None:
        """Rank the catalogue for these users and take the figures."""
        lists = RankedLists.of(self.model, split, users, n)
        self.by_user = {metric.name: metric.per_user(lists) for metric in METRICS.values()}
        self.figures = {metric.name: metric.figure(lists) for metric in METRICS.values()}
        self.by_split = {name: np.array([figure]) for name, figure in self.figures.items()}
        self.lists = lists

    def again(self, number: int) -> LeaderboardEntry:
        """Return the same model, untrained, with a seed that is higher by a number."""
        settings = dict(self.model.settings)
        if "seed" in settings:
            settings["seed"] = (settings["seed"] + number) % (int(SETTINGS["seed"].maximum) + 1)
        return LeaderboardEntry(self.label, make_model(self.model.name, **settings), stop=self.stop)

    def add(self, other: LeaderboardEntry, others: bool = False) -> None:
        """Take in what the same model reached on one more split, on the same users or on others."""
        n = len(self.by_split["ndcg"])
        self.seconds = (self.seconds * n + other.seconds) / (n + 1)
        self.by_user = {
            name: np.append(values, other.by_user[name])
            if others
            else (values * n + other.by_user[name]) / (n + 1)
            for name, values in self.by_user.items()
        }
        self.by_split = {
            name: np.append(values, other.figures[name]) for name, values in self.by_split.items()
        }
        self.figures = {name: float(values.mean()) for name, values in self.by_split.items()}

    def interval(self, metric: str) -> float:
        """Return half the width of the 95 % confidence interval of a figure, over users and splits."""
        return interval(self.by_user[metric], self.by_split[metric])


class Leaderboard(SteppedWork):
    """Trains models in turn and measures each on the same users and the same splits.

    Call `step` until it raises StopIteration; leave off at any time. A further split counts when all models are
    measured on it.

    Parameters
    ----------
    entries : sequence of LeaderboardEntry
    split : Split
        The first one.
    n : int
        Length of the lists.
    repeats : int
        How many splits; the seeds of the hold-out and of the models are each higher by 1 than before.
    most_users : int
        Where more users have held-out items, this many of them are drawn and measured, the same in all splits; in
        those of new users each has its own.

    Raises
    ------
    InputError
        If there are no models, or more splits of new users than folds.
    """

    def __init__(
        self,
        entries: Sequence[LeaderboardEntry],
        split: Split,
        n: int = 10,
        repeats: int = 1,
        most_users: int = MOST_USERS,
    ) -> None:
        if not entries:
            raise InputError("Choose at least one model to compare.")
        self.split = split
        self.n = n
        self.most_users = most_users
        self.users = sample_users(split, most_users)
        self.entries = list(entries)
        self.repeats = int(SETTINGS["hold_outs"].check(repeats))
        if split.given is not None and self.repeats > FOLDS:
            raise InputError(f"New users make {FOLDS} folds. Ask for {FOLDS} hold-outs or fewer.")
        self.splits = 0
        super().__init__(self._steps())

    @property
    def progress(self) -> float:
        """The part that is done, 0 to 1."""
        return sum(entry.done for entry in self.entries) / len(self.entries)

    @property
    def at(self) -> str:
        """Which model is trained or measured, and on which of several splits."""
        label = next(
            (entry.label for entry in self.entries if entry.done < (self.splits + 1) / self.repeats), ""
        )
        return label + (f", hold-out {self.splits + 1} of {self.repeats}" if self.repeats > 1 else "")

    @property
    def measured(self) -> list[LeaderboardEntry]:
        """The entries that have figures so far, the best NDCG first."""
        done = [entry for entry in self.entries if entry.lists is not None]
        return sorted(done, key=lambda entry: -entry.figures["ndcg"])

    def _steps(self) -> Steps:
        yield from side_by_side(
            [self._measure(entry, entry, self.split, self.users) for entry in self.entries]
        )
        self.splits = 1
        while self.splits < self.repeats and self.measured:
            split = self.split.redrawn(self.splits)
            users = self.users if self.split.given is None else sample_users(split, self.most_users)
            found = [(entry, entry.again(self.splits)) for entry in self.measured]
            yield from side_by_side([self._measure(entry, again, split, users) for entry, again in found])
            for entry, again in found:
                if again.message:
                    entry.message = f"On hold-out {self.splits + 1}: {again.message}"
                    entry.lists, entry.done = None, 1.0
                else:
                    entry.add(again, users is not self.users)
            if users is not self.users:
                self.users = np.append(self.users, users)
            self.splits += 1

    def _measure(
        self, entry: LeaderboardEntry, one: LeaderboardEntry, split: Split, users: NDArray[np.int32]
    ) -> Steps:
        """Train and measure a model on a split; how far that is stands in `entry`."""
        try:
            if not one.trained:
                for done in self._train(one, split):
                    entry.done = (self.splits + done) / self.repeats
                    yield
            one.measure(split, users, self.n)
        except InputError as error:
            one.message = str(error)
        entry.done = 1.0 if entry.message else (self.splits + 1) / self.repeats
        yield

    def _train(self, entry: LeaderboardEntry, split: Split) -> Generator[float, None, None]:
        stop = entry.stop or entry.model.epochs
        started = time.perf_counter()
        for done in entry.model.train(split.train):
            entry.seconds += time.perf_counter() - started
            yield 0.9 * min(1.0, done / stop)
            started = time.perf_counter()
            if entry.stop is not None and done >= entry.stop:
                entry.model.finalize(split.train)
                break
        entry.seconds += time.perf_counter() - started
        entry.model.free_buffers()

    def table(self, measured: Sequence[LeaderboardEntry] | None = None) -> pd.DataFrame:
        """Return a row for each measured model.

        Parameters
        ----------
        measured : sequence of LeaderboardEntry, optional
            What `measured` was; by default it is asked now. While the work goes on it grows: who draws
            a table and its marks takes both from the same.

        Returns
        -------
        DataFrame
            Columns `model`, then each measure followed by its `_interval`: half the width of its 95 %
            confidence interval over users and splits; then `seconds` and `note`. The best NDCG comes first.
        """
        rows = []
        for entry in self.measured if measured is None else measured:
            row: dict[str, object] = {"model": entry.label}
            for name in METRICS:
                row |= {name: entry.figures[name], f"{name}_interval": entry.interval(name)}
            rows.append(row | {"seconds": entry.seconds, "note": entry.note})
        return pd.DataFrame(rows)

    def marks(self, measured: Sequence[LeaderboardEntry] | None = None) -> pd.DataFrame:
        """Mark the best figure of each column of `table`, and those that are not clearly worse.

        Parameters
        ----------
        measured : sequence of LeaderboardEntry, optional
            As in `table`.

        Returns
        -------
        DataFrame of str
            Rows as in `table`; columns are `seconds` and the metrics that have a better end: `best`, `close` where the
            paired test finds no difference to the best at the 5 % level after the correction of `rivals`, or empty.
            Metrics that the data does not tell have no column.
        """
        entries = self.measured if measured is None else measured
        columns = {}
        for metric in METRICS.values():
            if metric.more_is_better is None or not entries or math.isnan(entries[0].figures[metric.name]):
                continue
            ranked = rivals(entries, metric.name)
            best = ranked[0].best.figures[metric.name] if ranked else entries[0].figures[metric.name]
            close = [rival.entry for rival in ranked if not rival.is_clear]
            columns[metric.name] = [
                "best" if entry.figures[metric.name] == best else "close" if entry in close else ""
                for entry in entries
            ]
        fastest = min((entry.seconds for entry in entries), default=0.0)
        columns["seconds"] = ["best" if entry.seconds == fastest else "" for entry in entries]
        return pd.DataFrame(columns)
