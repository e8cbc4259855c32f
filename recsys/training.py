"""Training that can be watched, left and taken up again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.interactions import Interactions
from recsys.models import MODELS, make_model
from recsys.models.base import Model
from recsys.models.factorization import diverged
from recsys.splitting import Split, hold_out


@dataclass(frozen=True)
class Epoch:
    """What was measured after one pass over the training pairs.

    Attributes
    ----------
    epoch : int
        1 for the first.
    train_rmse, validation_rmse : float
        In the unit of the model's target; NaN where there are no pairs.
    seconds : float
        Time the pass took, without the measuring.
    """

    epoch: int
    train_rmse: float
    validation_rmse: float
    seconds: float


class TrainingRun:
    """A model being trained on a split.

    Iterate over it to train; leave the loop to pause and iterate again to go on. A paused
    run ends exactly where an unbroken one does.

    Attributes
    ----------
    model : Model
        Usable after the first epoch.
    split : Split
        What it learns from and what it is judged by.
    history : list of Epoch
        One for each finished epoch.
    mean_rmse : float
        RMSE on the validation pairs of always predicting the mean of the training targets.
    """

    def __init__(self, model: Model, split: Split) -> None:
        self.model = model
        self.split = split
        self.history: list[Epoch] = []
        mean = model.targets(split.train).mean(dtype=np.float64)
        offsets = model.targets(split.validation).astype(np.float64) - mean
        self.mean_rmse = float(np.sqrt(np.square(offsets).mean())) if len(offsets) else float("nan")
        self._progress = model.train(split.train)
        self._seconds = 0.0

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
        started = time.perf_counter()
        done = next(self._progress)
        self._seconds += time.perf_counter() - started
        if not float(done).is_integer():
            return None
        epoch = Epoch(
            epoch=int(done),
            train_rmse=self.model.rmse(self.split.train),
            validation_rmse=self.model.rmse(self.split.validation),
            seconds=self._seconds,
        )
        self._seconds = 0.0
        if not np.isfinite(epoch.train_rmse):
            self._progress.close()  # type: ignore[attr-defined]
            raise diverged(done, self.model.settings["learning_rate"])
        self.history.append(epoch)
        return epoch

    @property
    def best(self) -> Epoch | None:
        """The epoch with the lowest validation RMSE so far."""
        return min(self.history, key=lambda epoch: epoch.validation_rmse, default=None)

    @property
    def references(self) -> dict[str, float]:
        """Validation RMSE of simpler predictions, by their name."""
        return {"Predicting the mean": self.mean_rmse}

    @property
    def epoch_seconds(self) -> float:
        """Time of one pass in seconds, without the measuring: the median; NaN before the first."""
        return float(np.median([epoch.seconds for epoch in self.history])) if self.history else float("nan")

    @property
    def updates_per_second(self) -> float:
        """Pairs visited per second of training; NaN before the first epoch."""
        return len(self.split.train) / self.epoch_seconds


def warm_up() -> None:
    """Compile every kernel, so that the first training does not wait for it."""
    random = np.random.default_rng(0)
    pairs = random.random((8, 8)) < 0.8
    users, items = np.nonzero(pairs)
    frame = pd.DataFrame({"user": users, "item": items, "value": random.integers(1, 9, len(users))})
    split = hold_out(Interactions.from_frame(frame), minimum=2, hidden=1)
    for name in MODELS:
        run = TrainingRun(make_model(name, epochs=1), split)
        for _ in run:
            run.model.recommend(split.train, np.arange(2, dtype=np.int32), 2)
