"""Choice of a model for a data set: candidates race on a validation part drawn inside the training part.

The test part is never read. Candidates are first trained on a sample of the users and with few epochs. The best
settings of each model go on to all of the training part, and a blend of the best of these is tried.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out
from recsys.errors import InputError
from recsys.evaluation.accuracy import ndcg
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.evaluation.significance import interval, paired_test
from recsys.experiments.candidates import SHORT, Candidate, instead_of_ease, select, suitable, that_fit
from recsys.experiments.setup import SPLIT_SETTINGS, Setup
from recsys.models.base import Model
from recsys.models.blend import Blend
from recsys.models.ensemble_selection import Pool
from recsys.system.stepped import SteppedWork, Steps, side_by_side

TIME_LIMIT = 300.0  # seconds
# The first heat trains on users with about so many pairs, with a share of the epochs and factors.
SAMPLE_PAIRS = 100_000
SAMPLE_USERS = 1_000  # judged in the first heat
MOST_USERS = 3_000  # judged in the second
BLENDED = 4


class Race(SteppedWork):
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
    note : str
        What is left out of the race and why; may be empty.
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
        self.note = instead_of_ease(self.inner.train)
        self.phase = "Sampling"
        self.progress = 0.0
        self.spent = 0.0
        self.cut_short = False
        self._over: list[Candidate] = []  # of this heat
        super().__init__(self._steps())

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
            super().step()
        finally:
            self.spent += time.perf_counter() - started

    def __iter__(self) -> Iterator[Race]:
        """Step until all is done."""
        while True:
            try:
                self.step()
            except StopIteration:
                return
            yield self

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
    def setup(self) -> Setup:
        """The choice, to be trained on the whole training part; `blend` where it has several parts.

        Raises
        ------
        InputError
            If nothing is chosen yet.
        """
        if not self.chosen:
            raise InputError("Nothing is chosen yet.")
        name, settings = self.chosen[0].model, dict(self.chosen[0].settings)
        if len(self.chosen) > 1:
            parts = (f"{one.recipe}*{one.weight:.3g}" for one in self.chosen)
            name, settings = Blend.name, {"parts": ",".join(parts)}
        rules = {rule: self.split.settings[rule] for rule in SPLIT_SETTINGS}
        return Setup(name, settings, **rules)

    @property
    def sentence(self) -> str:
        """Sentence on the choice, the number of candidates and the confidence; for `Nouns.fill`."""
        if not self.chosen:
            return ""
        parts = [
            one.label if len(self.chosen) == 1 else f"{one.weight:.0%} {one.label}" for one in self.chosen
        ]
        said = ("Chosen: " if len(parts) == 1 else "Chosen: a blend of ") + ", ".join(parts)
        items = "{nouns.item}" if self.inner.hidden == 1 else "{nouns.items}"
        said += f", among {len(self.candidates)} candidates by {self.inner.hidden} held-out {items} of each "
        said += "{nouns.user}"
        rivals = [one for one in self.ranking if one not in self.chosen]
        if rivals:
            said += _behind(self.chosen, self.ranking[0], rivals[0])
        said += ". The test part was not looked at."
        if self.cut_short:
            said += f" The time limit of {self.seconds:g} s ended the race early: another run may choose otherwise."
        return said

    def _steps(self) -> Steps:
        sample = sample_of_users(self.inner, SAMPLE_PAIRS)
        judged = sample_users(sample, SAMPLE_USERS, "validation")
        yield from side_by_side(
            [self._sample(one, sample, judged) for one in self.candidates], that_fit(sample.train, 0)
        )
        finalists = select(self.candidates)
        self._over.clear()
        self.phase = "Measuring the best"
        judged = sample_users(self.inner, MOST_USERS, "validation")
        yield from side_by_side(
            [self._final(one, judged, len(finalists)) for one in finalists],
            that_fit(self.inner.train, BLENDED),
        )
        ranking = self.ranking or sorted(finalists, key=lambda one: -one.ndcg)[:1]
        if not ranking:
            why = next((one.message for one in self.candidates if one.message), "")
            raise InputError(f"No model could be trained on this data. {why}".rstrip())
        parts = [one for one in ranking if one.trained is not None]
        ranking[0].weight = 1.0
        self.phase = "Blending"
        yield
        if len(parts) > 1 and not self.is_late:
            pool = Pool.of([one.trained for one in parts if one.trained], self.inner, judged)
            weights, single = pool.select()
            gain = pool.ndcg(weights) - pool.ndcg(single)
            clear = paired_test(float(gain.mean()), gain).is_clear
            for one, weight in zip(parts, weights if clear else single, strict=True):
                one.weight = float(weight)
        for one in self.candidates:
            one.trained = None
        self.progress, self.phase = 1.0, "Done"

    def _sample(self, one: Candidate, sample: Split, judged: NDArray[np.int32]) -> Steps:
        yield from self._measure(one, one.make(SHORT), sample, judged, "sampled")
        one.trained = None
        self._over.append(one)
        self.progress = 0.5 * len(self._over) / len(self.candidates)

    def _final(self, one: Candidate, judged: NDArray[np.int32], finalists: int) -> Steps:
        yield from self._measure(one, one.make(), self.inner, judged, "measured")
        for other in self.ranking[BLENDED:]:
            other.trained = None
        self._over.append(one)
        self.progress = 0.5 + 0.45 * len(self._over) / finalists

    def _measure(
        self, one: Candidate, model: Model, split: Split, users: NDArray[np.int32], state: str
    ) -> Steps:
        if self._gives_up():
            self._leave(one)
            return
        started, one.state = self.spent, "training"
        try:
            for _ in model.train(split.train):
                yield
                if self._gives_up():
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

    def _gives_up(self) -> bool:
        """Return whether the time limit is over and there is something to choose."""
        return self.is_late and any(not math.isnan(one.ndcg) for one in self.candidates)

    def _leave(self, one: Candidate) -> None:
        self.cut_short = True
        one.state = "late" if math.isnan(one.ndcg) else "sampled"


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

    The users who are drawn are numbered anew, so that a model takes no memory for the others; codes of items stay.
    """
    share = pairs / len(split.train)
    if share >= 1:
        return split
    drawn = np.random.default_rng([split.seed, 4]).random(split.train.n_users) < share
    numbers = (np.cumsum(drawn) - 1).astype(np.int32)

    def part(whole: Interactions) -> Interactions:
        kept = whole.subset(drawn[whole.user_codes])
        return replace(kept, user_codes=numbers[kept.user_codes], users=whole.users[drawn])

    validation = part(split.validation)
    return Split(part(split.train), validation, validation, split.settings)


def _behind(chosen: Sequence[Candidate], best: Candidate, rival: Candidate) -> str:
    """Return how far the best that was not chosen lies behind the best of all."""
    if best is rival:
        return ""
    offsets = best.by_user - rival.by_user
    gap = float(offsets.mean())
    noise = "" if paired_test(gap, offsets).is_clear else ", within the noise"
    return f"; the runner-up, {rival.label}, is {gap / max(best.ndcg, 1e-12):.0%} behind{noise}"
