"""Interface of all models."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models import blas
from recsys.models.ranking import best
from recsys.models.value_matrix import Feedback
from recsys.settings import ROWS
from recsys.system import threads

# Dense scores that a thread holds at a time, in lists for many users: 8 MB.
SCORES_PER_TASK = 2_000_000


@dataclass(frozen=True, eq=False)
class Contributions:
    """Additive decomposition of the scores of some items.

    Attributes
    ----------
    shares : float64 array, shape (n_wanted, n_known)
        Contribution of each known item to the score of each wanted item.
    rest : dict of str to float64 array, shape (n_wanted,)
        Contributions of other terms, such as a bias, by name (for `Nouns.fill`).
    """

    shares: NDArray[np.float64]
    rest: dict[str, NDArray[np.float64]]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Sums of all contributions; float64 array, shape (n_wanted,)."""
        return self.shares.sum(axis=1) + sum(self.rest.values())


class SparseShape(tuple[str, ...]):
    """Shape of a learned sparse matrix (csr_array), in words."""

    __slots__ = ()


class OnlineUpdate(NamedTuple):
    """Checked arguments of `Model.partial_fit`.

    Attributes
    ----------
    user : int
        User code.
    items : int32 array, shape (n_known,)
        Codes of all items of the user, each once.
    values : float64 array, shape (n_known,)
        Their values, above 0.
    orders : list of int64 array, shape (n_known,)
        A permutation of the items for each pass.
    update_items : bool
        Whether the parameters of these items change, too.
    """

    user: int
    items: NDArray[np.int32]
    values: NDArray[np.float64]
    orders: list[NDArray[np.int64]]
    update_items: bool


