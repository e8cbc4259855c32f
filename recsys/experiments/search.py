"""Hyperparameter search with Optuna."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.experiments.grid import Measure, Trial, best_cell, best_value, part, step, sweepable
from recsys.experiments.setup import Setup
from recsys.experiments.training import TrainingRun
from recsys.settings import CHOICES, SETTINGS

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


def searchable(setup: Setup) -> list[str]:
    """Return the names of the model's settings that a search can change: numbers and words, but not its seed."""
    return [*sweepable(setup), *(name for name in setup.settings if name in CHOICES)]


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
    cells : list of Trial
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
        self.cells: list[Trial] = []
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
        trained = (len(self.cells) + (part(self._current[1]) if self._current else 0.0)) / self.trials
        return trained if self.seconds is None else max(trained, min(1.0, self._spent / self.seconds))

    def step(self) -> Trial | None:
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

    def _step(self) -> Trial | None:
        if self._current is None:
            self._current = self._next()
        setup, run = self._current
        over, message = step(run)
        if not over:
            if self._give_up(run):
                return self._tell(
                    Trial(setup, run.history, "Given up: others were better by then.", pruned=True)
                )
            return None
        return self._tell(Trial(setup, run.history, message))

    def finish(self) -> None:
        """End here; what was found stays."""
        self._over, self._current = True, None

    @property
    def best(self) -> Trial | None:
        """The best training so far; None before the first."""
        return best_cell([cell for cell in list(self.cells) if not cell.pruned], self.measure)

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
        value = best_value(run.history, self.measure)
        if stage <= self._stage or value is None:
            return False
        self._stage = stage
        self._trial.report(value, stage)
        return bool(self._trial.should_prune())

    def _tell(self, cell: Trial) -> Trial:
        from optuna.trial import TrialState

        value = getattr(cell, self.measure)
        if cell.pruned or value is None:
            self.study.tell(self._trial, state=TrialState.PRUNED)
        else:
            self.study.tell(self._trial, value)
        self._current = None
        self.cells.append(cell)
        return cell


def reach(name: str, value: int | float) -> tuple[int | float, int | float]:
    """Return how far a search goes from a value, both ends above 0 and within the range of the setting."""
    row = SETTINGS[name]
    smallest = next(step for step in (row.minimum, *row.ladder) if step > 0)
    # A default of 0 is off, and says nothing of the scale: search the whole range then.
    if value <= 0:
        return smallest, row.maximum
    low, high = (min(max(value * factor, smallest), row.maximum) for factor in REACH.get(name, TEN_TIMES))
    return (round(low), max(round(high), round(low) + 1)) if row.whole else (low, high)
