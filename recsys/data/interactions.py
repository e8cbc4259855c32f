"""Interactions: user-item pairs with values, the only data type that models see."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.errors import InputError

# Different values of a rating scale: 0.5 to 10 in steps of a half.
MAX_RATINGS = 20


@dataclass(frozen=True, eq=False)
class Interactions:
    """User-item pairs with values, sorted by user and then by item.

    Created by `from_frame` or `subset` only, so that codes are in range, values are finite and above 0, and no
    pair occurs twice. Later code relies on that without another check.

    Attributes
    ----------
    user_codes, item_codes : int32 array, shape (n_interactions,)
        Position of the pair's user in `users` and of its item in `items`.
    values : float32 array, shape (n_interactions,)
        Play counts (or ratings), above 0.
    users, items : pandas Index
        Original labels: integers if all are integers, else text.
    names : object array of str, shape (n_items,)
        Names on screen.
    value_range : (float, float)
        Smallest and largest value of the whole dataset, also in subsets.
    tags : DataFrame or None
        Tags of the items, as in `Dataset`, which sets them; also in subsets. They are no part of the fingerprint.
    ages : float32 array, shape (n_interactions,), or None
        Months from the last time of each pair to the newest of the data, NaN where it has none; from the history of a
        `Dataset`, which sets them. None for data without times. They are no part of the fingerprint.
    """

    user_codes: NDArray[np.int32]
    item_codes: NDArray[np.int32]
    values: NDArray[np.float32]
    users: pd.Index
    items: pd.Index
    names: NDArray[np.object_]
    value_range: tuple[float, float]
    tags: pd.DataFrame | None = None
    ages: NDArray[np.float32] | None = None

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Interactions:
        """Validate a table and convert it.

        Parameters
        ----------
        frame : DataFrame
            Columns `user`, `item` (integers or text), `value` (a number above 0) and,
            optionally, `name` (the item's name; its label is used otherwise).

        Raises
        ------
        InputError
            If a column or a label is missing, a value is not a finite number above 0, a
            pair stands twice, or fewer than two users or two items are there.
        """
        missing = [column for column in ("user", "item", "value") if column not in frame.columns]
        if missing:
            raise InputError(f"The table has no column {missing[0]!r}. It needs user, item and value.")
        if frame.empty:
            raise InputError("The table has no rows. It needs one row for each user and item.")
        frame = frame.reset_index(drop=True)
        for column in ("user", "item"):
            if frame[column].isna().any():
                row = int(np.flatnonzero(frame[column].isna())[0]) + 1
                raise InputError(f"Row {row}: the {column} is missing. Fill it in or remove the row.")
        values = pd.to_numeric(frame["value"], errors="coerce").to_numpy(np.float64)
        bad = ~(np.isfinite(values) & (values > 0) & (values < 1e15))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            value = frame["value"].iloc[row]
            raise InputError(f"Row {row + 1}: the value must be a number above 0, not {value!r}.")

        user_codes, users = pd.factorize(frame["user"], sort=True)
        item_codes, items = pd.factorize(frame["item"], sort=True)
        if len(users) < 2 or len(items) < 2:
            raise InputError(
                f"The table has {len(users)} users and {len(items)} items. "
                "A recommender needs at least two of each."
            )
        order = np.lexsort((item_codes, user_codes))
        user_codes = user_codes[order].astype(np.int32)
        item_codes = item_codes[order].astype(np.int32)
        twice = (np.diff(user_codes) == 0) & (np.diff(item_codes) == 0)
        if twice.any():
            at = int(np.flatnonzero(twice)[0])
            raise InputError(
                f"{users[user_codes[at]]} and {items[item_codes[at]]} stand "
                "together in two rows. Add the two values up first."
            )
        if "name" in frame.columns:
            first = np.empty(len(items), np.int64)
            first[pd.factorize(frame["item"], sort=True)[0][::-1]] = np.arange(len(frame))[::-1]
            given = frame["name"].iloc[first]
            names = given.where(given.notna(), pd.Series(items, index=given.index)).astype(str)
            names = names.to_numpy(object)
        else:
            names = pd.Index(items).astype(str).to_numpy(object)
        values = values[order].astype(np.float32)
        return cls(
            user_codes=user_codes,
            item_codes=item_codes,
            values=values,
            users=pd.Index(users, name="user"),
            items=pd.Index(items, name="item"),
            names=names,
            value_range=(float(values.min()), float(values.max())),
        )

    @classmethod
    def from_codes(
        cls,
        user_codes: NDArray[np.integer],
        item_codes: NDArray[np.integer],
        values: NDArray[np.floating],
        users: pd.Index,
        items: pd.Index,
        names: NDArray[np.object_],
    ) -> Interactions:
        """Return pairs that are sorted by user and item, each once, under sorted labels.

        Labels in no pair are left out.

        Raises
        ------
        InputError
            If a value is not a number above 0, or the pairs are not in order.
        """
        step = np.diff(user_codes)
        if not ((step > 0) | ((step == 0) & (np.diff(item_codes) > 0))).all():
            raise InputError("Pairs must be sorted by user and item, each once.")
        values = np.asarray(values, np.float32)
        if not (np.isfinite(values) & (values > 0)).all():
            raise InputError("Values must be numbers above 0.")
        coded = []
        for codes, labels in ((user_codes, users), (item_codes, items)):
            used = np.bincount(codes, minlength=len(labels)) > 0
            places = np.cumsum(used, dtype=np.int32) - np.int32(1)
            coded.append((places[codes], labels[used], used))
        (user_places, users, _), (item_places, items, used_items) = coded
        return cls(
            user_codes=user_places,
            item_codes=item_places,
            values=values,
            users=users.rename("user"),
            items=items.rename("item"),
            names=names[used_items],
            value_range=(float(values.min()), float(values.max())),
        )

    def __len__(self) -> int:
        """Return the number of known pairs."""
        return len(self.values)

    @property
    def n_users(self) -> int:
        """Number of users, those without pairs included."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of items, those without pairs included."""
        return len(self.items)

    @property
    def density(self) -> float:
        """Known pairs as a share of all possible ones, 0 to 1."""
        return len(self) / (self.n_users * self.n_items)

    @cached_property
    def user_starts(self) -> NDArray[np.int64]:
        """Where each user's pairs begin; int64 array, shape (n_users + 1,)."""
        return np.searchsorted(self.user_codes, np.arange(self.n_users + 1)).astype(np.int64)

    @cached_property
    def fingerprint(self) -> str:
        """Name of exactly these pairs and labels: 16 hexadecimal digits of a SHA-256."""
        digest = hashlib.sha256()
        for array in (self.user_codes, self.item_codes, self.values):
            digest.update(np.ascontiguousarray(array).tobytes())
        for labels in (self.users, self.items, self.names):
            digest.update("\x1f".join(map(str, labels)).encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:16]

    @cached_property
    def rated(self) -> bool:
        """Whether the values are ratings on a short scale rather than counts or amounts.

        They are if there are 3 to 20 different ones, in steps of a half up to 10, of which the lowest is not the
        most frequent, as it is of counts.
        """
        if len(np.unique(self.values[:10_000])) > MAX_RATINGS:
            return False
        values, counts = np.unique(self.values, return_counts=True)
        steps = bool((values * 2 == np.round(values * 2)).all())
        return bool(3 <= len(values) <= MAX_RATINGS and steps and values[-1] <= 10 and counts.argmax() > 0)

    @cached_property
    def user_counts(self) -> NDArray[np.int64]:
        """Number of pairs of each user; int64 array, shape (n_users,)."""
        return np.bincount(self.user_codes, minlength=self.n_users)

    @cached_property
    def item_counts(self) -> NDArray[np.int64]:
        """Number of pairs of each item; int64 array, shape (n_items,)."""
        return np.bincount(self.item_codes, minlength=self.n_items)

    def of_user(self, user: int) -> slice:
        """Return where the pairs of the user with this code stand."""
        return slice(int(self.user_starts[user]), int(self.user_starts[user + 1]))

    def feedback_of(
        self, user: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32] | None]:
        """Return the items of a user, their values and their ages, as `Model.fold_in_scores` takes them."""
        own = self.of_user(user)
        return self.item_codes[own], self.values[own], None if self.ages is None else self.ages[own]

    def subset(self, keep: NDArray[np.bool_] | slice) -> Interactions:
        """Return the pairs chosen by a mask of shape (n_interactions,) or a range, same labels and codes."""
        return replace(
            self,
            user_codes=self.user_codes[keep],
            item_codes=self.item_codes[keep],
            values=self.values[keep],
            ages=None if self.ages is None else self.ages[keep],
        )

    def union(self, other: Interactions) -> Interactions:
        """Return the pairs of two subsets of the same data that share none."""
        users = np.concatenate([self.user_codes, other.user_codes])
        items = np.concatenate([self.item_codes, other.item_codes])
        order = np.lexsort((items, users))
        values = np.concatenate([self.values, other.values])[order]
        ages = None
        if self.ages is not None and other.ages is not None:
            ages = np.concatenate([self.ages, other.ages])[order]
        return replace(self, user_codes=users[order], item_codes=items[order], values=values, ages=ages)

    def with_plays(self, user: int, items: NDArray[np.int32], values: NDArray[np.floating]) -> Interactions:
        """Return these pairs with the plays of one user changed, as of now where times are known.

        Parameters
        ----------
        user : int
            User code.
        items : int array, shape (n,)
            Item codes, each once.
        values : array, shape (n,)
            What the user plays of each by now; 0 takes the pair out.

        Raises
        ------
        InputError
            If a code is unknown or stands twice, or a value is not a number of 0 or more.
        """
        items, values = np.atleast_1d(np.asarray(items)), np.atleast_1d(np.asarray(values, np.float64))
        known = (items >= 0) & (items < self.n_items)
        if items.shape != values.shape or len(np.unique(items)) < len(items) or not known.all():
            raise InputError("Each can be given once, with one number.")
        if not (np.isfinite(values) & (values >= 0) & (values < 1e15)).all():
            raise InputError("The numbers must be 0 or more.")
        keep = (self.user_codes != user) | ~np.isin(self.item_codes, items)
        added = items[values > 0]
        user_codes = np.append(self.user_codes[keep], np.full(len(added), user)).astype(np.int32)
        item_codes = np.append(self.item_codes[keep], added).astype(np.int32)
        order = np.lexsort((item_codes, user_codes))
        return replace(
            self,
            user_codes=user_codes[order],
            item_codes=item_codes[order],
            values=np.append(self.values[keep], values[values > 0]).astype(np.float32)[order],
            ages=None
            if self.ages is None
            else np.append(self.ages[keep], np.zeros(len(added), np.float32))[order],
        )

    def user_code(self, label: object) -> int:
        """Return the code of a user.

        Raises
        ------
        InputError
            If no user has this label.
        """
        return _code(self.users, label, "Nobody")

    def item_code(self, label: object) -> int:
        """Return the code of an item.

        Raises
        ------
        InputError
            If no item has this label.
        """
        return _code(self.items, label, "Nothing")

    def named(self, part: str, n: int) -> list[int]:
        """Return the codes of `n` items at most whose name has this part, in any case.

        Those that begin with it come first; among them, and among the others, those with most users.
        """
        wanted = part.strip().casefold()
        if not wanted:
            return []
        begins: list[int] = []
        within: list[int] = []
        for code in np.argsort(-self.item_counts, kind="stable").tolist():
            name = str(self.names[code]).casefold()
            if wanted in name:
                (begins if name.startswith(wanted) else within).append(code)
        return [*begins, *within][:n]

    def item_named(self, name: str) -> int:
        """Return the code of the item with this name, in any case; where several have it, of that with most users.

        Raises
        ------
        InputError
            If no item has this name; says which one is near.
        """
        wanted = " ".join(name.split()).casefold()
        names = [" ".join(known.split()).casefold() for known in self.names]
        found = [code for code, known in enumerate(names) if known == wanted]
        if not found:
            near = difflib.get_close_matches(wanted[:80], names, n=1)
            hint = f" Try {self.names[names.index(near[0])][:80]!r}." if near else ""
            raise InputError(f"Nothing in this data is called {name.strip()[:80]!r}.{hint}")
        return max(found, key=lambda code: int(self.item_counts[code]))


def _code(labels: pd.Index, label: object, none: str) -> int:
    text = str(label)
    try:
        if pd.api.types.is_integer_dtype(labels.dtype):
            number = int(text)
            if str(number) != text.strip():  # int() also takes 007, 1_000 and other scripts' digits
                raise KeyError(text)
            return int(labels.get_loc(number))
        return int(labels.get_loc(text if text in labels else text.strip()))
    except (KeyError, ValueError, OverflowError):
        near = difflib.get_close_matches(text[:80], [str(known) for known in labels[:20_000]], n=1)
        hint = near[0] if near else str(labels[0])
        raise InputError(f"{none} in this data has the id {text[:80]!r}. Try {hint!r}.") from None
