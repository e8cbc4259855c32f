"""Candidates of the choice of a model: models with a few settings each, and how they did."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.experiments.run_table import label, spell
from recsys.models import MODELS, make_model
from recsys.models.base import Model
from recsys.models.ease import check_memory, memory_needed
from recsys.system.memory import available

# Share of the epochs and factors in the first heat.
SHORT = {"epochs": 0.4, "factors": 0.5}
FINALISTS = 6
OF_THE_LEADING_MODEL = 4
HOPELESS = 0.75
# A square system of this size takes about a minute on one core, and its matrix a gigabyte.
LARGEST_SYSTEM = 16_000

GRID: dict[str, list[dict[str, int | float | str]]] = {
    "ease": [
        {},
        {"regularization": 2.5},
        {"regularization": 0.4, "ridge_power": 0.3},
        {"regularization": 0.2, "ridge_power": 0.3},
        {"regularization": 0.7, "ridge_power": 0.3, "discount": 0.3},
        {"regularization": 0.4, "ridge_power": 0.3, "activity_power": 0.5},
        {"ridge_power": 0.0, "discount": 0.0},
        {"discount": 0.0, "activity_power": 0.5},
        {"plays": "binary", "discount": 0.0, "activity_power": 0.5},
    ],
    "implicit": [{}, {"regularization": 0.3}, {"regularization": 0.7}],
    "als": [{"factors": 64}],
    "svd": [{}, {"factors": 150}],
    "slim": [{}],
    "item-knn": [{}, {"weighting": "tfidf"}],
    "user-knn": [{}, {"neighbours": 200}],
    "popular": [{}],
}


@dataclass(eq=False)
class Candidate:
    """A model with its settings, and how it did.

    Attributes
    ----------
    model : str
        Its name.
    settings : dict
        Those that are not its defaults.
    state : str
        `waiting`, `training`, `sampled` (measured on a sample), `dropped` after it, `measured` on all of the training
        part, `failed`, or `late` where the time limit came first.
    ndcg : float
        NDCG@10 on validation, of the last heat it took part in; NaN before the first.
    half : float
        Half the width of its 95 % confidence interval over users.
    seconds : float
        Time to train and rank, in all heats.
    weight : float
        Its part of what was chosen, 0 to 1.
    message : str
        Why it failed.
    """

    model: str
    settings: dict[str, int | float | str] = field(default_factory=dict)
    state: str = "waiting"
    ndcg: float = math.nan
    half: float = math.nan
    seconds: float = 0.0
    weight: float = 0.0
    message: str = ""
    trained: Model | None = field(default=None, repr=False)
    by_user: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def label(self) -> str:
        """Its model's name on screen, and the settings that are not its defaults."""
        return MODELS[self.model].label + (f" ({self.changes})" if self.settings else "")

    @property
    def changes(self) -> str:
        """The settings that are not its defaults, in words; empty if there are none."""
        short = {name: label(name).partition(" (")[0] for name in self.settings}
        return ", ".join(f"{short[name]} {spell(name, value)}" for name, value in self.settings.items())

    @property
    def users(self) -> int:
        """Number of users whose lists were judged, in the last heat it took part in."""
        return len(self.by_user)

    @property
    def recipe(self) -> str:
        """How the setting `parts` of a blend names it."""
        return ":".join([self.model, *(f"{name}={value}" for name, value in self.settings.items())])

    def make(self, short: Mapping[str, float] | None = None) -> Model:
        """Return the model, untrained; with `short`, with these shares of its settings."""
        settings = dict(self.settings)
        for name, share in (short or {}).items():
            if name in MODELS[self.model].defaults:
                value = settings.get(name, MODELS[self.model].defaults[name])
                settings[name] = max(1, round(float(value) * share))
        return make_model(self.model, **settings)


def instead_of_ease(train: Interactions) -> str:
    """Return a sentence on why SLIM races instead of EASE; empty where EASE does."""
    size = min(train.n_users, train.n_items)
    if size > LARGEST_SYSTEM:
        return (
            f"SLIM on nearest neighbours races instead of EASE, which would have to solve a system of {size:,} "
            f"equations and hold {memory_needed(size) / 1e9:.1f} GB."
        )
    try:
        check_memory(size)
    except InputError as error:
        return str(error)
    return ""


def suitable(train: Interactions) -> list[Candidate]:
    """Return the candidates of `GRID` that suit the size of the data.

    SLIM stands in for EASE where that would have to solve too large a system. Transforms of the values race only
    where these differ.
    """
    left_out = {"ease"} if instead_of_ease(train) else {"slim"}
    alike = train.values.min() == train.values.max()
    return [
        Candidate(name, dict(settings))
        for name, rows in GRID.items()
        if name in MODELS and name not in left_out
        for settings in rows
        if not (alike and "plays" in settings)
    ]


def that_fit(train: Interactions, kept: int) -> int:
    """Return how many candidates can be trained at a time within the memory that is left, at least 1.

    Parameters
    ----------
    train : Interactions
    kept : int
        How many trained candidates stay in memory beside them.
    """
    if instead_of_ease(train):
        return 1  # large data: each candidate uses all threads by itself
    return max(1, int(available() / memory_needed(min(train.n_users, train.n_items))) - kept)


def select(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return those that go on: the best settings of each model, and the four best of the leading one; at most six.

    A candidate far below the leading one is dropped even if it is its model's best.
    """
    sampled = sorted((one for one in candidates if one.state == "sampled"), key=lambda one: -one.ndcg)
    kept: list[Candidate] = []
    for one in sampled:
        others = sum(other.model == one.model for other in kept)
        allowed = OF_THE_LEADING_MODEL if one.model == sampled[0].model else 1
        hopeless = one.ndcg + one.half < HOPELESS * sampled[0].ndcg
        if len(kept) < FINALISTS and others < allowed and not hopeless:
            kept.append(one)
        else:
            one.state = "dropped"
    return kept
