"""A training as the parameters of a link, and back: whoever opens it sees the same curve."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from recsys.datasets.base import Dataset
from recsys.errors import InputError
from recsys.models import MODELS, make_model
from recsys.settings import CHOICES, ROWS, SETTINGS
from recsys.splitting import Split
from recsys.training import Stopping, TrainingRun

# Data that a link can name: every server has it or can get it.
V = TypeVar("V", int, float, int | float | str)
SHARED = ("sample", "lastfm")
# What the keys of data begin with that the operator of a server offers to everybody.
OFFERED = "server-"
PLACES = ("model", *SETTINGS, *CHOICES, "data", "fingerprint")


def is_public(key: str) -> bool:
    """Tell whether data is there for all visitors, and not somebody's own."""
    return key in SHARED or key.startswith(OFFERED)


@dataclass(frozen=True)
class Setup:
    """Everything that decides a curve.

    Attributes
    ----------
    model : str
        Its name.
    settings : dict
        Those of the model, the seed among them, by name; all of them.
    minimum, hidden : int
        The hold-out.
    watch : str
    patience : int
        As in `Stopping`.
    data : str
        `sample` or `lastfm`; empty for other data, which only its fingerprint names.
    fingerprint : str
        The data, as `Interactions.fingerprint`; empty if it is not known.

    Raises
    ------
    InputError
        If a setting is not allowed.
    """

    model: str = next(iter(MODELS))
    settings: dict[str, int | float | str] = field(default_factory=dict)
    minimum: int = int(SETTINGS["minimum"].default)
    hidden: int = int(SETTINGS["hidden"].default)
    watch: str = CHOICES["watch"].default
    patience: int = int(SETTINGS["patience"].default)
    data: str = ""
    fingerprint: str = ""

    def __post_init__(self) -> None:
        complete = make_model(self.model, **self.settings).settings
        object.__setattr__(self, "settings", complete)
        for name in ("minimum", "hidden", "patience"):
            object.__setattr__(self, name, int(SETTINGS[name].check(getattr(self, name))))
        CHOICES["watch"].check(self.watch)

    @classmethod
    def of(cls, dataset: Dataset, run: TrainingRun) -> Setup:
        """Return what decided the curve of this run."""
        return cls(
            model=run.model.name,
            settings=dict(run.model.settings),
            minimum=run.split.minimum,
            hidden=run.split.hidden,
            watch=run.stopping.watch,
            patience=int(run.stopping.patience),
            data=dataset.key if dataset.key in SHARED else "",
            fingerprint=dataset.interactions.fingerprint,
        )

    @property
    def seed(self) -> int:
        """Decides the hold-out as well as the start of the model."""
        return int(self.settings.get("seed", SETTINGS["seed"].default))

    @property
    def hold_out(self) -> dict[str, int]:
        """What `hold_out` wants, by name."""
        return {"minimum": self.minimum, "hidden": self.hidden, "seed": self.seed}

    @property
    def flat(self) -> dict[str, int | float | str]:
        """All settings in one dict, by name: the model's, the hold-out's and those of stopping."""
        return {
            **self.settings,
            "minimum": self.minimum,
            "hidden": self.hidden,
            "watch": self.watch,
            "patience": self.patience,
        }

    def run(self, split: Split) -> TrainingRun:
        """Return a training with these settings, not begun."""
        return TrainingRun(
            make_model(self.model, **self.settings), split, Stopping(self.watch, self.patience)
        )


def to_query(setup: Setup) -> dict[str, str]:
    """Return a setup as query parameters; `from_query` returns it to the last digit."""
    query = {"model": setup.model}
    query |= {name: _number(value) for name, value in setup.settings.items()}
    query |= {name: _number(getattr(setup, name)) for name in ("minimum", "hidden", "patience")}
    query |= {"watch": setup.watch, "data": setup.data, "fingerprint": setup.fingerprint}
    return {name: value for name, value in query.items() if value}


def from_query(query: Mapping[str, object]) -> tuple[Setup, list[str]]:
    """Read a setup from query parameters; never trusts them and never fails.

    Returns
    -------
    setup : Setup
        With defaults where a parameter is missing or wrong. Parameters of other names are left alone.
    complaints : list of str
        A sentence for each parameter that was wrong.
    """
    complaints: list[str] = []
    name = str(query.get("model", Setup.model))
    if name not in MODELS:
        complaints.append(f"There is no model {name[:40]!r}. {MODELS[Setup.model].label} is used instead.")
        name = Setup.model
    defaults = MODELS[name].defaults
    settings = {wanted: _read(query, wanted, default, complaints) for wanted, default in defaults.items()}
    others = {other for model in MODELS.values() for other in model.defaults} - {*defaults, "seed"}
    complaints += [
        f"{MODELS[name].label} has no setting {ROWS[other].label!r}. It is left out."
        for other in sorted(others & query.keys())
    ]
    minimum, hidden, patience = (
        int(_read(query, wanted, SETTINGS[wanted].default, complaints))
        for wanted in ("minimum", "hidden", "patience")
    )
    if hidden >= minimum:
        complaints.append(f"Who has {minimum} cannot hide {hidden} of them. The defaults are used instead.")
        minimum, hidden = Setup.minimum, Setup.hidden
    try:
        watch = CHOICES["watch"].check(str(query.get("watch", Setup.watch)))
    except InputError as error:
        complaints.append(_instead(error, Setup.watch))
        watch = Setup.watch
    data = str(query.get("data", ""))
    if data not in ("", *SHARED):
        complaints.append(f"There is no data {data[:40]!r} here. Choose it on the Data page.")
        data = ""
    fingerprint = str(query.get("fingerprint", ""))
    if fingerprint and not re.fullmatch("[0-9a-f]{16}", fingerprint):
        complaints.append(
            f"{fingerprint[:40]!r} is no fingerprint of data, so it is not known whether this is the same data."
        )
        fingerprint = ""
    return Setup(name, settings, minimum, hidden, watch, patience, data, fingerprint), complaints


def names_a_setup(query: Mapping[str, object]) -> bool:
    """Tell whether a link holds any setting, and not only a place to go to."""
    return any(name in query for name in PLACES if name != "data")


def other_data(setup: Setup, dataset: Dataset) -> str:
    """Return a sentence if the link was made on other data than this; empty if it was not."""
    here = dataset.interactions.fingerprint
    if not setup.fingerprint or setup.fingerprint == here:
        return ""
    return (
        f"This link was made on other data (fingerprint {setup.fingerprint}) than {dataset.title} ({here}). "
        "Its settings are used; the curve will differ."
    )


def _read(query: Mapping[str, object], name: str, default: V, complaints: list[str]) -> V:
    if name not in query:
        return default
    try:
        return ROWS[name].check(query[name])  # type: ignore[return-value]
    except InputError as error:
        complaints.append(_instead(error, default if isinstance(default, str) else f"{default:g}"))
        return default


def _instead(error: InputError, default: str) -> str:
    return f"{str(error).rstrip('.')}; {default} is used instead."


def _number(value: int | float | str) -> str:
    """Write a value so that reading it gives the same one."""
    return value if isinstance(value, str) else repr(value)
