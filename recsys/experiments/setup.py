"""Setup of an experiment: everything that decides a learning curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from recsys.data.dataset import SHARED, Dataset
from recsys.data.splitting import Split
from recsys.data.ways import first_of, make_split, split_settings
from recsys.errors import InputError
from recsys.experiments.snapshots import Snapshots
from recsys.experiments.training import Stopping, TrainingRun
from recsys.models import MODELS, make_model, make_settings
from recsys.models.base import Model
from recsys.models.blend import Blend
from recsys.settings import CHOICES, SETTINGS

# Settings of the split that are attributes of a setup; its seed is the model's.
SPLIT_SETTINGS = ("minimum", "hidden", "validation")
# The ways to split that a training offers, and what decides each.
TRAIN_WAYS = {"random": SPLIT_SETTINGS, "last": SPLIT_SETTINGS, "date": ("month", "validation")}


def split_fields(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a setup by name that `Split.settings` stand for."""
    return {
        "minimum": int(settings["minimum"]),
        "hidden": int(settings["hidden"]),
        "validation": float(settings.get("validation", 0.0)),  # saved runs had two parts before
        "way": str(settings.get("way", "random")),
        "month": str(settings.get("month", "")),
    }


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
    validation : float
        The split, as in `hold_out`.
    watch : str
    patience : int
        As in `Stopping`.
    data : str
        `sample` or `lastfm`; empty for other data, which only its fingerprint names.
    fingerprint : str
        The data, as `Interactions.fingerprint`; empty if it is not known.
    way : str
        One of `TRAIN_WAYS`.
    month : str
        That a split by date begins with, as in `from_month`, which takes no minimum and no number of hidden items:
        they are the defaults then. Empty for other ways.

    Raises
    ------
    InputError
        If a setting is not allowed.
    """

    model: str = next(iter(MODELS))
    settings: dict[str, int | float | str] = field(default_factory=dict)
    minimum: int = int(SETTINGS["minimum"].default)
    hidden: int = int(SETTINGS["hidden"].default)
    validation: float = float(SETTINGS["validation"].default)
    watch: str = CHOICES["watch"].default
    patience: int = int(SETTINGS["patience"].default)
    data: str = ""
    fingerprint: str = ""
    way: str = "random"
    month: str = ""

    def __post_init__(self) -> None:
        if self.way not in TRAIN_WAYS:
            raise InputError(
                f"A training cannot split {self.way[:40]!r}. Choose one of: {', '.join(TRAIN_WAYS)}."
            )
        if self.way == "date":
            first_of(self.month)
            for name in ("minimum", "hidden"):
                object.__setattr__(self, name, SETTINGS[name].default)
        else:
            object.__setattr__(self, "month", "")
        complete = make_settings(self.model, **self.settings)
        object.__setattr__(self, "settings", complete)
        for name in (*SPLIT_SETTINGS, "patience"):
            object.__setattr__(self, name, SETTINGS[name].check(getattr(self, name)))
        CHOICES["watch"].check(self.watch)

    @classmethod
    def of(cls, dataset: Dataset, run: TrainingRun) -> Setup:
        """Return what decided the curve of this run."""
        return cls(
            model=run.model.name,
            settings=dict(run.model.settings),
            **split_fields(run.split.settings),
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
    def hold_out(self) -> dict[str, Any]:
        """Settings of the split, as `make_split` takes them."""
        return split_settings(self.way, self.minimum, self.hidden, self.validation, self.seed, self.month)

    @property
    def flat(self) -> dict[str, int | float | str]:
        """All settings in one dict, by name: the model's, the hold-out's and those of stopping."""
        return {
            **self.settings,
            "way": self.way,
            **{name: getattr(self, name) for name in TRAIN_WAYS[self.way]},
            "watch": self.watch,
            "patience": self.patience,
        }

    def split(self, dataset: Dataset) -> Split:
        """Return the split of a dataset that this training learns from.

        Raises
        ------
        InputError
            As `make_split`.
        """
        return make_split(dataset, self.hold_out)

    def run(
        self, split: Split, snapshots: Snapshots | None = None, known: Model | None = None
    ) -> TrainingRun:
        """Return a training with these settings, not begun; with the parts of a known blend whose weights differ."""
        model: Model | None = None
        if isinstance(known, Blend) and self.model == Blend.name:
            others = self.settings.keys() - {"parts"}
            if all(known.settings[name] == self.settings[name] for name in others):
                model = known.with_weights(str(self.settings["parts"]))
        model = model or make_model(self.model, **self.settings)
        return TrainingRun(model, split, Stopping(self.watch, self.patience), snapshots)
