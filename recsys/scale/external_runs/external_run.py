"""External run: memory-mapped factors and pairs, and an index of labels."""

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
from recsys.models import MODELS, blas
from recsys.models.als import user_parts
from recsys.models.ranking import best
from recsys.models.value_matrix import play_row
from recsys.recommendation.explanation import main_contributors, sentence
from recsys.recommendation.new_user import UserProfile
from recsys.scale.external_runs.index_build import LABELS_FILE, index_folder, is_indexed, read_index_metadata
from recsys.scale.external_runs.label_index import LabelIndex
from recsys.scale.external_runs.manifest import Manifest, is_amount

ROWS_PER_BLOCK = 1 << 16
N_SCENES = 12
SCENE_SIZE = 12
# An observed pair always has a little more confidence than an unobserved one, as in training.
MIN_EXCESS = 1e-6


class ItemLabels:
    """Ids or names of items by code, read on access."""

    def __init__(self, names: LabelIndex, which: int) -> None:
        self._names, self._which = names, which

    def __getitem__(self, code: int) -> str:
        """Return the label of the item with this code."""
        return self._names.item(code)[self._which]


class ExternalRun:
    """An opened external run: arrays are memory-mapped, labels are read from the index.

    Attributes
    ----------
    manifest : Manifest
    items, names : ItemLabels
        Ids and names of items by code.
    plays : float
        Sum of all values.

    Raises
    ------
    InputError
        If it is not indexed, or the index is damaged.
    """

    uses_negative_feedback = True

    def __init__(self, manifest: Manifest) -> None:
        blas.keep_to_one_thread()
        folder = index_folder(manifest)
        if not is_indexed(manifest):
            raise InputError(
                f"The run {manifest.folder.name!r} is not prepared yet. Prepare it on the Data page."
            )
        self.manifest = manifest
        facts = read_index_metadata(folder)
        self.plays, self.n_pairs = float(facts["plays"]), int(facts["known"])
        self._item_factors = _mapped(folder / "item_factors.npy", (manifest.items, manifest.factors))
        _read_ahead(folder / "item_factors.npy")
        self._user_factors = _mapped(folder / "user_factors.npy", (manifest.users, manifest.factors))
        self._norms = _mapped(folder / "item_norms.npy", (manifest.items,))
        self._listeners = _mapped(folder / "listeners.npy", (manifest.items,))
        self._gram = _mapped(folder / "gram.npy", (manifest.factors, manifest.factors))
        self._pairs = {kind: _mapped_pairs(folder, kind, manifest.users) for kind in ("known", "hidden")}
        self._names = LabelIndex(folder / LABELS_FILE)
        self.items, self.names = ItemLabels(self._names, 0), ItemLabels(self._names, 1)

    def close(self) -> None:
        """Close the file of names."""
        self._names.close()

    @property
    def key(self) -> str:
        """Identifier in URLs."""
        return self.manifest.key

    @property
    def fingerprint(self) -> str:
        """Identity of exactly this run."""
        return self.manifest.identity

    @property
    def label(self) -> str:
        """Label of its model."""
        return MODELS[self.manifest.model].label

    @property
    def n_hidden(self) -> int:
        """Number of held-out pairs."""
        return len(self._pairs["hidden"][1])

    @property
    def n_users(self) -> int:
        """Number of users."""
        return self.manifest.users

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.manifest.items

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
        """Return at most `n` ids of users with this prefix, in their order."""
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
        """Return the codes of at most `n` items whose name contains this part, as `LabelIndex.search`."""
        return self._names.search(part, n)

    def found(self, part: str, n: int) -> pd.DataFrame:
        """Describe at most `n` items whose name contains this part, or those with most users if it is empty."""
        codes = self.named(part, n) if part.strip() else self._names.top(n)
        return self.item_table(codes)

    def item_table(self, codes: Iterable[int]) -> pd.DataFrame:
        """Describe items in the given order, as `LabelIndex.items`."""
        return self._names.items(codes)

    def known(self, user: int, kind: str = "known") -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return items and values of a user in training, or with `hidden` those held out."""
        starts, items, values = self._pairs[kind]
        span = slice(int(starts[user]), int(starts[user + 1]))
        return np.array(items[span]), np.array(values[span])

    def random_user(self, seed: int | None = None, least: int = 5) -> str:
        """Return the id of a random user, if possible one with at least `least` items."""
        random = np.random.default_rng(seed)
        starts = self._pairs["known"][0]
        drawn = random.integers(self.n_users, size=200)
        counts = starts[drawn + 1] - starts[drawn]
        return self.user(int(drawn[np.argmax(np.minimum(counts, least))]))

    def scores(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the dot product of a vector with the factors of every item; float32 array, shape (n_items,)."""
        vector = np.ascontiguousarray(vector, np.float32)
        found = np.empty(self.n_items, np.float32)
        for first in range(0, self.n_items, ROWS_PER_BLOCK):
            block = slice(first, first + ROWS_PER_BLOCK)
            np.matmul(self._item_factors[block], vector, out=found[block])
        return found

    def recommend(self, user: int, n: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the items of a user and the recommended ones.

        Parameters
        ----------
        user : int
            User code.
        n : int
            Length of the list, from 1.

        Returns
        -------
        existing : DataFrame
            The user's items in training, the most played first: columns `item`, `artist`, `plays` and
            `share` of the user's plays, 0 to 1.
        recommended : DataFrame
            Columns `item`, `artist`, `score`, `listeners`, `popularity_rank` and `hit` (whether it is one of
            the held-out ones), the best first, and `names`: known items that contribute most to the score, empty
            where the run does not support fold-in. Indexed by item code.
        """
        codes, values = self.known(user)
        scores = self.scores(self._user_factors[user])
        best_items, best_scores = _top_n(scores, codes, n)
        hidden, _ = self.known(user, "hidden")
        recommended = self.item_table(best_items).assign(score=best_scores, hit=np.isin(best_items, hidden))
        recommended["names"] = (
            self._because(codes, values, best_items) if self.supports_fold_in else [[]] * len(best_items)
        )
        order = np.argsort(-values, kind="stable")
        existing = self.item_table(codes[order])[["item", "artist"]].assign(plays=values[order])
        existing["share"] = existing["plays"] / max(float(values.sum()), 1.0)
        return existing, recommended

    def similar(self, item: int, n: int = 20, least_listeners: int = LEAST_LISTENERS) -> pd.DataFrame:
        """Return the items with the highest cosine to another one, as `similarity.similar_items`.

        Returns
        -------
        DataFrame
            Columns `item`, `artist`, `listeners` and `cosine`, above 0; indexed by item code.
        """
        cosines = self.scores(self._item_factors[item])
        norms = self._norms * self._norms[item]
        np.divide(cosines, norms, out=cosines, where=norms > 0)
        cosines[(self._listeners < least_listeners) | (norms <= 0)] = 0
        alike, found = _top_n(cosines, [item], n)
        alike, found = alike[found > 0], found[found > 0]
        return self.item_table(alike)[["item", "artist", "listeners"]].assign(cosine=found)

    @cached_property
    def scenes(self) -> dict[str, list[int]]:
        """Groups of similar items around the most popular ones, without overlap."""
        found: dict[str, list[int]] = {}
        taken: set[int] = set()
        for code in self._names.top(5 * N_SCENES):
            if len(found) == N_SCENES:
                break
            if code not in taken:
                near = [other for other in self.similar(code, SCENE_SIZE - 1).index if other not in taken]
                found[self.names[code]] = [code, *near]
                taken.update(found[self.names[code]])
        return found

    @property
    def supports_fold_in(self) -> bool:
        """Whether the run has the settings that folding in a new user needs."""
        settings = self.manifest.settings
        return all(is_amount(settings.get(name)) for name in ("alpha", "regularization"))

    def recommend_to_profile(self, taste: UserProfile, n: int = 10) -> pd.DataFrame:
        """Recommend to a new user, as `new_user.recommend_to_profile` does with a model.

        Returns
        -------
        DataFrame
            Columns `item`, `artist`, `listeners`, `popularity_rank`, `score` and `because` (the reason in
            words), the best first; indexed by item code.

        Raises
        ------
        InputError
            As `fold_in`.
        """
        items, values = taste.known
        scores = self.scores(self.fold_in(items, values))
        codes, found = _top_n(scores, np.concatenate([items, taste.hidden]), n)
        why = [sentence(names) for names in self._because(items, values, codes, 2)]
        return self.item_table(codes).assign(score=found, because=why)

    def fold_in(self, items: ArrayLike, values: ArrayLike) -> NDArray[np.float32]:
        """Return the factors of a new user; float32 array, shape (factors,).

        As `models.als.user_parts`, with c_j = alpha log(1 + value) over the mean of it. In a run from Spark, lambda
        is multiplied with the number of items with positive feedback, and c_j is above 1.

        Parameters
        ----------
        items : int array, shape (n_known,)
            Codes of the items with feedback.
        values : array, shape (n_known,)
            Their values; 0 is negative feedback.

        Raises
        ------
        InputError
            If there is no positive feedback, or the run has no alpha and regularization.

        References
        ----------
        Y. Zhou, D. Wilkinson, R. Schreiber, R. Pan, "Large-Scale Parallel Collaborative Filtering for the
        Netflix Prize", AAIM 2008, equation 2, for Spark's lambda.
        """
        return self._user_parts(np.asarray(items, np.int64), values).sum(axis=1).astype(np.float32)

    def _user_parts(self, codes: NDArray[np.integer], values: ArrayLike) -> NDArray[np.float64]:
        """Return `user_parts` with the factors and settings of this run."""
        amounts = np.asarray(values, np.float64)
        played = amounts > 0
        if not played.any():
            raise InputError("Name at least one artist that is played.")
        if not self.supports_fold_in:
            raise InputError("The run does not say its alpha and regularization: nobody new can be taken in.")
        settings, weighted = self.manifest.settings, self.manifest.weighted_regularization
        confidence = np.maximum(settings["alpha"] * play_row(amounts).astype(np.float64), 1 + MIN_EXCESS)
        confidence[~played] = 0
        regularization = settings["regularization"] if weighted is None else weighted * played.sum()
        return user_parts(self._gram, self._item_factors[codes], confidence, regularization)

    def _because(
        self, codes: NDArray[np.integer], values: ArrayLike, wanted: NDArray[np.int32], n: int = 3
    ) -> list[list[str]]:
        """Return the names of the known items that contribute most to the score of each wanted one."""
        because: list[list[str]] = [[] for _ in wanted]
        if not len(codes) or not np.any(values):
            return because
        shares = np.asarray(self._item_factors[wanted], np.float64) @ self._user_parts(codes, values)
        rows, columns = main_contributors(shares, n)
        artists = self.item_table(np.unique(codes[columns]))["artist"]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            because[row].append(str(artists[codes[column]]))
        return because


def _top_n(
    scores: NDArray[np.float32], left_out: ArrayLike, n: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return codes and values of the `n` highest scores, or of fewer where there are not as many."""
    items, found = best(scores[None], [np.asarray(left_out, np.int32)], n)
    return items[0][items[0] >= 0], found[0][items[0] >= 0]


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
    """Ask the operating system to read a file that every list needs, in the background."""
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
