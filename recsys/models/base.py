"""What every model promises."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.kernels import top_n
from recsys.settings import ROWS


@dataclass(frozen=True, eq=False)
class Contributions:
    """What the scores of some items are made of; the parts of each add up to its score.

    Attributes
    ----------
    shares : float64 array, shape (n_wanted, n_known)
        What each item that the listener knows adds to the score of each wanted item.
    rest : dict of str to float64 array, shape (n_wanted,)
        What does not come from one of them, such as a bias, by its name for `Nouns.fill`.
    """

    shares: NDArray[np.float64]
    rest: dict[str, NDArray[np.float64]]

    @property
    def scores(self) -> NDArray[np.float64]:
        """The scores that the parts add up to; float64 array, shape (n_wanted,)."""
        return self.shares.sum(axis=1) + sum(self.rest.values())


class SparseShape(tuple[str, ...]):
    """The shape, in words, of what is learned as a sparse matrix (csr_array)."""

    __slots__ = ()


class Model(ABC):
    """A recommender. Settings go into the constructor, learned arrays become attributes.

    Attributes
    ----------
    name, label : str
        Its name in code and links, and on screen.
    about : str
        A paragraph for the reader: what it does and when it is good. `Nouns.fill` puts the words of the data
        into it and into `target`.
    target : str
        What its scores are, in words and with their unit; that of its RMSE as well, where it has one.
    predicts : bool
        Whether its scores estimate a value of known pairs, so that it has an RMSE.
    defaults : dict
        Its settings, by name as in `ROWS`, with this model's defaults.
    learned : dict of str to tuple of str
        The attributes that hold what it has learned, with their shapes in words: `users`, `items`, `smaller`
        (of these two) and `factors` stand for numbers, () for a float, and a `SparseShape` for a csr_array.
        All are of float32.
    takes_new_listeners : bool
        Whether `fold_in_scores` and `contributions` work.
    heeds_unwanted : bool
        Whether an item with value 0 changes the scores of others in `fold_in_scores`.
    learns_on : bool
        Whether `learn` works.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]
    target: ClassVar[str]
    predicts_ratings: ClassVar[bool] = False
    defaults: ClassVar[dict[str, int | float | str]]
    learned: ClassVar[dict[str, tuple[str, ...]]]
    supports_fold_in: ClassVar[bool] = False
    uses_negative_feedback: ClassVar[bool] = False
    supports_online_updates: ClassVar[bool] = False

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

    def settle(self, interactions: Interactions) -> bool:
        """Do what is best done once, after the last epoch; return whether that changed anything.

        `train` does it by itself at its end; whoever ends training early calls this.
        """
        return False

    def release(self) -> None:  # noqa: B027 - most have nothing to let go of
        """Let go of what only training needs; to be called by whoever trains, when it is over."""

    def copy(self) -> Self:
        """Return a model that can learn on while this one stays as it is."""
        other = copy.copy(self)
        other.restore(self.state())
        return other

    def fold_in_scores(self, items: ArrayLike, values: ArrayLike | None = None) -> NDArray[np.float32]:
        """Return a score for every item, for a listener who need not be in the data.

        Parameters
        ----------
        items : int array, shape (n_known,)
            Codes of the items that the listener plays or turned down.
        values : array, shape (n_known,), optional
            How much the listener plays each, in the unit of the data; 0 for an item that they do
            not want. All alike if left out.

        Returns
        -------
        float32 array, shape (n_items,)

        Raises
        ------
        InputError
            If the model cannot take in a listener, or nothing follows from these items.
        """
        self._check_takes_new_listeners()
        return self._fold_in(*self._check_known(items, values))

    def contributions(self, items: ArrayLike, values: ArrayLike | None, wanted: ArrayLike) -> Contributions:
        """Split the scores of some items, as `fold_in_scores` gives them, by the items that the listener knows.

        Parameters
        ----------
        items, values
            As for `fold_in_scores`.
        wanted : int array, shape (n_wanted,)
            Codes of the items whose scores are split.

        Raises
        ------
        InputError
            As for `fold_in_scores`.
        """
        self._check_takes_new_listeners()
        return self._contributions(
            *self._check_known(items, values), np.atleast_1d(np.asarray(wanted, np.int32))
        )

    def learn(
        self, user: int, items: ArrayLike, values: ArrayLike, steps: int = 10, *, artists: bool = False
    ) -> None:
        """Let a listener's plays change what is learned about them, without training again.

        The model changes in place; `copy` it first where others look at it.

        Parameters
        ----------
        user : int
            User code.
        items : int array, shape (n_known,)
            Codes of all items that the listener plays by now, each once.
        values : array, shape (n_known,)
            How much the listener plays each by now, in the unit of the data.
        steps : int
            How many times SGD goes over these plays, from 1.
        artists : bool
            Whether what is learned about these items changes, too: for everybody who plays them.

        Raises
        ------
        InputError
            If the model does not learn by steps, an argument cannot be used, or the steps run away.
        """
        if not self.supports_online_updates:
            raise InputError(
                f"The model {self.name!r} does not learn step by step. Train another one, such as 'implicit'."
            )
        codes, amounts = self._check_known(items, values)
        codes, amounts = codes[amounts > 0], amounts[amounts > 0]
        if int(steps) < 1:
            raise InputError(f"Learning takes 1 step or more, not {steps}.")
        random = np.random.default_rng([int(self.settings["seed"]), 3, int(user)])
        orders = [random.permutation(len(codes)) for _ in range(int(steps))]
        self._learn(int(user), codes, amounts, orders, artists)

    def _learn(
        self,
        user: int,
        items: NDArray[np.int32],
        values: NDArray[np.float64],
        orders: Sequence[NDArray[np.int64]],
        artists: bool,
    ) -> None:
        """Do what `learn` promises, of checked plays above 0; each order is one pass over them."""
        raise NotImplementedError

    def _check_takes_new_listeners(self) -> None:
        if not self.supports_fold_in:
            raise InputError(
                f"The model {self.name!r} knows only those it was trained on. "
                "Train another one, such as 'implicit'."
            )

    def _check_known(
        self, items: ArrayLike, values: ArrayLike | None
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Check what is known of a listener."""
        codes = np.atleast_1d(np.asarray(items, np.int32))
        amounts = np.ones(len(codes)) if values is None else np.atleast_1d(np.asarray(values, np.float64))
        if codes.shape != amounts.shape or len(np.unique(codes)) < len(codes):
            raise InputError("Each needs one number, and can be named only once.")
        if len(codes) and not 0 <= codes.min() <= codes.max() < self.n_items:
            raise InputError(f"Codes go from 0 to {self.n_items - 1}.")
        if not (np.isfinite(amounts) & (amounts >= 0)).all():
            raise InputError("The numbers must be 0 or more; 0 is for what is not wanted.")
        if not amounts.any():
            raise InputError("Name at least one with a number above 0.")
        return codes, amounts

    @property
    def n_items(self) -> int:
        """Number of items that it was trained on, those without pairs included."""
        raise NotImplementedError

    def _fold_in(self, items: NDArray[np.int32], values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return what `fold_in_scores` promises, of checked items."""
        raise NotImplementedError

    def _contributions(
        self, items: NDArray[np.int32], values: NDArray[np.float64], wanted: NDArray[np.int32]
    ) -> Contributions:
        """Return what `contributions` promises, of checked items."""
        raise NotImplementedError

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
        # Blocks keep the dense scores at about 32 MB however many users are asked for.
        rows = max(1, 8_000_000 // seen.n_items)
        for first in range(0, len(users), rows):
            block = users[first : first + rows]
            known = [seen.item_codes[seen.of_user(user)] for user in block.tolist()]
            here = slice(first, first + len(block))
            items[here], scores[here] = best(self.scores(block), known, n, seed)
        return items, scores


def best(
    scores: NDArray[np.float32], left_out: Sequence[NDArray[np.int32]], n: int, seed: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the `n` items with the highest scores in each row.

    Parameters
    ----------
    scores : float32 array, shape (rows, n_items)
        Overwritten.
    left_out : sequence of int32 array
        Item codes that do not come into question, for each row.
    n : int
    seed : int
        Decides among equal scores.

    Returns
    -------
    items, scores : int32 and float32 array, shape (rows, n)
        Best first; -1 where there are not enough.
    """
    order = np.random.default_rng(seed).permutation(scores.shape[1]).astype(np.int32)
    starts = np.cumsum([0] + [len(codes) for codes in left_out])
    items = np.empty((len(scores), n), np.int32)
    highest = np.empty((len(scores), n), np.float32)
    top_n.top_n(scores, starts, np.concatenate(left_out), order, items, highest)
    return items, highest
