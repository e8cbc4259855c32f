"""Training that can be watched, left and taken up again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.evaluation.significance import interval
from recsys.experiments.snapshots import Snapshots
from recsys.models import MODELS, make_model
from recsys.models.base import Model
from recsys.models.matrix_factorization import MatrixFactorization, diverged
from recsys.settings import CHOICES, SETTINGS

# Ranking everything is dearer than a pass over the pairs, so it is measured on some users, at some epochs.
RANKED_USERS = 500
RANKED_EPOCHS = 20
# A training of so few steps (pairs x epochs x factors) is over in a moment, and should not wait for lists.
QUICK = 100_000_000
RANKED_WHEN_QUICK = 200
RANKED_EPOCHS_WHEN_QUICK = 5


@dataclass(frozen=True)
class Epoch:
    """Measurements after one pass over the training pairs.

    Attributes
    ----------
    epoch : int
        1 for the first.
    train_rmse, validation_rmse : float
        In the unit of the model's target; NaN where there are no pairs, None for a model that only ranks.
    seconds : float
        Time the pass took, without the measuring.
    ndcg, recall : float or None
        NDCG@10 and Recall@10 on the validation items of `TrainingRun.ranked_users`, 0 to 1; None where it
        was not measured.
    validation_mae : float or None
        In the unit of the ratings, for a model that predicts them.
    """

    epoch: int
    train_rmse: float | None
    validation_rmse: float | None
    seconds: float
    ndcg: float | None = None
    recall: float | None = None
    validation_mae: float | None = None


@dataclass(frozen=True)
class Stopping:
    """When to stop early, and which epoch to keep.

    Attributes
    ----------
    watch : str
        `none` keeps the last epoch; `rmse` and `ndcg` keep the one that was best on the validation pairs.
    patience : int
        Stop when it was not better for this many epochs; 0 trains to the end and only keeps the best.

    Raises
    ------
    InputError
        If a value is not allowed.
    """

    watch: str = "none"
    patience: int = 0

    def __post_init__(self) -> None:
        CHOICES["watch"].check(self.watch)
        SETTINGS["patience"].check(self.patience)

    def error(self, epoch: Epoch) -> float | None:
        """Return what should be low: the lower, the better the epoch; None where it was not measured."""
        if self.watch == "ndcg" or epoch.validation_rmse is None:
            return None if epoch.ndcg is None else -epoch.ndcg
        return epoch.validation_rmse


class TrainingRun:
    """A model being trained on a split.

    Iterate over it to train; leave the loop to pause and iterate again to go on. A paused
    run ends exactly where an unbroken one does.

    Parameters
    ----------
    model : Model
        Untrained.
    split : Split
    stopping : Stopping
        When to stop early, and which epoch's factors the model holds in the end.
    snapshots : Snapshots, optional
        Keeps what the model had learned after its epochs, for pages that go back to one.

    Attributes
    ----------
    history : list of Epoch
        One for each finished epoch.
    ranked_users : int32 array
        Codes of the users whose lists are measured: all with items in validation, or a sample of them.
    margins : dict of int to pair of float
        Half the widths of the 95 % confidence intervals of NDCG@10 and Recall@10, by epoch, where they were
        measured here.
    done : float
        Epochs done so far, the part of the current one included.

    Raises
    ------
    InputError
        If the RMSE is to be watched of a model that has none.
    """

    def __init__(
        self,
        model: Model,
        split: Split,
        stopping: Stopping | None = None,
        snapshots: Snapshots | None = None,
    ) -> None:
        self.snapshots = snapshots
        self.margins: dict[int, tuple[float, float]] = {}
        self.model = model
        self.split = split
        self.stopping = stopping or Stopping()
        if self.stopping.watch == "rmse" and not model.predicts_ratings:
            raise InputError(
                f"The model {model.name!r} only ranks and has no RMSE to be watched. Watch NDCG@10 instead."
            )
        self.done = 0.0
        self.history: list[Epoch] = []
        self.ranked_users = _ranked_users(model, split)
        self._progress = model.train(split.train)
        self._seconds = 0.0
        self._over = False
        self._best: Epoch | None = None
        self._best_state: dict[str, Any] | None = None

    @classmethod
    def over(
        cls,
        model: Model,
        split: Split,
        stopping: Stopping,
        history: Sequence[Epoch],
        kept: int | None = None,
    ) -> TrainingRun:
        """Return a run that was trained before: its model holds epoch `kept`, and `step` goes no further."""
        run = cls.__new__(cls)
        run.model, run.split, run.stopping, run.history = model, split, stopping, list(history)
        run.ranked_users = _ranked_users(model, split)
        run.snapshots, run.margins = None, {}
        run._progress, run.done = iter(()), float(len(run.history))
        run._seconds, run._over, run._best_state = 0.0, True, None
        measured = [epoch for epoch in run.history if stopping.error(epoch) is not None]
        run._best = min(measured, key=lambda epoch: stopping.error(epoch), default=None)  # type: ignore[arg-type, return-value]
        if stopping.watch != "none" and kept is not None and 1 <= kept <= len(run.history):
            run._best = run.history[kept - 1]
        return run

    def __iter__(self) -> Iterator[Epoch]:
        """Train on, an epoch at a time."""
        return self

    def __next__(self) -> Epoch:
        """Finish the next epoch."""
        while True:
            epoch = self.step()
            if epoch is not None:
                return epoch

    def step(self) -> Epoch | None:
        """Train for a moment; return the epoch if one was finished.

        Raises
        ------
        StopIteration
            If training is over.
        InputError
            If training diverged; says which setting to lower.
        """
        if self._over:
            raise StopIteration
        started = time.perf_counter()
        try:
            self.done = done = next(self._progress)
        except (StopIteration, InputError):
            self.finish()
            raise
        self._seconds += time.perf_counter() - started
        if not float(done).is_integer():
            return None
        epoch = self._measure(int(done))
        if epoch.train_rmse is not None and not np.isfinite(epoch.train_rmse):
            self.finish()
            raise diverged(done, self.model.settings["learning_rate"])
        if self.snapshots is not None and self.epochs > 1:
            self.snapshots.add(epoch.epoch, self.model)
        self.history.append(epoch)
        self._watch(epoch)
        return epoch

    def model_at(self, epoch: int) -> Model | None:
        """Return the model as it was after an epoch; None where that was not kept."""
        if self.kept is not None and self.kept.epoch == epoch:
            return self.model
        return None if self.snapshots is None else self.snapshots.at(epoch, self.model)

    def finish(self) -> None:
        """End here: the model holds the factors of the epoch to keep, and `step` goes no further."""
        if not self._over:
            self._over = True
            if self._best_state is not None:
                self.model.load_state(self._best_state)
                self._best_state = None
            kept = self.kept
            # One that is trained to the end has settled by itself.
            if kept is not None and kept.epoch < self.epochs and self.model.finalize(self.split.train):
                self._measure_again(kept)
            self._progress = iter(())
            self.model.free_buffers()

    def lighten(self) -> None:
        """Give up the copies of earlier epochs."""
        if self.snapshots is not None:
            self.snapshots.clear()

    @property
    def epochs(self) -> int:
        """How many epochs there are if nothing stops training before."""
        return self.model.epochs

    @property
    def progress(self) -> float:
        """How much of the training is done, 0 to 1."""
        return len(self.history) / self.epochs

    @property
    def best(self) -> Epoch | None:
        """The best epoch so far, by what is watched, or else by validation RMSE or, without one, NDCG@10."""
        return self._best

    @property
    def kept(self) -> Epoch | None:
        """The epoch whose factors the model holds now; None before the first."""
        last = self.history[-1] if self.history else None
        return self._best if self._over and self.stopping.watch != "none" else last

    @cached_property
    def references(self) -> dict[str, float]:
        """Validation RMSE of simpler predictions, by their name."""
        return self.model.references(self.split.train, self.split.validation)

    @property
    def epoch_seconds(self) -> float:
        """Time of one pass in seconds, without the measuring: the median; NaN before the first."""
        return float(np.median([epoch.seconds for epoch in self.history])) if self.history else float("nan")

    @property
    def updates_per_second(self) -> float:
        """Pairs visited per second of training; NaN before the first epoch."""
        return len(self.split.train) / self.epoch_seconds

    def _measure(self, number: int) -> Epoch:
        often = RANKED_EPOCHS
        if _is_quick(self.model, self.split) and self.stopping.watch != "ndcg":
            often = RANKED_EPOCHS_WHEN_QUICK
        every = -(-self.epochs // often)
        is_ranked = number in (1, self.epochs) or number % every == 0
        ndcg, recall = self._rank(number) if is_ranked else (None, None)
        epoch = Epoch(
            epoch=number,
            train_rmse=self.model.rmse(self.split.train),
            validation_rmse=self.model.rmse(self.split.validation),
            seconds=self._seconds,
            ndcg=ndcg,
            recall=recall,
            validation_mae=self.model.mae(self.split.validation),
        )
        self._seconds = 0.0
        return epoch

    def _rank(self, number: int) -> tuple[float, float]:
        """Return NDCG@10 and Recall@10 on the validation part, 0 to 1; NaN without users."""
        if not len(self.ranked_users):
            return float("nan"), float("nan")
        lists = RankedLists.of(self.model, self.split, self.ranked_users, part="validation")
        ndcg, recall = (METRICS[name].per_user(lists) for name in ("ndcg", "recall"))
        self.margins[number] = interval(ndcg), interval(recall)
        return float(ndcg.mean()), float(recall.mean())

    def _measure_again(self, kept: Epoch) -> None:
        """Measure what the model holds now, as a part of its epoch."""
        settled = replace(self._measure(kept.epoch), seconds=kept.seconds)
        self.history[self.history.index(kept)] = settled
        if self._best is kept:
            self._best = settled

    def _watch(self, epoch: Epoch) -> None:
        """Remember the best epoch, and end when it is too long ago."""
        error = self.stopping.error(epoch)
        if error is None:
            return
        if self._best is None or error < self.stopping.error(self._best):  # type: ignore[operator]
            self._best = epoch
            if self.stopping.watch != "none":
                self._best_state = self.model.state()
        elif self.stopping.watch != "none" and 0 < self.stopping.patience <= epoch.epoch - self._best.epoch:
            self.finish()


def _ranked_users(model: Model, split: Split) -> NDArray[np.int32]:
    """Choose whose lists are measured: by the settings and the data alone, so that a link finds the same."""
    quick = _is_quick(model, split)
    most = min(RANKED_USERS, RANKED_WHEN_QUICK) if quick else RANKED_USERS
    return sample_users(split, most, "validation")


def _is_quick(model: Model, split: Split) -> bool:
    steps = len(split.train) * math.prod(int(model.settings.get(name, 1)) for name in ("epochs", "factors"))
    return steps < QUICK


def warm_up() -> None:
    """Compile the kernels of every model, so that the first training does not wait for it."""
    random = np.random.default_rng(0)
    pairs = random.random((8, 8)) < 0.8
    users, items = np.nonzero(pairs)
    frame = pd.DataFrame({"user": users, "item": items, "value": random.integers(1, 9, len(users))})
    split = hold_out(Interactions.from_frame(frame), minimum=2, hidden=1)
    for name, model in MODELS.items():
        if issubclass(model, MatrixFactorization):
            for _ in TrainingRun(make_model(name, epochs=1), split):
                pass
