"""The same training on several hold-outs: how much of a curve is chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch, TrainingRun

DRAWS = 5
MEASURES = ("train_rmse", "validation_rmse", "ndcg", "recall")


@dataclass(frozen=True, eq=False)
class Band:
    """A measure over several hold-outs, by epoch.

    Attributes
    ----------
    epochs : int32 array, shape (n,)
        The epochs at which it was measured on all of them.
    mean, low, high : float64 array, shape (n,)
        The mean, and the lowest and the highest value.
    """

    epochs: NDArray[np.int32]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Repeats:
    """One setup, trained on several hold-outs one after the other.

    The first hold-out is that of the setup; the others, and the start of the model with them, follow the next seeds. A
    split by time has no seed and is the same each time: then the start of the model alone differs.

    Parameters
    ----------
    setup : Setup
    dataset : Dataset
    draws : int
        How many hold-outs, from 2.

    Attributes
    ----------
    seeds : list of int
    histories : list of list of Epoch
        Of the trainings that have ended.
    """

    def __init__(self, setup: Setup, dataset: Dataset, draws: int = DRAWS) -> None:
        self.setup = setup
        self.seeds = [setup.seed + draw for draw in range(draws)]
        self.histories: list[list[Epoch]] = []
        self._dataset = dataset
        self._run: TrainingRun | None = None

    @property
    def progress(self) -> float:
        """How much of all trainings is done, 0 to 1."""
        current = self._run.progress if self._run is not None else 0.0
        return min(1.0, (len(self.histories) + current) / len(self.seeds))

    def step(self) -> None:
        """Train for a moment.

        Raises
        ------
        StopIteration
            If all trainings are over.
        InputError
            If one diverged, or nothing can be held out.
        """
        if self._run is None:
            if len(self.histories) == len(self.seeds):
                raise StopIteration
            self._run = self._next()
        try:
            self._run.step()
        except StopIteration:
            self.histories.append(self._run.history)
            self._run = None

    def finish(self) -> None:
        """End here; what has ended stays."""
        self._run = None
        self.seeds = self.seeds[: len(self.histories)]

    def bands(self) -> dict[str, Band]:
        """Return what each measure came to, by its name; without those that were never measured on all hold-outs."""
        found = {name: band(self.histories, name) for name in MEASURES}
        return {name: one for name, one in found.items() if len(one.epochs)}

    def _next(self) -> TrainingRun:
        seed = self.seeds[len(self.histories)]
        settings = {name: seed if name == "seed" else value for name, value in self.setup.settings.items()}
        setup = replace(self.setup, settings=settings)
        return setup.run(setup.split(self._dataset))


def band(histories: Sequence[Sequence[Epoch]], name: str) -> Band:
    """Return a measure of several trainings at the epochs that all of them measured."""
    columns = [
        {row.epoch: value for row in history if (value := getattr(row, name)) is not None}
        for history in histories
    ]
    shared = sorted(set.intersection(*map(set, columns))) if columns else []
    values = np.array([[column[epoch] for epoch in shared] for column in columns], np.float64)
    values = values.reshape(len(columns), len(shared))
    finite = np.isfinite(values).all(axis=0)
    values = values[:, finite]
    epochs = np.array(shared, np.int32)[finite]
    if not len(epochs):
        nothing = np.zeros(0)
        return Band(epochs, nothing, nothing, nothing)
    return Band(epochs, values.mean(axis=0), values.min(axis=0), values.max(axis=0))
