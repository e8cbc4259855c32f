"""A large run that was prepared: everything stays on disk, and memory holds what is looked at."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from recsys.analysis.similarity import LEAST_LISTENERS
from recsys.errors import InputError
from recsys.models import MODELS
from recsys.models.matrix_factorization import keep_blas_to_one_thread
from recsys.recommendation.explanation import WORTH_NAMING, sentence
from recsys.recommendation.new_user import UserProfile
from recsys.scale.external_runs.index_build import NAMES, facts_of, is_prepared, place
from recsys.scale.external_runs.label_index import Names
from recsys.scale.external_runs.manifest import Source, is_amount

ROWS_AT_ONCE = 1 << 16
SCENES = 12
OF_SCENE = 12
# A known pair always counts for a little more than an unknown one, as where these runs come from.
LEAST_EXCESS = 1e-6


class Labels:
    """Ids or names by code, read when they are asked for."""

    def __init__(self, names: Names, which: int) -> None:
        self._names, self._which = names, which

    def __getitem__(self, code: int) -> str:
        """Return the label of the item with this code."""
        return self._names.item(code)[self._which]


class ExternalRun:
    """A run trained elsewhere, opened: arrays are mapped from disk, names are looked up there.

    Attributes
    ----------
    source : Source
    items, names : Labels
        Ids and names of items by code.
    plays : float
        Of all listeners together.

    Raises
    ------
    InputError
        If it is not prepared, or what was prepared is damaged.
    """

    uses_negative_feedback = True

    def __init__(self, source: Source) -> None:
        keep_blas_to_one_thread()
        folder = place(source)
        if not is_prepared(source):
            raise InputError(
                f"The run {source.folder.name!r} is not prepared yet. Prepare it on the Data page."
            )
        self.source = source
        facts = facts_of(folder)
        self.plays, self.n_pairs = float(facts["plays"]), int(facts["known"])
        self._item_factors = _mapped(folder / "item_factors.npy", (source.items, source.factors))
        _read_ahead(folder / "item_factors.npy")
        self._user_factors = _mapped(folder / "user_factors.npy", (source.users, source.factors))
        self._norms = _mapped(folder / "item_norms.npy", (source.items,))
        self._listeners = _mapped(folder / "listeners.npy", (source.items,))
        self._gram = _mapped(folder / "gram.npy", (source.factors, source.factors))
        self._pairs = {kind: _mapped_pairs(folder, kind, source.users) for kind in ("known", "hidden")}
        self._names = Names(folder / NAMES)
        self.items, self.names = Labels(self._names, 0), Labels(self._names, 1)

    def close(self) -> None:
        """Close the file of names."""
        self._names.close()

    @property
    def key(self) -> str:
        """What names it in an address."""
        return self.source.key

    @property
    def fingerprint(self) -> str:
        """Names exactly this run."""
        return self.source.identity

    @property
    def label(self) -> str:
        """What its model is called."""
        return MODELS[self.source.model].label

    @property
    def n_hidden(self) -> int:
        """Number of pairs that were hidden from training."""
        return len(self._pairs["hidden"][1])

    @property
    def n_users(self) -> int:
        """Number of users."""
        return self.source.users

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.source.items

    def user_code(self, label: object) -> int:
        """Return the code of a user.

        Raises
        ------
        InputError
            If no user has this id.
        """
        code = self._names.user_code(str(label))
        if code is None:
            near = (self.users_from(str(label), 1) or [self.user(0)])[0]
            raise InputError(f"There is no listener {str(label)[:80]!r} in this run. Try {near[:80]!r}.")
        return code

    def user(self, code: int) -> str:
        """Return the id of a user."""
        return self._names.user(code)

    def users_from(self, beginning: str, n: int) -> list[str]:
        """Return `n` ids of users at most that begin so, in their order."""
        return self._names.users_from(beginning, n)

    def item_code(self, label: object) -> int:
        """Return the code of an item.

        Raises
        ------
        InputError
            If no item has this id.
        """
        code = self._names.item_code(str(label))
        if code is None:
            raise InputError(f"There is no artist {str(label)[:80]!r} in this run. Search for its name.")
        return code

    def named(self, part: str, n: int) -> list[int]:
        """Return the codes of `n` items at most whose name has this part, as `Names.search`."""
        return self._names.search(part, n)

    def found(self, part: str, n: int) -> pd.DataFrame:
        """Describe `n` items at most: those whose name has this part or, for an empty one, those with most users."""
        codes = self.named(part, n) if part.strip() else self._names.top(n)
        return self.item_table(codes)

    def item_table(self, codes: Iterable[int]) -> pd.DataFrame:
        """Describe some items, in the order of their codes as given: as `Names.items`."""
        return self._names.items(codes)

    def known(self, user: int, kind: str = "known") -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the items of a user in training, or with `hidden` those hidden from it, and their values."""
        starts, items, values = self._pairs[kind]
        span = slice(int(starts[user]), int(starts[user + 1]))
        return np.array(items[span]), np.array(values[span])

    def somebody(self, seed: int | None = None, least: int = 5) -> str:
        """Return the id of a user drawn at random: one with at least so many items, if a few draws find one."""
        random = np.random.default_rng(seed)
        starts = self._pairs["known"][0]
        drawn = random.integers(self.n_users, size=200)
        counts = starts[drawn + 1] - starts[drawn]
        return self.user(int(drawn[np.argmax(np.minimum(counts, least))]))

    def scores(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the product of a vector with the factors of every item; float32 array, shape (n_items,)."""
        vector = np.ascontiguousarray(vector, np.float32)
        found = np.empty(self.n_items, np.float32)
        for first in range(0, self.n_items, ROWS_AT_ONCE):
            block = slice(first, first + ROWS_AT_ONCE)
            np.matmul(self._item_factors[block], vector, out=found[block])
        return found

    def recommend(self, user: int, n: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return what a user plays and what they might.

        Parameters
        ----------
        user : int
            User code.
        n : int
            How many items to recommend, from 1.

        Returns
        -------
        existing : DataFrame
            The user's items in training, the most played first: columns `item`, `artist`, `plays` and
            `share` of the user's plays, 0 to 1.
        recommended : DataFrame
            Columns `item`, `artist`, `score`, `listeners`, `popularity_rank` and `hit` (whether it is one of
            the hidden ones), the best first, and `names`: what the user plays that adds most to the score,
            empty where the run does not say how its scores come about. Indexed by item code.
        """
        codes, values = self.known(user)
        scores = self.scores(self._user_factors[user])
        best = top_n(scores, codes, n)
        hidden, _ = self.known(user, "hidden")
        recommended = self.item_table(best).assign(score=scores[best], hit=np.isin(best, hidden))
        recommended["names"] = (
            self._because(codes, values, best) if self.supports_fold_in else [[]] * len(best)
        )
        order = np.argsort(-values, kind="stable")
        existing = self.item_table(codes[order])[["item", "artist"]].assign(plays=values[order])
        existing["share"] = existing["plays"] / max(float(values.sum()), 1.0)
        return existing, recommended

    def similar(self, item: int, n: int = 20, least_listeners: int = LEAST_LISTENERS) -> pd.DataFrame:
        """Return the items most like another one, as `similarity.similar_items` does of a model: cosines.

        Returns
        -------
        DataFrame
            Columns `item`, `artist`, `listeners` and `cosine`, above 0; indexed by item code.
        """
        cosines = self.scores(self._item_factors[item])
        norms = self._norms * self._norms[item]
        np.divide(cosines, norms, out=cosines, where=norms > 0)
        cosines[(self._listeners < least_listeners) | (norms <= 0)] = 0
        best = top_n(cosines, [item], n)
        best = best[cosines[best] > 0]
        return self.item_table(best)[["item", "artist", "listeners"]].assign(cosine=cosines[best])

    @cached_property
    def scenes(self) -> dict[str, list[int]]:
        """Each of the most listened items with those most like it, without those of an earlier group."""
        found: dict[str, list[int]] = {}
        taken: set[int] = set()
        for code in self._names.top(5 * SCENES):
            if len(found) == SCENES:
                break
            if code not in taken:
                near = [other for other in self.similar(code, OF_SCENE - 1).index if other not in taken]
                found[self.names[code]] = [code, *near]
                taken.update(found[self.names[code]])
        return found

    @property
    def supports_fold_in(self) -> bool:
        """Whether the run says with which settings it was trained: then somebody new can be solved for."""
        settings = self.source.settings
        return all(is_amount(settings.get(name)) for name in ("alpha", "regularization"))

    def recommend_to_taste(self, taste: UserProfile, n: int = 10) -> pd.DataFrame:
        """Return what fits a taste, as `taste.recommend_to_taste` does for a model.

        Returns
        -------
        DataFrame
            Columns `item`, `artist`, `listeners`, `popularity_rank`, `score` and `because` (the reason in
            words), the best first; indexed by item code.

        Raises
        ------
        InputError
            If nothing of what is named is played, or the run does not say how it was trained.
        """
        items, values = taste.known
        scores = self.scores(self.fold_in(items, values))
        best = top_n(scores, np.concatenate([items, taste.hidden]), n)
        why = [sentence(names) for names in self._because(items, values, best, 2)]
        return self.item_table(best).assign(score=scores[best], because=why)

    def fold_in(self, items: ArrayLike, values: ArrayLike) -> NDArray[np.float32]:
        """Return the factors that somebody has who plays these items; float32 array, shape (factors,).

        Solves (Y^T Y + sum of (c_j - 1) y_j y_j^T + lambda I) p = sum of c_j y_j over the items j that are played,
        as the model `als` is defined: c_j is alpha times log(1 + plays) over their mean. An item that is not wanted
        stands on the left alone, with the mean confidence. In a run from Spark, lambda is its own times the
        number of items that are played, and c_j at least 1.

        Parameters
        ----------
        items : int array, shape (n_known,)
        values : array, shape (n_known,)
            How much they play each, 0 for what they do not want.

        Raises
        ------
        InputError
            If nothing is played, or the run does not say how it was trained.

        References
        ----------
        Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008,
        equation 4; for Spark's lambda Y. Zhou, D. Wilkinson, R. Schreiber, R. Pan, "Large-Scale Parallel
        Collaborative Filtering for the Netflix Prize", AAIM 2008, equation 2.
        """
        return self._solved(items, values).sum(axis=1).astype(np.float32)

    def _solved(self, items: ArrayLike, values: ArrayLike) -> NDArray[np.float64]:
        """Return what each item adds to the factors of who plays it; shape (factors, n_known)."""
        codes, amounts = np.asarray(items, np.int64), np.asarray(values, np.float64)
        played = amounts > 0
        if not played.any():
            raise InputError("Name at least one artist that is played.")
        if not self.supports_fold_in:
            raise InputError("The run does not say its alpha and regularization: nobody new can be taken in.")
        settings, weighted = self.source.settings, self.source.weighted_regularization
        logs = np.where(played, np.log1p(amounts), 0)
        excess = np.maximum(settings["alpha"] * logs / logs[played].mean() - 1, LEAST_EXCESS)
        excess[~played] = excess[played].mean()
        known = np.asarray(self._item_factors[codes], np.float64)
        left = self._gram + (known.T * excess) @ known
        left[np.diag_indices_from(left)] += (
            settings["regularization"] if weighted is None else weighted * played.sum()
        )
        try:
            return np.linalg.solve(left, known.T * ((1 + excess) * played))
        except np.linalg.LinAlgError:
            raise InputError(
                "The equations of this run have no solution: it was trained without regularization."
            ) from None

    def _because(
        self, items: ArrayLike, values: ArrayLike, wanted: NDArray[np.int64], n: int = 3
    ) -> list[list[str]]:
        """Return the names of the known items that add most to the score of each wanted one.

        A score is y_i.p, and p a sum over what is played: equation 7 of the paper that `fold_in` names.
        """
        codes = np.asarray(items, np.int64)
        if not len(codes) or not np.any(values):
            return [[] for _ in wanted]
        shares = np.asarray(self._item_factors[wanted], np.float64) @ self._solved(items, values)
        largest = np.argsort(-shares, axis=1, kind="stable")[:, :n]
        artists = self.item_table(np.unique(codes[largest]))["artist"]
        return [
            [
                str(artists[codes[at]])
                for at in places
                if row[at] > 0 and row[at] >= WORTH_NAMING * row[places[0]]
            ]
            for row, places in zip(shares, largest, strict=True)
        ]


def top_n(scores: NDArray[np.float32], left_out: ArrayLike, n: int) -> NDArray[np.int64]:
    """Return the codes of the `n` largest scores, the largest first; what is left out is set to -inf in `scores`."""
    scores[np.asarray(left_out, np.int64)] = -np.inf
    n = min(n, len(scores))
    best = np.argpartition(scores, len(scores) - n)[len(scores) - n :]
    best = best[np.lexsort((best, -scores[best]))]
    return best[np.isfinite(scores[best])]


def _mapped(path: Path, shape: tuple[int, ...]) -> NDArray[Any]:
    try:
        array = np.asarray(np.load(path, mmap_mode="r"))
    except (OSError, ValueError) as error:
        raise InputError(
            "What was prepared of this run is damaged. Prepare it again on the Data page."
        ) from error
    if array.shape != shape:
        raise InputError("What was prepared of this run is damaged. Prepare it again on the Data page.")
    return array


def _read_ahead(path: Path) -> None:
    """Ask the operating system to read a file that every list needs, while whoever opens the run looks around."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)


def _mapped_pairs(
    folder: Path, kind: str, users: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    starts = _mapped(folder / f"{kind}_starts.npy", (users + 1,))
    count = (int(starts[-1]),)
    if count == (0,):  # nothing can be mapped from an empty file
        return starts, np.empty(0, np.int32), np.empty(0, np.float32)
    return starts, _mapped(folder / f"{kind}_items.npy", count), _mapped(folder / f"{kind}_values.npy", count)
