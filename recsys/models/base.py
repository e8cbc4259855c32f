"""What every model promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from recsys import kernels
from recsys.interactions import Interactions
from recsys.settings import ROWS


class Model(ABC):
    """A recommender. Settings go into the constructor, learned arrays become attributes.

    Attributes
    ----------
    name, label : str
        Its name in code and links, and on screen.
    about : str
        A paragraph for the reader: what it does and when it is good.
    target : str
        What its scores are, in words and with their unit; that of its RMSE as well, where it has one.
    predicts : bool
        Whether its scores estimate a value of known pairs, so that it has an RMSE.
    defaults : dict
        Its settings, by name as in `ROWS`, with this model's defaults.
    learned : dict of str to tuple of str
        The attributes that hold what it has learned, with their shapes in words: `users`, `items` and
        `factors` stand for numbers, () for a float, and what is as large as `users` or `items` both ways
        is a sparse matrix (csr_array). All are of float32.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]
    target: ClassVar[str]
    predicts: ClassVar[bool] = False
    defaults: ClassVar[dict[str, int | float | str]]
    learned: ClassVar[dict[str, tuple[str, ...]]]

    def __init__(self, **settings: object) -> None:
        unknown = settings.keys() - self.defaults.keys()
        if unknown:
            raise TypeError(f"{self.name} has no setting {unknown.pop()!r}")
        self.settings: dict[str, Any] = {
            name: ROWS[name].check(settings.get(name, default)) for name, default in self.defaults.items()
        }

    @property
    def epochs(self) -> int:
        """How many passes training makes; 1 for a model without that setting."""
        return int(self.settings.get("epochs", 1))

    @abstractmethod
    def train(self, interactions: Interactions) -> Iterator[float]:
        """Start, and return an iterator that learns and yields the number of epochs done so far.

        A whole number (1.0, 2.0, ...) after each pass over the pairs, 1.0 alone where there is but
        one; where a pass is long, fractions in between, so that the caller can stop there. The model
        can be used from the first whole number on.
        """

    def rmse(self, interactions: Interactions) -> float | None:
        """Return the root of the mean squared error over the pairs, or None if the model only ranks."""
        return None

    def references(self, train: Interactions, validation: Interactions) -> dict[str, float]:
        """Return the validation RMSE of simpler predictions by their name; asked for once `train` was called."""
        return {}

    @abstractmethod
    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return a score for every item, the higher the better; float32, shape (len(users), n_items)."""

    def _random(self) -> np.random.Generator:
        # A stream of its own: the hold-out draws from the same seed and must not be tied to the start.
        return np.random.default_rng([int(self.settings["seed"]), 1])

    def state(self) -> dict[str, Any]:
        """Return a copy of what was learned, by name."""
        values = {name: getattr(self, name) for name in self.learned}
        return {name: value if isinstance(value, float) else value.copy() for name, value in values.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` returned."""
        for name in self.learned:
            setattr(self, name, state[name])

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
