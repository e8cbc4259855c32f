"""Adding up rows: codes for labels, and one value for each pair of user and item."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.errors import InputError

MAX_LABEL = 10_000  # characters
MAX_TEXT = 512 << 20  # characters of all labels together
BUFFERED = 8_000_000
COUNTED = 1_000_000  # keys from which counting is faster than sorting, import included
PLACED = 1 << 18  # keys at a time: what comes between stays in the cache
WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
MISSING, FOREIGN, LONG = -1, -2, -3
PROBLEMS = {
    MISSING: "no {}",
    FOREIGN: "{} in another encoding than the rest",
    LONG: f"{{}} of more than {MAX_LABEL:,} characters",
}
NO_NUMBER = {"nan", "NaN", "NULL", "null", "None", "NA", "<NA>"}


class Labels:
    """Different labels in the order in which they first came, each with a code.

    Attributes
    ----------
    codes : dict of str to int
        Of the labels as they count: without blanks around them, in Unicode's form NFC.
    joined : list of str
        Labels that were written in more than one way.
    """

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.joined: list[str] = []
        self._raw: dict[object, int] = {}
        self._characters = 0

    def encode(self, labels: pa.ChunkedArray) -> NDArray[np.int64]:
        """Return the code of each label; new ones get the next codes, what is none a number below 0."""
        known = labels.dictionary_encode().combine_chunks()
        different, get = known.dictionary.to_pylist(), self._raw.get
        found = [self.code(raw) if (code := get(raw)) is None else code for raw in different]
        if self._characters > MAX_TEXT:
            raise InputError("There are too many different names for this computer. Use a part of the data.")
        return np.array([*found, MISSING], np.int64)[np.asarray(known.indices.fill_null(len(found)))]

    def code(self, raw: object) -> int:
        """Return the code of a label as it stands in the data."""
        found = self._raw.get(raw)
        if found is not None:
            return found
        label = str(raw).strip()
        if not label.isascii():
            label = unicodedata.normalize("NFC", label).strip(" \ufeff\u200b")
        if label in ("", "\\N"):
            code = MISSING
        elif "\ufffd" in label:
            code = FOREIGN
        elif len(label) > MAX_LABEL:
            code = LONG
        else:
            known = len(self.codes)
            code = self.codes.setdefault(label, known)
            if code < known:
                self.joined.append(label)
            self._characters += len(label)
        self._raw[raw] = code
        return code

    def problems(self) -> list[object]:
        """Return the labels, as they stand in the data, that are none."""
        return [raw for raw, code in self._raw.items() if code < 0]

    def sorted(self) -> tuple[pd.Index, NDArray[np.int64], int]:
        """Return the labels in order, whole numbers as such, and each code's place among them.

        Where all labels are numbers, 12.0 is taken for 12 and what is no number has the place -1. The third value
        counts the labels that this concerns.
        """
        labels = list(self.codes)
        changed = 0
        numbers = [label for label in labels if label not in NO_NUMBER]
        odd = len(numbers) < len(labels) or any(label.endswith(".0") for label in labels)
        if odd and numbers and all(map(re.compile(r"(0|-?[1-9][0-9]{0,17})(\.0+)?").fullmatch, numbers)):
            plain = [re.sub(r"\.0+$", "", label) for label in labels]
            changed = sum(one != other for one, other in zip(plain, labels, strict=True))
            labels = plain
        array = pa.array(labels, pa.string())
        none = np.array([changed > 0 and label in NO_NUMBER for label in labels], bool)
        if len(numbers) < len(labels) and len(numbers) > 1 and not none.any():
            whole = pa.array(numbers, pa.string())
            if pc.all(pc.match_substring_regex(whole, WHOLE)).as_py():
                none = np.array([label in NO_NUMBER for label in labels])
        used = array.filter(pa.array(~none))
        if pc.all(pc.match_substring_regex(used, WHOLE)).as_py():
            index = pd.Index(used.cast(pa.int64()).to_numpy(zero_copy_only=False))
        else:
            index = pd.Index(used.to_pylist(), dtype="str")
        inverse, index = pd.factorize(index, sort=True)
        place = np.full(len(labels), -1, np.int64)
        place[~none] = inverse
        return index, place, changed


class Pairs:
    """The value of each pair, added up as tables are read.

    Attributes
    ----------
    users, items : Labels
    keys : int64 array, shape (n_pairs,)
        The user's code in the upper half, the item's in the lower.
    values : float64 array, shape (n_pairs,)
    times : int64 array, shape (n_pairs, 2), or None
        First and last time in seconds since 1970; 0 where that is not known.
    months : list of (keys, months, values)
        Values of each pair in each month, as they came.
    """

    def __init__(self, most: int, repeats: str) -> None:
        self.most, self.repeats = most, repeats
        self.users, self.items = Labels(), Labels()
        self.keys = np.empty(0, np.int64)
        self.values = np.empty(0)
        self.times: NDArray[np.int64] | None = None
        self.months: list[tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.float64]]] = []
        self._waiting: list[tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64] | None]] = []
        self._buffered = 0

    def __len__(self) -> int:
        return len(self.keys)

    def add(
        self, keys: NDArray[np.int64], values: NDArray[np.float64], times: NDArray[np.int64] | None = None
    ) -> None:
        """Add some pairs."""
        self._waiting.append((keys, values, times))
        self._buffered += len(keys)
        several = len(self._waiting) > 1 and self._buffered >= max(BUFFERED, len(self.keys) // 2)
        if several or self._buffered > self.most:
            self.compact()  # only as often as sorting costs no more than reading

    def compact(self) -> None:
        """Put what came together into one value for each pair."""
        self.gather()
        self.keys, self.values, self.times = combine(self.keys, self.values, self.times, self.repeats)
        self.check_size(len(self.keys))

    def place(self, users: NDArray[np.int64], items: NDArray[np.int64]) -> None:
        """Put the places of labels in place of their codes, and pairs into order; none has a place below 0."""
        upper, codes = users << 32, self.keys
        self.keys = np.empty_like(codes)
        for start in range(0, len(codes), PLACED):
            part = codes[start : start + PLACED]
            self.keys[start : start + PLACED] = upper[part >> 32] | items[part & 0xFFFFFFFF]
        del codes
        good = self.keys >= 0
        if not good.all():
            self.keys, self.values = self.keys[good], self.values[good]
            self.times = None if self.times is None else self.times[good]
        self.compact()

    def check_size(self, size: int) -> None:
        """Refuse more pairs than are allowed."""
        if size > self.most:
            raise InputError(
                f"There are more than {self.most:,} different pairs: too much for here. Use a part of the data, or "
                "train on all of it with Spark (python -m recsys spark-train) and open what comes of it."
            )

    def gather(self) -> None:
        """Put what came behind what is there; a pair can stand there several times."""
        parts = [(self.keys, self.values, self.times)] if len(self.keys) else []
        parts += self._waiting
        self._waiting, self._buffered = [], 0
        if len(parts) == 1:
            self.keys, self.values, self.times = parts[0]
        elif parts:
            timed = any(times is not None for _, _, times in parts)
            if timed:
                parts = [(k, v, np.zeros((len(k), 2), np.int64) if t is None else t) for k, v, t in parts]
                self.times = np.concatenate([times for _, _, times in parts])
            self.keys = np.concatenate([keys for keys, _, _ in parts])
            self.values = np.concatenate([values for _, values, _ in parts])


def combine(
    keys: NDArray[np.int64], values: NDArray[np.float64], times: NDArray[np.int64] | None, repeats: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64] | None]:
    """Return sorted keys, each once, with the sum of its values or the one that is last, and its span of time."""
    if repeats == "last" and times is not None:
        by_time = np.argsort(times[:, 1], kind="stable")
        order: NDArray[np.integer] = by_time[in_order(keys[by_time])]
    else:
        order = in_order(keys)
    keys, values = keys[order], values[order]
    times = None if times is None else times[order]
    new = keys[1:] != keys[:-1]
    if not new.all():
        starts = np.flatnonzero(np.append(True, new))
        last = np.append(starts[1:], len(keys)) - 1
        values = values[last] if repeats == "last" else np.add.reduceat(values, starts)
        keys = keys[starts]
        if times is not None:
            known = np.where(times == 0, np.iinfo(np.int64).max, times)
            earliest = np.minimum.reduceat(known[:, 0], starts)
            earliest[earliest == np.iinfo(np.int64).max] = 0
            times = np.column_stack([earliest, np.maximum.reduceat(times[:, 1], starts)])
    return keys, values, times


def in_order(keys: NDArray[np.int64]) -> NDArray[np.integer]:
    """Return the stable order of keys; of many by counting: a matrix of the places of each, turned twice."""
    if len(keys) < COUNTED:
        return np.argsort(keys, kind="stable")
    from scipy.sparse import coo_array  # takes longer to import than few keys to sort

    places = coo_array((np.arange(len(keys), dtype=np.int32), halves(keys)))
    places.has_canonical_format = True  # pairs that repeat stay apart
    ordered: NDArray[np.int32] = places.tocsc().tocsr().data
    return ordered


def halves(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the upper and the lower halves of keys, without a copy."""
    parts = keys.view(np.int32)
    return (parts[1::2], parts[::2]) if sys.byteorder == "little" else (parts[::2], parts[1::2])


def within(pairs: Pairs, known: Pairs) -> bool:
    """Say whether all pairs are among the known ones, with the same values and times; both are compact."""
    if not len(known) or not len(pairs):
        return False
    at = np.minimum(np.searchsorted(known.keys, pairs.keys), len(known) - 1)
    same = (known.keys[at] == pairs.keys) & np.isclose(known.values[at], pairs.values)
    if pairs.times is not None and known.times is not None:
        same &= (known.times[at] == pairs.times).all(axis=1)
    return bool(same.all())


def labels_array(labels: Sequence[object]) -> pa.Array:
    """Return labels as text, for a table of DuckDB."""
    return pa.array([str(label) for label in labels], pa.string())
