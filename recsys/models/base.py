"""What every model promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from recsys import kernels
from recsys.interactions import Interactions
from recsys.settings import SETTINGS


class Model(ABC):
    """A recommender. Settings go into the constructor, learned arrays become attributes.

    Attributes
    ----------
    name, label : str
        Its name in code and links, and on screen.
    about : str
        A paragraph for the reader: what it does and when it is good.
    target : str
        What it predicts, in words and with its unit: the unit of its RMSE and scores.
    defaults : dict
        Its settings, by name as in `SETTINGS`, with this model's defaults.
    learned : tuple of str
        Names of the attributes that hold what it has learned; each an array or a float.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]
    target: ClassVar[str]
    defaults: ClassVar[dict[str, int | float]]
    learned: ClassVar[tuple[str, ...]]

    def __init__(self, **settings: object) -> None:
        unknown = settings.keys() - self.defaults.keys()
        if unknown:
            raise TypeError(f"{self.name} has no setting {unknown.pop()!r}")
        self.settings: dict[str, int | float] = {
            name: SETTINGS[name].check(settings.get(name, default)) for name, default in self.defaults.items()
        }

    @abstractmethod
    def train(self, interactions: Interactions) -> Iterator[float]:
        """Start, and return an iterator that learns and yields the number of epochs done so far.

        A whole number (1.0, 2.0, ...) after each pass over the pairs; where a pass is
        long, fractions in between, so that the caller can stop there. The model can be
        used at each yield.
        """

    @abstractmethod
    def targets(self, interactions: Interactions) -> NDArray[np.float32]:
        """Return what the model should predict for each pair; float32 array, shape (n_interactions,)."""

    @abstractmethod
    def rmse(self, interactions: Interactions) -> float:
        """Return the root of the mean squared error over the pairs, in the unit of the target."""

    @abstractmethod
    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return a score for every item, the higher the better; float32, shape (len(users), n_items)."""

    def _random(self) -> np.random.Generator:
        # A stream of its own: the hold-out draws from the same seed and must not be tied to the start.
        return np.random.default_rng([int(self.settings["seed"]), 1])

    def state(self) -> dict[str, NDArray[np.float32] | float]:
        """Return a copy of what was learned, by name."""
        values = {name: getattr(self, name) for name in self.learned}
        return {name: value if isinstance(value, float) else value.copy() for name, value in values.items()}

    def restore(self, state: dict[str, NDArray[np.float32] | float]) -> None:
        """Take back what `state` returned."""
        for name in self.learned:
            setattr(self, name, state[name])

    def references(self, train: Interactions, validation: Interactions) -> dict[str, float]:
        """Return the validation RMSE of simpler predictions by their name; asked for once `train` was called."""
        mean = self.targets(train).mean(dtype=np.float64)
        offsets = self.targets(validation).astype(np.float64) - mean
        return {
            "Predicting the mean": float(np.sqrt(np.square(offsets).mean())) if len(offsets) else float("nan")
        }

    def fit(self, interactions: Interactions) -> Model:
        """Train to the end."""
        for _ in self.train(interactions):
            pass
        return self

    def recommend(
        self, seen: Interactions, users: NDArray[np.int32], n: int = 10, seed: int = 0
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the `n` best items of each user among those it has not seen.

        Parameters
        ----------
        seen : Interactions
            Pairs that are not recommended, usually those the model was trained on.
        users : int32 array, shape (n_users,)
            User codes.
        n : int
            How many, from 1.
        seed : int
            Decides among equal scores.

        Returns
        -------
        items : int32 array, shape (n_users, n)
            Item codes, best first; -1 where a user has fewer than `n` unseen items.
        scores : float32 array, shape (n_users, n)
            Their scores.
        """
        users = np.asarray(users, np.int32)
        items = np.empty((len(users), n), np.int32)
        scores = np.empty((len(users), n), np.float32)
        order = np.random.default_rng(seed).permutation(seen.n_items).astype(np.int32)
        # Blocks keep the dense scores at about 32 MB however many users are asked for.
        rows = max(1, 8_000_000 // seen.n_items)
        for first in range(0, len(users), rows):
            block = users[first : first + rows]
            spans = [seen.of_user(user) for user in block.tolist()]
            starts = np.cumsum([0] + [span.stop - span.start for span in spans])
            known = np.concatenate([seen.item_codes[span] for span in spans])
            here = slice(first, first + len(block))
            kernels.top_n(self.scores(block), starts, known, order, items[here], scores[here])
        return items, scores
