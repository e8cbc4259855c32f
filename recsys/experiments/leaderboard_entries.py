"""Choice of models with settings, and of trained runs, for a leaderboard."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from recsys.data.splitting import Split
from recsys.data.splitting import in_words as in_words_of_split
from recsys.experiments.leaderboard import LeaderboardEntry
from recsys.experiments.run_table import in_words
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch, Stopping
from recsys.models import MODELS, make_model
from recsys.models.base import Model


@dataclass(frozen=True)
class ModelChoice:
    """A model as a person chose it.

    Attributes
    ----------
    label : str
        What it goes by.
    setup : Setup
        The model and its settings and, for a run, the hold-out it was trained on.
    run : str
        The id of the run; empty for a model that is to be trained.
    saved : bool
        Whether the run is a file, and not only known to the server.
    kept : int
        The epoch that the run holds; 0 for a model that is to be trained.
    seconds : float
        Time the run took.
    """

    label: str
    setup: Setup
    run: str = ""
    saved: bool = False
    kept: int = 0
    seconds: float = 0.0

    def entry(self, split: Split, model: Model | None = None) -> LeaderboardEntry:
        """Return its entry of a leaderboard on this split, not yet measured.

        A run that had the same hold-out is measured as it is; another would know what is hidden here, so that its
        model is trained anew, to the same epoch.

        Parameters
        ----------
        split : Split
        model : Model, optional
            What the run has learned, where that can still be had.
        """
        fresh = make_model(self.setup.model, **self.setup.settings)
        stop = self.kept if 0 < self.kept < fresh.epochs else None
        if self.run and model is not None and self.setup.hold_out == split.settings:
            return LeaderboardEntry(
                self.label, model, True, stop, seconds=self.seconds, note="Measured as it was trained."
            )
        if not self.run:
            return LeaderboardEntry(self.label, fresh, note=f"{_settings(self.setup)}.")
        why = (
            "its model is not at hand any more"
            if self.setup.hold_out == split.settings
            else f"it learned from another hold-out ({in_words_of_split(self.setup.hold_out)})"
        )
        to = f", to epoch {self.kept}" if stop else ""
        return LeaderboardEntry(
            self.label, fresh, stop=stop, note=f"Trained anew with its settings{to}: {why}."
        )


def kept_epoch(setup: Setup, history: Sequence[Epoch]) -> int:
    """Return the epoch that a run holds which has ended: its last, or the best by what was watched."""
    error = Stopping(setup.watch, setup.patience).error
    measured = [epoch for epoch in history if error(epoch) is not None] if setup.watch != "none" else []
    return min(measured, key=error).epoch if measured else len(history)  # type: ignore[arg-type]


def label_of(setup: Setup, taken: Collection[str] = (), name: str = "") -> str:
    """Return a label that is not taken: the name or, without one, the model and what is not its default."""
    shown = " ".join(name.split()) or f"{MODELS[setup.model].label}: {_settings(setup)}"
    label, number = shown, 1
    while label in taken:
        number += 1
        label = f"{shown} ({number})"
    return label


def _settings(setup: Setup) -> str:
    own = Setup(setup.model, setup.settings)
    default = Setup(setup.model)
    return in_words(own, default) if own != default else "Default settings"
