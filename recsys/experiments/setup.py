"""Setup of an experiment: everything that decides a learning curve."""

from __future__ import annotations

from dataclasses import dataclass, field

from recsys.data.dataset import SHARED, Dataset
from recsys.data.splitting import Split
from recsys.experiments.snapshots import Snapshots
from recsys.experiments.training import Stopping, TrainingRun
from recsys.models import MODELS, make_model, make_settings
from recsys.models.base import Model
from recsys.models.blend import Blend
from recsys.settings import CHOICES, SETTINGS

# Settings of the split that are attributes of a setup; its seed is the model's.
SPLIT_SETTINGS = ("minimum", "hidden", "validation")


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

    def __post_init__(self) -> None:
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
            minimum=run.split.minimum,
            hidden=run.split.hidden,
            validation=run.split.settings["validation"],
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
    def hold_out(self) -> dict[str, int | float]:
        """Settings of the split, as `hold_out` takes them."""
        return {
            "minimum": self.minimum,
            "hidden": self.hidden,
            "validation": self.validation,
            "seed": self.seed,
        }

    @property
    def flat(self) -> dict[str, int | float | str]:
        """All settings in one dict, by name: the model's, the hold-out's and those of stopping."""
        return {
            **self.settings,
            "minimum": self.minimum,
            "hidden": self.hidden,
            "validation": self.validation,
            "watch": self.watch,
            "patience": self.patience,
        }

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
