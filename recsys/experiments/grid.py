"""Grid search over one or two settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch, TrainingRun
from recsys.settings import SETTINGS
from recsys.system.stepped import SteppedWork, Steps, side_by_side

Measure = Literal["rmse", "ndcg"]


MOST_STEPS = 20


@dataclass(frozen=True)
class GridAxis:
    """A setting and the values it takes, ascending.

    Attributes
    ----------
    name : str
        As in `SETTINGS`.
    values : tuple of int or float
    log : bool
        Whether the steps are even on a logarithmic scale.
    """

    name: str
    values: tuple[int | float, ...]
    log: bool = False


def axis(name: str, low: object, high: object, steps: int, log: bool = False) -> GridAxis:
    """Return a setting's values from `low` to `high`, both included.

    Parameters
    ----------
    name : str
        As in `SETTINGS`; whole numbers are rounded, and each taken once.
    low, high : number
    steps : int
        How many values, 1 to 20.
    log : bool
        Even steps on a logarithmic scale; `low` must be above 0 then.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    if name not in SETTINGS:
        raise InputError(f"There is no setting {name[:40]!r}.")
    row = SETTINGS[name]
    first, last = row.check(low), row.check(high)
    if not 1 <= steps <= MOST_STEPS:
        raise InputError(f"{row.label} can take 1 to {MOST_STEPS} values, not {steps}.")
    if first > last or (first == last) != (steps == 1):
        raise InputError(f"{row.label} must go from a lower to a higher number, not {first:g} to {last:g}.")
    if log and first <= 0:
        raise InputError(f"{row.label} must start above 0 on a logarithmic scale, not at {first:g}.")
    even = np.geomspace(first, last, steps) if log else np.linspace(first, last, steps)
    # On a logarithmic scale two digits are as even as four, and are read at a glance.
    digits = 2 if log else 4
    values = [first, *(float(f"{value:.{digits}g}") for value in even[1:-1]), last] if steps > 1 else [first]
    checked = {row.check(round(value) if row.whole else value) for value in values}
    return GridAxis(name, tuple(sorted(checked)), log)


@dataclass(frozen=True)
class Trial:
    """Result of one training of a grid or search.

    Attributes
    ----------
    setup : Setup
        Everything that decided it.
    history : list of Epoch
    message : str
        Why it ended early; empty if it did not.
    pruned : bool
        Whether it was given up because others were better at the same point.
    """

    setup: Setup
    history: list[Epoch]
    message: str = ""
    pruned: bool = False

    @property
    def diverged(self) -> bool:
        """Whether its numbers ran away."""
        return bool(self.message) and not self.pruned

    @property
    def rmse(self) -> float | None:
        """Lowest validation RMSE; None if there is none, or training diverged."""
        return None if self.diverged else best_value(self.history, "rmse")

    @property
    def ndcg(self) -> float | None:
        """Highest NDCG@10; None if there is none, or training diverged."""
        return None if self.diverged else best_value(self.history, "ndcg")

    @property
    def seconds(self) -> float:
        """Time of all its passes."""
        return sum(epoch.seconds for epoch in self.history)


def sweepable(setup: Setup) -> list[str]:
    """Return the names of the model's settings that a sweep can change: all numbers but its seed."""
    return [name for name in setup.settings if name in SETTINGS and name != "seed"]


class GridSearch(SteppedWork):
    """Trains a model with every combination of the values of two settings, as many at a time as there are free threads.

    Call `step` until it raises StopIteration; leave off at any time.

    Parameters
    ----------
    setup : Setup
        Everything else.
    split : Split
        Made with the setup's hold-out.
    across, up : GridAxis
        Two different settings of the model; not its seed, which the hold-out shares.

    Attributes
    ----------
    cells : dict
        What is done so far: a `Trial` by the places (across, up) of its values on the axes.

    Raises
    ------
    InputError
        If the model has no such setting, or both are the same.
    """

    def __init__(self, setup: Setup, split: Split, across: GridAxis, up: GridAxis) -> None:
        for one in (across, up):
            if one.name not in sweepable(setup):
                raise InputError(f"{SETTINGS[one.name].label} cannot be swept with this model.")
        if across.name == up.name:
            raise InputError(f"A sweep needs two settings, not {SETTINGS[up.name].label} twice.")
        self.setup, self.split, self.across, self.up = setup, split, across, up
        self.cells: dict[tuple[int, int], Trial] = {}
        self._running: dict[tuple[int, int], TrainingRun] = {}
        places = [(x, y) for y in range(len(up.values)) for x in range(len(across.values))]
        self._total = len(places)
        super().__init__(side_by_side([self._train(place) for place in places]))

    @property
    def progress(self) -> float:
        """How much of the grid is done, 0 to 1."""
        return (len(self.cells) + sum(map(part, list(self._running.values())))) / self._total

    def _train(self, place: tuple[int, int]) -> Steps:
        values: dict[str, int | float | str] = {
            self.across.name: self.across.values[place[0]],
            self.up.name: self.up.values[place[1]],
        }
        setup = replace(self.setup, settings=self.setup.settings | values)
        run = self._running[place] = setup.run(self.split)
        try:
            over, message = step(run)
            while not over:
                yield
                over, message = step(run)
            self.cells[place] = Trial(setup, run.history, message)
        finally:
            del self._running[place]

    def best(self, measure: Measure) -> Trial | None:
        """Return the best cell so far; None if nothing was measured."""
        return best_cell(list(self.cells.values()), measure)

    def grid(self, measure: Measure) -> np.ndarray:
        """Return what was measured; float64 array, shape (len(up), len(across)), NaN where nothing was."""
        values = np.full((len(self.up.values), len(self.across.values)), np.nan)
        for (x, y), cell in list(self.cells.items()):
            value = getattr(cell, measure)
            values[y, x] = np.nan if value is None else value
        return values


def step(run: TrainingRun) -> tuple[bool, str]:
    """Train for a moment; return whether the training is over, and why it ended early."""
    try:
        run.step()
    except StopIteration:
        return True, ""
    except InputError as error:
        return True, str(error)
    return False, ""


def part(run: TrainingRun) -> float:
    """Return the progress of a training that has not ended, 0 to 1."""
    return min(0.99, run.progress)


def best_value(history: Sequence[Epoch], measure: Measure) -> float | None:
    """Return the best value of a measure in a history, None if it was not measured."""
    if measure == "ndcg":
        return max((epoch.ndcg for epoch in history if epoch.ndcg is not None), default=None)
    errors = [epoch.validation_rmse for epoch in history if epoch.validation_rmse is not None]
    return min((error for error in errors if np.isfinite(error)), default=None)


def best_cell(cells: Sequence[Trial], measure: Measure) -> Trial | None:
    """Return the trial with the best value of a measure."""
    measured = [cell for cell in cells if getattr(cell, measure) is not None]
    sign = -1 if measure == "ndcg" else 1
    return min(measured, key=lambda cell: sign * getattr(cell, measure), default=None)
