"""Blend: the weighted sum of several models' scores, standardized for each user."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out, suited
from recsys.errors import InputError
from recsys.models.base import Contributions, Model
from recsys.models.ensemble_selection import Pool, deviation, standardized
from recsys.models.value_matrix import Feedback

MIN_PARTS, MAX_PARTS = 2, 5
MAX_WEIGHT = 1000.0

# What a blend hands to those of its parts that take it, unless the recipe says otherwise.
SHARED_SETTINGS = ("half_life", "seed")

MAX_USERS = 1000  # that weights are chosen on

PART = re.compile(r"(?P<name>[\w-]+)(?P<settings>(:\w+=[^:*]+)*)(\*(?P<weight>[\d.]+))?")


class Part(NamedTuple):
    """One model of a blend, as its recipe names it; `weight` is None where it is to be chosen."""

    name: str
    settings: dict[str, str]
    weight: float | None


def parse_recipe(text: str) -> list[Part]:
    """Read `ease*2,implicit:factors=64:epochs=10*1,slim`.

    Raises
    ------
    InputError
        If it is not of this form, or has too few or too many parts.
    """
    parts = []
    for word in text.split(","):
        match = PART.fullmatch(word.strip())
        if match is None:
            raise InputError(
                f"The parts of a blend look like ease*2,implicit:factors=64*1, not {word.strip()[:40]!r}."
            )
        settings = dict(pair.split("=", 1) for pair in match["settings"].split(":") if pair)
        try:
            weight = None if match["weight"] is None else float(match["weight"])
        except ValueError:
            weight = -1.0
        if weight is not None and not 0 <= weight <= MAX_WEIGHT:
            raise InputError(
                f"A weight must be a number from 0 to {MAX_WEIGHT:g}, not {match['weight'][:40]!r}."
            )
        parts.append(Part(match["name"], settings, weight))
    if not MIN_PARTS <= len(parts) <= MAX_PARTS:
        raise InputError(f"A blend has {MIN_PARTS} to {MAX_PARTS} parts, not {len(parts)}.")
    weights = [part.weight for part in parts if part.weight is not None]
    if weights and not any(weights):
        raise InputError("At least one part of a blend needs a weight above 0.")
    return parts


def spell_recipe(parts: list[tuple[Part, float]]) -> str:
    """Write a recipe with these weights, as `parse_recipe` reads it."""
    words = (
        ":".join([part.name, *(f"{name}={value}" for name, value in part.settings.items())])
        for part, _ in parts
    )
    return ",".join(f"{word}*{weight:.3g}" for word, (_, weight) in zip(words, parts, strict=True))


class Blend(Model):
    """Scores an item by the weighted sum of the scores that its parts give it.

    Each part's scores are divided by their standard deviation over all items, for each user anew: what they
    have in common for a user does not change an order. Weights that are not given are chosen on a
    hold-out of the training data, on which the parts are trained first: from the best part on, the part is added
    again and again, with replacement, that makes NDCG@10 highest; the weights are how often each was added.

    Attributes
    ----------
    parts : list of Model
        In the order of the recipe.
    weights : float32 array, shape (n_parts,)
        0 or more, in sum 1.

    References
    ----------
    R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, "Ensemble Selection from Libraries of Models",
    ICML 2004, sections 2 and 2.1.
    """

    name = "blend"
    label = "Blend"
    about = (
        "Adds up what two to five other models say of {nouns.an_item}, each with a weight: chosen by itself on "
        "{nouns.items} hidden within the training data, or set by hand. Models that are wrong in different ways are "
        "often better together. It takes as long as all its parts, and twice that where it chooses the weights."
    )
    target = "weighted sum of the standardized scores of its parts"
    defaults = {"parts": "implicit,ease,item-knn", "half_life": 0.0, "seed": 0}

    parts: list[Model]
    weights: NDArray[np.float32]
    _trained_on: Interactions | None = None

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.parts = self._make_parts()

    @classmethod
    def check_settings(cls, settings: dict[str, object]) -> dict[str, Any]:
        """Return all settings, checked as those of any model; the recipe's parts are models with settings of theirs.

        Raises
        ------
        InputError
            As that of any model; or if there is a half-life, and no part takes one.
        """
        complete = super().check_settings(settings)
        from recsys.models import MODELS, make_settings

        named = parse_recipe(complete["parts"])
        for part in named:
            if part.name == cls.name:
                raise InputError("A blend cannot be a part of a blend.")
            make_settings(part.name, **part.settings)
        if complete["half_life"] and not any("half_life" in MODELS[part.name].defaults for part in named):
            able = ", ".join(name for name, model in MODELS.items() if "half_life" in model.defaults)
            raise InputError(
                f"No part of this blend has a half-life of taste. Set it to 0, or blend one of: {able}."
            )
        return complete

    def _make_parts(self) -> list[Model]:
        from recsys.models import MODELS, make_model

        made = []
        for part in parse_recipe(self.settings["parts"]):
            shared = {
                name: self.settings[name] for name in SHARED_SETTINGS if name in MODELS[part.name].defaults
            }
            made.append(make_model(part.name, **(shared | part.settings)))
        return made

    # What the parts have learned is named `0.item_factors` for the first of them, and so on.

    @property
    def learned(self) -> dict[str, tuple[str, ...]]:  # type: ignore[override]
        """The weights, and what each part has learned."""
        found: dict[str, tuple[str, ...]] = {"weights": ("parts",)}
        for place, part in enumerate(self.parts):
            for name, shape in part.learned.items():
                words = (f"{place}.{word}" if word == "factors" else word for word in shape)
                found[f"{place}.{name}"] = type(shape)(words)
        return found

    def sizes(self, n_users: int, n_items: int) -> dict[str, int | None]:
        """Return what the words in `learned` stand for."""
        found = super().sizes(n_users, n_items) | {"parts": len(self.parts)}
        return found | {
            f"{place}.factors": part.settings.get("factors") for place, part in enumerate(self.parts)
        }

    def __getattr__(self, name: str) -> Any:
        place, dot, of_part = name.partition(".")
        if not dot:
            raise AttributeError(name)
        return getattr(self.parts[int(place)], of_part)

    def __setattr__(self, name: str, value: Any) -> None:
        place, dot, of_part = name.partition(".")
        if dot:
            setattr(self.parts[int(place)], of_part, value)
        else:
            super().__setattr__(name, value)

    def copy(self) -> Self:
        """Return an independent copy: changes of its parameters do not affect this model."""
        other = copy.copy(self)
        other.parts, other.weights = [part.copy() for part in self.parts], self.weights.copy()
        return other

    @property
    def supports_fold_in(self) -> bool:  # type: ignore[override]
        """Whether all parts do."""
        return all(part.supports_fold_in for part in self.parts)

    @property
    def uses_negative_feedback(self) -> bool:  # type: ignore[override]
        """Whether any part does."""
        return any(part.uses_negative_feedback for part in self.parts)

    @property
    def uses_recency(self) -> bool:
        """Whether older pairs count less in any part."""
        return any(part.uses_recency for part in self.parts)

    @property
    def recipe(self) -> str:
        """The recipe with the weights in use, as the setting `parts` takes them."""
        named = parse_recipe(self.settings["parts"])
        return spell_recipe([(part, float(weight)) for part, weight in zip(named, self.weights, strict=True)])

    def with_weights(self, recipe: str) -> Blend | None:
        """Return a blend of the same parts, trained as they are, with the weights of another recipe.

        Training it on the same data takes no time. None where the recipe has other parts, or weights to be chosen.
        """
        mine, theirs = parse_recipe(self.settings["parts"]), parse_recipe(recipe)
        if [part[:2] for part in mine] != [part[:2] for part in theirs] or theirs[0].weight is None:
            return None
        other = Blend(**self.settings | {"parts": recipe})
        other.parts, other._trained_on = self.parts, self._trained_on
        return other

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Choose the weights, where they are not given, and train the parts, yielding the part that is done."""
        given = [part.weight for part in parse_recipe(self.settings["parts"])]
        chosen = all(weight is None for weight in given)
        weights = np.array([1.0 if weight is None else weight for weight in given])
        split = self._inner(interactions) if chosen else None
        share = 1.0 if split is None else 0.5
        if split is not None:
            for done in _train_all(self.parts, split.train):
                yield share * done
            users = np.flatnonzero(split.validation.user_counts).astype(np.int32)
            drawn = np.random.default_rng([self.settings["seed"], 4]).permutation(users)[:MAX_USERS]
            weights, _ = Pool.of(self.parts, split, np.sort(drawn)).select()
            self.parts = self._make_parts()
        if interactions is not self._trained_on:
            for done in _train_all(self.parts, interactions):
                yield 1 - share + share * done
            self._trained_on = interactions
        self.weights = (weights / weights.sum()).astype(np.float32)
        yield 1.0

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the weighted sum of standardized scores; float32 array, shape (len(users), n_items)."""
        return self._sum([part.scores(users) for part in self.parts])

    def _sum(self, of_parts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        total = np.zeros_like(of_parts[0])
        for scores, weight in zip(of_parts, self.weights, strict=True):
            total += weight * standardized(scores)
        return total

    @property
    def n_items(self) -> int:
        """Number of items in the training data, those without pairs included."""
        return self.parts[0].n_items

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        return self._sum([part.fold_in_scores(*known)[None] for part in self.parts])[0]

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        shares = np.zeros((len(wanted), len(known.items)))
        rest: dict[str, NDArray[np.float64]] = {}
        for part, weight in zip(self.parts, self.weights, strict=True):
            of_part = part.contributions(known.items, known.values, wanted, known.ages)
            scale = float(weight) / float(deviation(part.fold_in_scores(*known)[None])[0, 0])
            shares += scale * of_part.shares
            for name, amounts in of_part.rest.items():
                rest[name] = rest.get(name, 0.0) + scale * amounts
        return Contributions(shares, rest)

    def free_buffers(self) -> None:
        """Free buffers used only in training."""
        for part in self.parts:
            part.free_buffers()

    def _inner(self, interactions: Interactions) -> Split | None:
        """Hold out a part of the training data to choose weights on; None where there is too little."""
        try:
            return hold_out(interactions, *suited(interactions), seed=self.settings["seed"])
        except InputError:
            return None


def _train_all(parts: list[Model], interactions: Interactions) -> Iterator[float]:
    """Train the parts one after the other, yielding what is done of all, below 1."""
    for place, part in enumerate(parts):
        for done in part.train(interactions):
            if done < part.epochs:
                yield (place + done / part.epochs) / len(parts)
        part.free_buffers()
