"""Many trainings after another: a grid over two settings, and a search over all of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from recsys.errors import InputError
from recsys.links import Setup
from recsys.settings import CHOICES, SETTINGS
from recsys.splitting import Split
from recsys.training import Epoch, TrainingRun

Measure = Literal["rmse", "ndcg"]
MOST_STEPS = 20
MOST_TRIALS = 500
# A search compares trainings of different lengths at the same shares of their way.
STAGES = 20
FEWEST_BEFORE_PRUNING = 5
# How far a search goes from where it starts, as multiples of it; elsewhere ten times as low and as high.
REACH = {
    "factors": (1 / 8, 2),
    "learning_rate": (1 / 30, 30),
    "regularization": (1 / 100, 100),
    "epochs": (1 / 8, 2),
}
TEN_TIMES = (1 / 10, 10)


@dataclass(frozen=True)
class Axis:
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


def axis(name: str, low: object, high: object, steps: int, log: bool = False) -> Axis:
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
    return Axis(name, tuple(sorted(checked)), log)


@dataclass(frozen=True)
class Cell:
    """What a training came to.

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
        return None if self.diverged else _best(self.history, "rmse")

    @property
    def ndcg(self) -> float | None:
        """Highest NDCG@10; None if there is none, or training diverged."""
        return None if self.diverged else _best(self.history, "ndcg")

    @property
    def seconds(self) -> float:
        """Time of all its passes."""
        return sum(epoch.seconds for epoch in self.history)


def sweepable(setup: Setup) -> list[str]:
    """Return the names of the model's settings that a sweep can change: all numbers but its seed."""
    return [name for name in setup.settings if name in SETTINGS and name != "seed"]


def searchable(setup: Setup) -> list[str]:
    """Return the names of the model's settings that a search can change: numbers and words, but not its seed."""
    return [*sweepable(setup), *(name for name in setup.settings if name in CHOICES)]


class Sweep:
    """Trains a model with every combination of the values of two settings.

    Parameters
    ----------
    setup : Setup
        Everything else.
    split : Split
        Made with the setup's hold-out.
    across, up : Axis
        Two different settings of the model; not its seed, which the hold-out shares.

    Attributes
    ----------
    cells : dict
        What is done so far: a `Cell` by the places (across, up) of its values on the axes.

    Raises
    ------
    InputError
        If the model has no such setting, or both are the same.
    """

    def __init__(self, setup: Setup, split: Split, across: Axis, up: Axis) -> None:
        for one in (across, up):
            if one.name not in sweepable(setup):
                raise InputError(f"{SETTINGS[one.name].label} cannot be swept with this model.")
        if across.name == up.name:
            raise InputError(f"A sweep needs two settings, not {SETTINGS[up.name].label} twice.")
        self.setup, self.split, self.across, self.up = setup, split, across, up
        self.cells: dict[tuple[int, int], Cell] = {}
        self._ahead = [(x, y) for y in range(len(up.values)) for x in range(len(across.values))]
        self._total = len(self._ahead)
        self._current: tuple[Setup, TrainingRun] | None = None
        self._over = False

    @property
    def progress(self) -> float:
        """How much of the grid is done, 0 to 1."""
        return (len(self.cells) + _part(self._current)) / self._total

    def step(self) -> Cell | None:
        """Train for a moment; return the cell if one was finished.

        Raises
        ------
        StopIteration
            If all cells are done, or `finish` was called.
        """
        if self._over or not self._ahead:
            raise StopIteration
        place = self._ahead[0]
        if self._current is None:
            values: dict[str, int | float | str] = {
                self.across.name: self.across.values[place[0]],
                self.up.name: self.up.values[place[1]],
            }
            setup = replace(self.setup, settings=self.setup.settings | values)
            self._current = setup, setup.run(self.split)
        setup, run = self._current
        over, message = _step(run)
        if not over:
            return None
        cell = self.cells[place] = Cell(setup, run.history, message)
        del self._ahead[0]
        self._current = None
        return cell

    def finish(self) -> None:
        """End here; the cells that are done stay."""
        self._over, self._current = True, None

    def best(self, measure: Measure) -> Cell | None:
        """Return the best cell so far; None if nothing was measured."""
        return _best_cell(list(self.cells.values()), measure)

    def grid(self, measure: Measure) -> np.ndarray:
        """Return what was measured; float64 array, shape (len(up), len(across)), NaN where nothing was."""
        values = np.full((len(self.up.values), len(self.across.values)), np.nan)
        for (x, y), cell in list(self.cells.items()):
            value = getattr(cell, measure)
            values[y, x] = np.nan if value is None else value
        return values