class Model(ABC):
    """A recommender: settings go into the constructor, learned arrays become attributes.

    Attributes
    ----------
    name, label : str
        Name in code and links, and on screen.
    about : str
        Description for the screen: method and use. `Nouns.fill` puts the nouns of the dataset into it and
        into `target`.
    target : str
        Meaning and unit of its scores, and of its RMSE where it has one.
    predicts_ratings : bool
        Whether its scores estimate the values of observed pairs, so that it has an RMSE.
    defaults : dict
        Default of each of its settings, by name as in `settings.ROWS`.
    learned : dict of str to tuple of str
        Learned attributes with their shapes, in terms of `users`, `items`, `smaller` (of these two) and
        `factors`; () is a float, a `SparseShape` a csr_array. All are of float32.
    supports_fold_in : bool
        Whether `fold_in_scores` and `contributions` work.
    uses_negative_feedback : bool
        Whether an item with value 0 changes the scores of others in `fold_in_scores`.
    supports_online_updates : bool
        Whether `partial_fit` works.
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
        self.settings = self.check_settings(settings)

    @classmethod
    def check_settings(cls, settings: dict[str, object]) -> dict[str, Any]:
        """Return all settings of this model by name: those given, checked, and the defaults of the others.

        Raises
        ------
        InputError
            If it has no such setting, or a value is out of range.
        """
        unknown = settings.keys() - cls.defaults.keys()
        if unknown:
            raise InputError(f"The model {cls.name!r} has no setting {unknown.pop()!r}.")
        return {name: ROWS[name].check(settings.get(name, default)) for name, default in cls.defaults.items()}

    @property
    def uses_recency(self) -> bool:
        """Whether older pairs count less: the model has a half-life of taste."""
        return bool(self.settings.get("half_life"))

    @property
    def epochs(self) -> int:
        """Number of training epochs; 1 for a model without that setting."""
        return int(self.settings.get("epochs", 1))

    @abstractmethod
    def train(self, interactions: Interactions) -> Iterator[float]:
        """Start training, and return an iterator that trains and yields the number of epochs done so far.

        A whole number (1.0, 2.0, ...) after each pass over the pairs; 1.0 alone for a model without
        epochs. Fractions in between where a pass is long, so that the caller can stop there. The model
        can be used from the first whole number on.
        """

    def rmse(self, interactions: Interactions) -> float | None:
        """Return the root mean squared error over the pairs, or None for a model that only ranks."""
        return None

    def mae(self, interactions: Interactions) -> float | None:
        """Return the mean absolute error over the pairs, or None if the model predicts no ratings."""
        return None

    def references(self, train: Interactions, validation: Interactions) -> dict[str, float]:
        """Return baseline validation RMSEs by name; to be called after `train`."""
        return {}

    @abstractmethod
    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return a score for every item, the higher the better; float32, shape (len(users), n_items)."""

    def finalize(self, interactions: Interactions) -> bool:
        """Solve in closed form for parameters that depend on all others; return True if any changed.

        `train` does so after the last epoch; a caller that stops training early calls this method.
        """
        return False

    @classmethod
    def upgrade_settings(cls, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the settings of a saved run of format 2, or of a link of that time, as this version means them."""
        return settings

    def upgrade_arrays(self, train: Interactions) -> dict[str, NDArray[Any]]:
        """Return the learned arrays that saved runs of format 2 do not have, from the training data."""
        return {}

    def free_buffers(self) -> None:  # noqa: B027 - most models have none
        """Free buffers used only in training; to be called when training is over."""

    def copy(self) -> Self:
        """Return an independent copy: changes of its parameters do not affect this model."""
        other = copy.copy(self)
        other.load_state(self.state())
        return other

    def fold_in_scores(
        self, items: ArrayLike, values: ArrayLike | None = None, ages: ArrayLike | None = None
    ) -> NDArray[np.float32]:
        """Return a score for every item, for a user who need not be in the training data.

        Parameters
        ----------
        items : int array, shape (n_known,)
            Codes of the items with feedback of the user.
        values : array, shape (n_known,), optional
            Values of these pairs, in the unit of the data; 0 is negative feedback. All equal if left out.
        ages : array, shape (n_known,), optional
            Months since the last play of each, from any date on, NaN where it is not known: a model with a half-life
            of taste weighs them as in training. All count in full if left out.

        Returns
        -------
        float32 array, shape (n_items,)

        Raises
        ------
        InputError
            If the model does not support fold-in, or nothing is known of any of these items.
        """
        self._check_supports_fold_in()
        return self._fold_in(self._check_known(items, values, ages))

    def contributions(
        self,
        items: ArrayLike,
        values: ArrayLike | None,
        wanted: ArrayLike,
        ages: ArrayLike | None = None,
    ) -> Contributions:
        """Split scores of `fold_in_scores` by the items with feedback.

        Parameters
        ----------
        items, values, ages
            As for `fold_in_scores`.
        wanted : int array, shape (n_wanted,)
            Codes of the items whose scores are split.

        Raises
        ------
        InputError
            As for `fold_in_scores`.
        """
        self._check_supports_fold_in()
        known = self._check_known(items, values, ages)
        return self._contributions(known, np.atleast_1d(np.asarray(wanted, np.int32)))

    def partial_fit(
        self, user: int, items: ArrayLike, values: ArrayLike, steps: int = 10, *, update_items: bool = False
    ) -> None:
        """Update the parameters of one user with SGD on all pairs of that user.

        The model changes in place; `copy` it first where it is shared.

        Parameters
        ----------
        user : int
            User code.
        items : int array, shape (n_known,)
            Codes of all items of the user, each once.
        values : array, shape (n_known,)
            Values of these pairs, in the unit of the data.
        steps : int
            Number of passes over these pairs, from 1.
        update_items : bool
            Whether the parameters of these items change, too, which affects all their users.

        Raises
        ------
        InputError
            If the model does not support online updates, an argument is invalid, or SGD diverges.
        """
        if not self.supports_online_updates:
            raise InputError(
                f"The model {self.name!r} does not learn step by step. Train another one, such as 'implicit'."
            )
        codes, amounts, _ = self._check_known(items, values)
        codes, amounts = codes[amounts > 0], amounts[amounts > 0]
        if int(steps) < 1:
            raise InputError(f"Learning takes 1 step or more, not {steps}.")
        random = np.random.default_rng([int(self.settings["seed"]), 3, int(user)])
        orders = [random.permutation(len(codes)) for _ in range(int(steps))]
        self._learn(OnlineUpdate(int(user), codes, amounts, orders, update_items))

    def _learn(self, update: OnlineUpdate) -> None:
        """Do the work of `partial_fit`."""
        raise NotImplementedError

    def _check_supports_fold_in(self) -> None:
        if not self.supports_fold_in:
            raise InputError(
                f"The model {self.name!r} knows only those it was trained on. "
                "Train another one, such as 'implicit'."
            )

    def _check_known(
        self, items: ArrayLike, values: ArrayLike | None, ages: ArrayLike | None = None
    ) -> Feedback:
        """Check and convert the feedback of a user."""
        codes = np.atleast_1d(np.asarray(items, np.int32))
        amounts = np.ones(len(codes)) if values is None else np.atleast_1d(np.asarray(values, np.float64))
        months = None if ages is None else np.atleast_1d(np.asarray(ages, np.float64))
        if (
            codes.shape != amounts.shape
            or (months is not None and months.shape != codes.shape)
            or len(np.unique(codes)) < len(codes)
        ):
            raise InputError("Each needs one number, and can be named only once.")
        if len(codes) and not 0 <= codes.min() <= codes.max() < self.n_items:
            raise InputError(f"Codes go from 0 to {self.n_items - 1}.")
        if not (np.isfinite(amounts) & (amounts >= 0)).all():
            raise InputError("The numbers must be 0 or more; 0 is for what is not wanted.")
        if not amounts.any():
            raise InputError("Name at least one with a number above 0.")
        return Feedback(codes, amounts, months)

    @property
    def n_items(self) -> int:
        """Number of items in the training data, those without pairs included."""
        raise NotImplementedError

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        """Do the work of `fold_in_scores` on checked feedback."""
        raise NotImplementedError

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        """Do the work of `contributions` on checked feedback."""
        raise NotImplementedError

    def _random(self) -> np.random.Generator:
        # A separate stream: the hold-out draws from the same seed and must not correlate with the initial factors.
        return np.random.default_rng([int(self.settings["seed"]), 1])

    def sizes(self, n_users: int, n_items: int) -> dict[str, int | None]:
        """Return what the words in the shapes of `learned` stand for, on data of this size."""
        return {
            "users": n_users,
            "items": n_items,
            "smaller": min(n_users, n_items),
            "factors": self.settings.get("factors"),
        }

    def state(self) -> dict[str, Any]:
        """Return a copy of all learned attributes, by name."""
        values = {name: getattr(self, name) for name in self.learned}
        return {name: value if isinstance(value, float) else value.copy() for name, value in values.items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Set all learned attributes from `state`."""
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
            Pairs to exclude, usually the training pairs.
        users : int32 array, shape (n_users,)
            User codes.
        n : int
            Length of each list, from 1.
        seed : int
            Breaks ties.

        Returns
        -------
        items : int32 array, shape (n_users, n)
            Item codes, best first; -1 where a user has fewer than `n` unseen items.
        scores : float32 array, shape (n_users, n)
            Their scores.
        """
        blas.keep_to_one_thread()
        users = np.asarray(users, np.int32)
        items = np.empty((len(users), n), np.int32)
        scores = np.empty((len(users), n), np.float32)

        def rank(here: slice) -> None:
            known = [seen.item_codes[seen.of_user(user)] for user in users[here].tolist()]
            items[here], scores[here] = best(self.scores(users[here]), known, n, seed)

        rows = max(1, SCORES_PER_TASK // seen.n_items)
        threads.run([partial(rank, here) for here in threads.parts(slice(0, len(users)), rows)])
        return items, scores
