"""Choice of a model for a data set: candidates race on a validation part drawn inside the training part.

The test part is never read. Candidates are first trained on a sample of the users and with few epochs. The best
settings of each model go on to all of the training part; a blend is tried; the winner is trained again on everything
but the test.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out
from recsys.errors import InputError
from recsys.evaluation.accuracy import ndcg
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.evaluation.significance import interval, paired_test
from recsys.experiments.blending import forward_selection
from recsys.models import MODELS, make_model
from recsys.models.base import Model
from recsys.models.blend import Blend

TIME_LIMIT = 300.0  # seconds
# The first heat trains on users with about so many pairs, with this share of the epochs and factors.
SAMPLE_PAIRS = 100_000
SHORT = {"epochs": 0.4, "factors": 0.5}
SAMPLE_USERS = 1_000  # judged in the first heat
MOST_USERS = 3_000  # judged in the second
FINALISTS = 5
HOPELESS = 0.75
BLENDED = 4
# A square system of this size takes about a minute on one core, and its matrix a gigabyte.
LARGEST_SYSTEM = 16_000

GRID: dict[str, list[dict[str, int | float | str]]] = {
    "ease": [
        {},
        {"regularization": 0.4},
        {"regularization": 2.5},
        {"ridge_power": 0.0, "discount": 0.0},
        {"ridge_power": 0.0, "discount": 0.0, "regularization": 0.4},
        {"plays": "binary"},
    ],
    "implicit": [{}, {"regularization": 0.3}, {"regularization": 0.7}],
    "als": [{}, {"regularization": 30.0}],
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
        `waiting`, `sampled` (measured on a sample), `dropped` after it, `measured` on all of the training part,
        `failed`, or `late` where the time limit came first.
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
        own = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return MODELS[self.model].label + (f" ({own})" if own else "")

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


class Race:
    """Chooses the best model or blend for a split without reading its test part.

    Call `step` until it raises StopIteration; leave off at any time. With the same split, the same choice, unless
    the time limit ends it early.

    Parameters
    ----------
    split : Split
        Only `train` and the settings are read.
    seconds : float
        Time limit: no further candidate is begun after it, and the one in training is left.
    candidates : sequence of Candidate, optional
        By default those of `GRID` that suit the data.

    Attributes
    ----------
    candidates : list of Candidate
    inner : Split
        The training part, with a validation part drawn inside it.
    model : Model or None
        The choice, trained on all of `split.train`, when all is done.
    phase : str
        What goes on, for the reader.
    spent : float
        Seconds of work so far.
    cut_short : bool
        Whether the time limit ended the race before all candidates were measured.

    Raises
    ------
    InputError
        If there is too little data to draw a validation part.
    """

    def __init__(
        self, split: Split, seconds: float = TIME_LIMIT, candidates: Sequence[Candidate] | None = None
    ) -> None:
        if not seconds > 0:
            raise InputError(f"A choice needs some time, not {seconds:g} seconds.")
        self.split, self.seconds = split, seconds
        self.inner = inner_split(split)
        self.candidates = list(suitable(self.inner.train) if candidates is None else candidates)
        self.model: Model | None = None
        self.phase = "Sampling"
        self.progress = 0.0
        self.spent = 0.0
        self.cut_short = False
        self._work = self._steps()

    def step(self) -> None:
        """Train for a moment.

        Raises
        ------
        StopIteration
            If all is done.
        InputError
            If no candidate could be trained.
        """
        started = time.perf_counter()
        try:
            next(self._work)
        finally:
            self.spent += time.perf_counter() - started

    def __iter__(self) -> Iterator[Race]:
        """Step until all is done."""
        while self.model is None or self.progress < 1:
            try:
                self.step()
            except StopIteration:
                return
            yield self

    def finish(self) -> None:
        """Leave the rest out; what was measured stays."""
        self._work.close()

    @property
    def is_late(self) -> bool:
        """Whether the time limit is over."""
        return self.spent >= self.seconds

    @property
    def ranking(self) -> list[Candidate]:
        """Candidates measured on all of the training part, the best first."""
        measured = [one for one in self.candidates if one.state == "measured"]
        return sorted(measured, key=lambda one: -one.ndcg)

    @property
    def chosen(self) -> list[Candidate]:
        """Chosen candidate, or the parts of a blend, the heaviest first."""
        return sorted((one for one in self.candidates if one.weight), key=lambda one: -one.weight)

    @property
    def choice(self) -> tuple[str, dict[str, int | float | str]]:
        """The name of the chosen model, `blend` where it has several parts, and its settings."""
        if len(self.chosen) == 1:
            return self.chosen[0].model, self.chosen[0].settings
        parts = (f"{one.recipe}*{one.weight:.3g}" for one in self.chosen)
        return Blend.name, {"parts": ",".join(parts)}

    @property
    def sentence(self) -> str:
        """Sentence on the choice, the number of candidates and the confidence."""
        if not self.chosen:
            return ""
        parts = [
            one.label if len(self.chosen) == 1 else f"{one.weight:.0%} {one.label}" for one in self.chosen
        ]
        said = ("Chosen: " if len(parts) == 1 else "Chosen: a blend of ") + ", ".join(parts)
        items = "item" if self.inner.hidden == 1 else "items"
        said += (
            f", among {len(self.candidates)} candidates by {self.inner.hidden} held-out {items} of each user"
        )
        rivals = [one for one in self.ranking if one not in self.chosen]
        if rivals:
            said += _behind(self.chosen, self.ranking[0], rivals[0])
        said += ". The test part was not looked at."
        if self.cut_short:
            said += f" The time limit of {self.seconds:g} s ended the race early: another run may choose otherwise."
        return said

    def _steps(self) -> Generator[None, None, None]:
        sample = sample_of_users(self.inner, SAMPLE_PAIRS)
        judged = sample_users(sample, SAMPLE_USERS, "validation")
        for place, one in enumerate(self.candidates):
            yield from self._measure(one, one.make(SHORT), sample, judged, "sampled")
            one.trained = None
            self.progress = 0.4 * (place + 1) / len(self.candidates)
        finalists = select(self.candidates)
        self.phase = "Measuring the best"
        judged = sample_users(self.inner, MOST_USERS, "validation")
        for place, one in enumerate(finalists):
            yield from self._measure(one, one.make(), self.inner, judged, "measured")
            for other in self.ranking[BLENDED:]:
                other.trained = None
            self.progress = 0.4 + 0.4 * (place + 1) / len(finalists)
        ranking = self.ranking or sorted(finalists, key=lambda one: -one.ndcg)[:1]
        if not ranking:
            why = next((one.message for one in self.candidates if one.message), "")
            raise InputError(f"No model could be trained on this data. {why}".rstrip())
        parts = [one for one in ranking if one.trained is not None]
        self.phase = "Blending"
        yield
        if len(parts) > 1 and not self.is_late:
            weights = forward_selection([one.trained for one in parts if one.trained], self.inner, judged)
            for one, weight in zip(parts, weights, strict=True):
                one.weight = float(weight)
        else:
            ranking[0].weight = 1.0
        for one in self.candidates:
            one.trained = None
        self.phase = "Training the choice on everything"
        name, settings = self.choice
        model = make_model(name, **settings)
        for done in model.train(self.split.train):
            self.progress = 0.8 + 0.19 * min(1.0, done / model.epochs)
            yield
        model.free_buffers()
        self.model, self.progress, self.phase = model, 1.0, "Done"

    def _measure(
        self, one: Candidate, model: Model, split: Split, users: NDArray[np.int32], state: str
    ) -> Generator[None, None, None]:
        measured = any(not math.isnan(other.ndcg) for other in self.candidates)
        if self.is_late and measured:
            self._leave(one)
            return
        started = self.spent
        try:
            for _ in model.train(split.train):
                yield
                if self.is_late and measured:
                    self._leave(one)
                    return
            model.free_buffers()
        except InputError as error:
            one.state, one.message = "failed", str(error)
            return
        lists = RankedLists.of(model, split, users, 10, "validation")
        one.by_user = ndcg(lists.hits, lists.hidden)
        one.ndcg, one.half = float(one.by_user.mean()), interval(one.by_user)
        one.state, one.trained = state, model
        yield
        one.seconds += self.spent - started

    def _leave(self, one: Candidate) -> None:
        self.cut_short = True
        if math.isnan(one.ndcg):
            one.state = "late"


def inner_split(split: Split) -> Split:
    """Draw a validation part inside the training part, as large a share of it as is usual.

    Users with as many items as a test user has left take part, and hide three tenths of that number.

    Raises
    ------
    InputError
        If no user has two items in training.
    """
    minimum = max(2, split.minimum - split.hidden)
    most = int(split.train.user_counts.max())
    if most < 2:
        raise InputError("No user has two items in training: nothing can be held out to choose by.")
    minimum = min(minimum, most)
    hidden = max(1, round(0.3 * minimum))
    seed = int(np.random.default_rng([split.seed, 3]).integers(2**31))
    return hold_out(split.train, minimum, hidden, seed)


def sample_of_users(split: Split, pairs: int) -> Split:
    """Return the split of a sample of users who have about so many pairs in training; all of it if it has no more.

    Codes stay; users who are not drawn have no pairs.
    """
    share = pairs / len(split.train)
    if share >= 1:
        return split
    users = split.train.n_users
    drawn = np.random.default_rng([split.seed, 4]).random(users) < share

    def part(whole: Interactions) -> Interactions:
        return whole.subset(drawn[whole.user_codes])

    validation = part(split.validation)
    return Split(part(split.train), validation, validation, split.settings)


def suitable(train: Interactions) -> list[Candidate]:
    """Return the candidates of `GRID` that suit the size of the data.

    SLIM stands in for EASE where that would have to solve too large a system.
    """
    size = min(np.count_nonzero(train.user_counts), np.count_nonzero(train.item_counts))
    left_out = {"slim"} if size <= LARGEST_SYSTEM else {"ease"}
    return [
        Candidate(name, dict(settings))
        for name, rows in GRID.items()
        if name in MODELS and name not in left_out
        for settings in rows
    ]


def select(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return those that go on: the best settings of each model, and the second best of the leading one; at most five.

    A candidate far below the leading one is dropped even if it is its model's best.
    """
    sampled = sorted((one for one in candidates if one.state == "sampled"), key=lambda one: -one.ndcg)
    kept: list[Candidate] = []
    for one in sampled:
        others = sum(other.model == one.model for other in kept)
        allowed = 2 if one.model == sampled[0].model else 1
        hopeless = one.ndcg + one.half < HOPELESS * sampled[0].ndcg
        if len(kept) < FINALISTS and others < allowed and not hopeless:
            kept.append(one)
        else:
            one.state = "dropped"
    return kept


def _behind(chosen: Sequence[Candidate], best: Candidate, rival: Candidate) -> str:
    """Return how far the best that was not chosen lies behind the best of all."""
    if best is rival:
        return ""
    offsets = best.by_user - rival.by_user
    gap = float(offsets.mean())
    noise = "" if paired_test(gap, offsets).is_clear else ", within the noise"
    return f"; the runner-up, {rival.label}, is {gap / max(best.ndcg, 1e-12):.0%} behind{noise}"