class Search:
    """Looks for the best settings within a budget: learns from each training what to try next.

    The first training is the setup itself, so what is found is never worse. Trainings that at the
    same share of their way are worse than half of those before are given up. With the same seed,
    the same trainings in the same order.

    Parameters
    ----------
    setup : Setup
        The model and everything that is not searched over.
    split : Split
        Made with the setup's hold-out.
    trials : int
        The budget: how many trainings, 1 to 500.
    seconds : float, optional
        The budget of time, above 0: where it is spent, the search ends. The first training is always done.
    measure : str
        `ndcg` (the higher, the better) or `rmse` (of validation; the lower, the better).
    names : sequence of str, optional
        The settings to search over; by default all of the model's but its seed.

    Attributes
    ----------
    cells : list of Cell
        One for each training that ended.

    Raises
    ------
    InputError
        If the budget is out of range or the model has no such setting.
    """

    def __init__(
        self,
        setup: Setup,
        split: Split,
        trials: int = 30,
        measure: Measure = "ndcg",
        names: Sequence[str] | None = None,
        seconds: float | None = None,
    ) -> None:
        import optuna

        if not 1 <= trials <= MOST_TRIALS:
            raise InputError(f"A search can train 1 to {MOST_TRIALS} times, not {trials}.")
        if seconds is not None and not seconds > 0:
            raise InputError(f"A search needs some time, not {seconds:g} seconds.")
        possible = searchable(setup)
        self.names = list(possible if names is None else names)
        for name in self.names:
            if name not in possible:
                raise InputError(f"A search cannot change {name[:40]!r} of this model.")
        if not self.names:
            raise InputError("This model has no setting that a search can change.")
        self.setup, self.split, self.trials, self.measure = setup, split, trials, measure
        self.cells: list[Cell] = []
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.study = optuna.create_study(
            direction="maximize" if measure == "ndcg" else "minimize",
            sampler=optuna.samplers.TPESampler(seed=setup.seed),
            pruner=optuna.pruners.MedianPruner(FEWEST_BEFORE_PRUNING, n_warmup_steps=STAGES // 4),
        )
        self.spans = {
            name: reach(name, float(setup.settings[name])) for name in self.names if name in SETTINGS
        }
        start = {name: setup.settings[name] for name in self.names}
        start |= {name: min(max(start[name], span[0]), span[1]) for name, span in self.spans.items()}
        self.study.enqueue_trial(start)
        self._current: tuple[Setup, TrainingRun] | None = None
        self._trial: Any = None
        self._stage = 0
        self._over = False
        self.seconds, self._spent = seconds, 0.0

    @property
    def progress(self) -> float:
        """How much of the budget is spent, 0 to 1: of the trainings or of the time, whichever is nearer its end."""
        trained = (len(self.cells) + _part(self._current)) / self.trials
        return trained if self.seconds is None else max(trained, min(1.0, self._spent / self.seconds))

    def step(self) -> Cell | None:
        """Train for a moment; return the cell if a training ended.

        Raises
        ------
        StopIteration
            If the budget is spent, or `finish` was called.
        """
        late = self.seconds is not None and self.cells and self._spent >= self.seconds
        if self._over or late or len(self.cells) >= self.trials:
            self.finish()
            raise StopIteration
        started = time.perf_counter()
        try:
            return self._step()
        finally:
            self._spent += time.perf_counter() - started

    def _step(self) -> Cell | None:
        if self._current is None:
            self._current = self._next()
        setup, run = self._current
        over, message = _step(run)
        if not over:
            if self._give_up(run):
                return self._tell(
                    Cell(setup, run.history, "Given up: others were better by then.", pruned=True)
                )
            return None
        return self._tell(Cell(setup, run.history, message))

    def finish(self) -> None:
        """End here; what was found stays."""
        self._over, self._current = True, None

    @property
    def best(self) -> Cell | None:
        """The best training so far; None before the first."""
        return _best_cell([cell for cell in list(self.cells) if not cell.pruned], self.measure)

    def importance(self) -> dict[str, float]:
        """Return how much of what was measured each setting decides, most first; sums to 1.

        Empty while there are too few trainings to tell.
        """
        import optuna

        if sum(not cell.pruned for cell in self.cells) < FEWEST_BEFORE_PRUNING:
            return {}
        try:
            found = optuna.importance.get_param_importances(self.study)
        except (ValueError, RuntimeError):  # all trainings came to the same
            return {}
        return {name: float(share) for name, share in found.items() if np.isfinite(share)}

    def _next(self) -> tuple[Setup, TrainingRun]:
        self._trial, self._stage = self.study.ask(), 0
        values: dict[str, int | float | str] = {}
        for name, (low, high) in self.spans.items():
            if SETTINGS[name].whole:
                values[name] = self._trial.suggest_int(name, low, high, log=True)
            else:
                # Rounded, so that what is shown, linked and trained with is the same number.
                values[name] = float(f"{self._trial.suggest_float(name, low, high, log=True):.3g}")
        for name in self.names:
            if name in CHOICES:
                values[name] = self._trial.suggest_categorical(name, list(CHOICES[name].options))
        if not self.cells:  # the setup itself, also where it lies outside
            values = {name: self.setup.settings[name] for name in self.names}
        setup = replace(self.setup, settings=self.setup.settings | values)
        return setup, setup.run(self.split)

    def _give_up(self, run: TrainingRun) -> bool:
        stage = int(STAGES * run.progress)
        value = _best(run.history, self.measure)
        if stage <= self._stage or value is None:
            return False
        self._stage = stage
        self._trial.report(value, stage)
        return bool(self._trial.should_prune())

    def _tell(self, cell: Cell) -> Cell:
        from optuna.trial import TrialState

        value = getattr(cell, self.measure)
        if cell.pruned or value is None:
            self.study.tell(self._trial, state=TrialState.PRUNED)
        else:
            self.study.tell(self._trial, value)
        self._current = None
        self.cells.append(cell)
        return cell


def _step(run: TrainingRun) -> tuple[bool, str]:
    """Train for a moment; return whether the training is over, and why it ended early."""
    try:
        run.step()
    except StopIteration:
        return True, ""
    except InputError as error:
        return True, str(error)
    return False, ""


def _part(current: tuple[Setup, TrainingRun] | None) -> float:
    return min(0.99, current[1].progress) if current else 0.0


def _best(history: Sequence[Epoch], measure: Measure) -> float | None:
    if measure == "ndcg":
        return max((epoch.ndcg for epoch in history if epoch.ndcg is not None), default=None)
    errors = [epoch.validation_rmse for epoch in history if epoch.validation_rmse is not None]
    return min((error for error in errors if np.isfinite(error)), default=None)


def _best_cell(cells: Sequence[Cell], measure: Measure) -> Cell | None:
    measured = [cell for cell in cells if getattr(cell, measure) is not None]
    sign = -1 if measure == "ndcg" else 1
    return min(measured, key=lambda cell: sign * getattr(cell, measure), default=None)


def reach(name: str, value: int | float) -> tuple[int | float, int | float]:
    """Return how far a search goes from a value, both ends above 0 and within the range of the setting."""
    row = SETTINGS[name]
    smallest = next(step for step in (row.minimum, *row.ladder) if step > 0)
    middle = value if value > 0 else smallest * 100
    low, high = (min(max(middle * factor, smallest), row.maximum) for factor in REACH.get(name, TEN_TIMES))
    return (round(low), max(round(high), round(low) + 1)) if row.whole else (low, high)
