"""Runs beside each other: which settings differ, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from recsys.data.ways import WAY_LABELS
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch
from recsys.models import MODELS
from recsys.settings import CHOICES, ROWS

Value = int | float | str
SPARK_POINTS = 40
# What differs between runs and is no setting of a row.
OTHER_LABELS = {
    "model": "Model",
    "fingerprint": "Data",
    "way": "Hold-out",
    "month": "First hidden month",
}


@dataclass(frozen=True)
class RunRecord:
    """A run as far as it is compared with others.

    Attributes
    ----------
    id, name : str
        What it goes by in the program, and for a person.
    setup : Setup
    history : list of Epoch
        Complete: what follows from it is found once.
    pinned : bool
    shared : bool
        Whether it is read-only and visible to all owners.
    note : str
        A note on it, by its owner.
    """

    id: str
    name: str
    setup: Setup
    history: list[Epoch]
    pinned: bool = False
    shared: bool = False
    note: str = ""

    @cached_property
    def measured(self) -> list[Epoch]:
        """The epochs with a validation RMSE."""
        return [epoch for epoch in self.history if _number(epoch.validation_rmse) is not None]

    @cached_property
    def best(self) -> Epoch | None:
        """The epoch with the lowest validation RMSE; None without one."""
        return min(self.measured, key=lambda epoch: float(epoch.validation_rmse or 0.0), default=None)

    @cached_property
    def curve(self) -> list[float]:
        """The validation RMSE by epoch; at most 40 numbers of them, evenly chosen."""
        errors = [float(epoch.validation_rmse or 0.0) for epoch in self.measured]
        if len(errors) <= SPARK_POINTS:
            return errors
        places = np.linspace(0, len(errors) - 1, SPARK_POINTS).round().astype(int)
        return [errors[place] for place in places]

    @cached_property
    def ndcg(self) -> float | None:
        """The highest NDCG@10; None where it was not measured."""
        return max((epoch.ndcg for epoch in self.history if epoch.ndcg is not None), default=None)

    @cached_property
    def seconds(self) -> float:
        """Time of all passes, without the measuring."""
        return float(sum(epoch.seconds for epoch in self.history))


def everything(setup: Setup) -> dict[str, Value]:
    """Return all that can differ between two curves, by name: model, settings and the data."""
    return {"model": setup.model, **setup.flat, "fingerprint": setup.fingerprint}


def differing(setups: Sequence[Setup]) -> list[str]:
    """Return the names of what is not the same in all setups; a setting that one lacks differs."""
    rows = [everything(setup) for setup in setups]
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if len({row.get(name) for row in rows}) > 1]


def difference(first: Setup, second: Setup) -> dict[str, tuple[Value | None, Value | None]]:
    """Return what differs between two setups, by name: the value in each; None where it has none."""
    one, other = everything(first), everything(second)
    return {name: (one.get(name), other.get(name)) for name in differing([first, second])}


def one_setting_apart(earlier: Sequence[RunRecord], now: Setup) -> tuple[str, list[RunRecord]]:
    """Return the setting of the model that was changed last, and the runs that differ from `now` in nothing else.

    Parameters
    ----------
    earlier : sequence of RunRecord
        The latest last.
    now : Setup
        Its first setting is returned, and no run, if none of them differs in one setting alone.
    """
    apart = [tuple(difference(record.setup, now)) for record in earlier]
    single = [names[0] for names in apart if len(names) == 1 and names[0] in now.settings]
    changed = single[-1] if single else next(iter(now.settings), "")
    return changed, [record for record, names in zip(earlier, apart, strict=True) if names == (changed,)]


def in_words(setup: Setup, base: Setup) -> str:
    """Return what a setup has otherwise than another, such as `Epochs 100, Lambda (regularization) 0.5`."""
    parts = [
        f"{label(name)} {spell(name, value)}"
        for name, (value, _) in difference(setup, base).items()
        if value is not None
    ]
    return ", ".join(parts) or "the same settings"


def label(name: str) -> str:
    """Return what a setting is called on screen."""
    row = ROWS.get(name)
    return row.label if row else OTHER_LABELS[name]


def spell(name: str, value: Value | None) -> str:
    """Return a value of a setting as it is shown; empty for None."""
    if value is None:
        return ""
    if name == "model":
        return MODELS[str(value)].label
    if name == "way":
        return WAY_LABELS[str(value)].lower()
    if name in CHOICES:
        return CHOICES[name].options[str(value)]
    return value if isinstance(value, str) else f"{value:g}"


def run_table(records: Sequence[RunRecord], all_settings: bool = False) -> pd.DataFrame:
    """Tabulate runs, one a row.

    Parameters
    ----------
    records : sequence of RunRecord
    all_settings : bool
        Whether settings that are the same in all of them have a column, too.

    Returns
    -------
    DataFrame
        Columns `id`, `name`, `pinned`, `note` (where any run has one), the settings by name (as text), `best_epoch`,
        `epochs` (how many were trained), `rmse` (the lowest of validation), `ndcg` (the highest), `seconds`, and
        `curve`: the validation RMSE by epoch, a list of at most 40 numbers. What was not measured is missing.
    """
    names = differing([record.setup for record in records])
    if all_settings and records:
        names = list(dict.fromkeys(name for record in records for name in everything(record.setup)))
    best = [record.best for record in records]
    rows = [everything(record.setup) for record in records]
    return pd.DataFrame(
        {
            "id": np.array([record.id for record in records], object),
            "name": np.array([record.name for record in records], object),
            "pinned": np.array([record.pinned for record in records], bool),
            **({"note": [record.note for record in records]} if any(r.note for r in records) else {}),
            **{name: [spell(name, row.get(name)) for row in rows] for name in names},
            "best_epoch": pd.array([epoch.epoch if epoch else None for epoch in best], dtype="Int64"),
            "epochs": [len(record.history) for record in records],
            "rmse": np.array([epoch.validation_rmse if epoch else np.nan for epoch in best], np.float64),
            "ndcg": np.array(
                [np.nan if record.ndcg is None else record.ndcg for record in records], np.float64
            ),
            "seconds": [record.seconds for record in records],
            "curve": pd.Series([record.curve for record in records], dtype=object),
        }
    )


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
