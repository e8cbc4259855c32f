"""Reads all rows of what was brought, says which cannot be used and why, and makes a data set of the others.

Rows come in batches and are added up as they come: memory grows with the number of different pairs and
labels, never with the number of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.importing.base import Batch, Columns, Table
from recsys.data.importing.formats import movielens
from recsys.data.importing.readers.csv import DelimitedTable
from recsys.data.importing.readers.text_dialect import TextForm
from recsys.data.importing.schema import Survey
from recsys.data.interactions import Interactions
from recsys.data.nouns import Nouns
from recsys.errors import InputError

LARGEST_VALUE = 1e12
LONGEST_LABEL = 10_000
MOST_ROWS = 200_000_000
MOST_PAIRS = 20_000_000
MOST_TEXT = 512 << 20  # characters of all labels together
BUFFERED = 2_000_000
SHOWN = 100
WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
UNSTATED = "No licence is stated."


@dataclass(eq=False)
class Report:
    """What became of the rows.

    Attributes
    ----------
    rows, used : int
        How many rows were read, blank ones aside, and how many of them count.
    refused, dropped : Counter
        How many rows could not be used, and how many were left out on purpose, by reason.
    examples : list of (file, line, value, reason)
        The first refused rows, at most `SHOWN`.
    repeated : int
        How many rows were about a pair that another row is about, too.
    notes : list of str
        What else is worth knowing, a sentence each.
    problem : str
        Why the whole cannot be used; empty if it can.
    dataset : Dataset or None
        What can be used, unless there is a problem.
    """

    rows: int = 0
    used: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, int, str, str]] = field(default_factory=list)
    repeated: int = 0
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    dataset: Dataset | None = None

    @property
    def left_out(self) -> int:
        """The number of refused rows."""
        return self.refused.total()

    def refuse(self, file: str, line: int, value: str, reason: str) -> None:
        """Note a row that cannot be used."""
        self.rows += 1
        self.refused[reason] += 1
        if len(self.examples) < SHOWN:
            self.examples.append((file, line, value[:200], reason))

    def table(self) -> pd.DataFrame:
        """Return the first refused rows: columns `file`, `line`, `value` and `reason`."""
        return pd.DataFrame(self.examples, columns=["file", "line", "value", "reason"]).astype(
            {"file": str, "value": str, "reason": str}
        )


def check(found: Survey, columns: Columns, key: str = "") -> Report:
    """Read everything and report.

    Parameters
    ----------
    found : Survey
        What was brought.
    columns : Columns
        Which column is what.
    key : str
        Key of the data set; else its title.

    Raises
    ------
    InputError
        If a file cannot be read to its end, or there is too much for this computer.
    """
    report = Report()
    for _ in checking(found, columns, report, key, MOST_PAIRS):
        pass
    return report


def checking(found: Survey, columns: Columns, report: Report, key: str, most_pairs: int) -> Iterator[None]:
    """Read everything a moment at a time, and fill the report meanwhile; `check` tells the rest."""
    nouns = found.nouns(columns)
    tables = [table for table in found.tables if set(columns.titles) <= set(table.titles)]
    listeners = _listeners(tables, columns)
    pairs = _Pairs(columns.repeats, most_pairs)
    for table, listener in zip(tables, listeners, strict=True):
        yield from _read(table, columns, listener, nouns, report, pairs)
    others = found.others | {
        table.part.name: f"{table.part.name} has not these columns."
        for table in found.tables
        if table not in tables
    }
    pairs.compact()
    yield
    report.repeated = report.used - len(pairs)
    report.examples.sort(key=lambda example: example[:2])
    _add_notes(report, found, columns, tables, others, nouns)
    report.problem = _problem(report, pairs, columns, nouns)
    if not report.problem:
        interactions = pairs.interactions(_names(found, nouns, pairs))
        report.dataset = Dataset(
            key=key or found.title,
            title=found.title,
            origin=_origin(found, columns, report),
            licence=UNSTATED,
            interactions=interactions,
            nouns=nouns,
        )


def _listeners(tables: list[Table], columns: Columns) -> list[str]:
    """Name the listener of each file, for those that have no column for it."""
    folders = [table.part.folder for table in tables]
    if columns.whose == "folder":
        return [folder or "you" for folder in folders]
    return [table.part.stem for table in tables]


def _read(
    table: Table, columns: Columns, listener: str, nouns: Nouns, report: Report, pairs: _Pairs
) -> Iterator[None]:
    file = table.part.name
    titles = columns.titles
    places = {title: at for at, title in enumerate(titles)}

    def refuse(line: int, value: str, reason: str) -> None:
        report.refuse(file, line, value, reason)

    for batch in table.batches([table.titles.index(title) for title in titles], refuse):
        if report.rows > MOST_ROWS:
            raise InputError(f"There are more than {MOST_ROWS:,} rows. Use a part of them.")
        cells = [pc.utf8_trim_whitespace(column) for column in batch.columns]
        count = len(batch.lines)
        users = cells[places[columns.user]] if columns.user else pa.repeat(pa.scalar(listener), count)
        items = cells[places[columns.item]]
        texts = cells[places[columns.value]] if columns.value else None
        values = np.ones(count) if texts is None else _numbers(texts)
        use = _drop(batch, cells, places, columns, items, report)
        checks = _checks(users, items, texts, values, columns, nouns)
        for bad, column, reason in checks:
            at = np.flatnonzero(use & bad)
            if not len(at):
                continue
            use[at] = False
            shown = at[: max(0, SHOWN - len(report.examples))]
            for place in shown:
                refuse(int(batch.lines[place]), column[place].as_py(), reason)
            report.rows += len(at) - len(shown)
            report.refused[reason] += len(at) - len(shown)
        mask = pa.array(use)
        report.rows += int(use.sum())
        report.used += int(use.sum())
        names = cells[places[columns.name]].filter(mask) if columns.name else None
        pairs.add(users.filter(mask), items.filter(mask), values[use], names)
        yield


def _drop(
    batch: Batch,
    cells: list[pa.Array],
    places: dict[str, int],
    columns: Columns,
    items: pa.Array,
    report: Report,
) -> NDArray[np.bool_]:
    """Leave out blank rows, and what is no play; return a mask of the others."""
    blank = np.ones(len(batch.lines), bool)
    for column in cells:
        blank &= _where(pc.equal(column, ""))
    keep = ~blank
    for at, reason in (
        (_where(pc.equal(items, "")) if columns.without_item else None, columns.without_item),
        (
            _numbers(cells[places[columns.least.title]]) < columns.least.number if columns.least else None,
            columns.least.reason if columns.least else "",
        ),
    ):
        if at is not None and (keep & at).any():
            report.dropped[reason] += int((keep & at).sum())
            report.rows += int((keep & at).sum())
            keep &= ~at
    return keep


def _checks(
    users: pa.Array,
    items: pa.Array,
    texts: pa.Array | None,
    values: NDArray[np.float64],
    columns: Columns,
    nouns: Nouns,
) -> list[tuple[NDArray[np.bool_], pa.Array, str]]:
    """List what can be wrong with a row: where it is, what to show of it, and how to say it."""
    found = []
    for labels, noun in ((users, nouns.user), (items, nouns.item)):
        length = pc.utf8_length(labels).to_numpy(zero_copy_only=False)
        found += [
            (length == 0, labels, f"no {noun}"),
            (
                _where(pc.match_substring(labels, "\ufffd")),
                labels,
                f"{noun} in another encoding than the rest",
            ),
            (length > LONGEST_LABEL, labels, f"{noun} of more than {LONGEST_LABEL:,} characters"),
        ]
    if texts is not None:
        word = nouns.value
        found += [
            (_where(pc.equal(texts, "")), texts, f"no {word}"),
            (np.isnan(values), texts, f"{word}: not a number"),
            (np.isinf(values), texts, f"{word}: infinite"),
            (values == 0, texts, f"{word}: zero"),
            (values < 0, texts, f"{word}: below zero"),
            (values > LARGEST_VALUE, texts, f"{word}: above {LARGEST_VALUE:,.0f}, which nobody reaches"),
            (values.astype(np.float32) == 0, texts, f"{word}: too near to zero"),
        ]
    return found


def _where(mask: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(mask.to_numpy(zero_copy_only=False), bool)


def _numbers(texts: pa.Array) -> NDArray[np.float64]:
    """Turn text into numbers; NaN where it is none."""
    try:
        return np.asarray(texts.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid:
        plain = pd.Series(texts.to_pylist(), dtype=object)
        return np.asarray(pd.to_numeric(plain, errors="coerce").to_numpy(np.float64))


class _Labels:
    """Different labels in the order in which they first came, each with a code."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.characters = 0

    def encode(self, labels: pa.Array) -> NDArray[np.int64]:
        """Return the code of each label; new ones get the next codes."""
        known = labels.dictionary_encode()
        new = known.dictionary.to_pylist()
        for label in new:
            if label not in self.codes:
                self.codes[label] = len(self.codes)
                self.characters += len(label)
        if self.characters > MOST_TEXT:
            raise InputError("There are too many different names for this computer. Use a part of the data.")
        here = np.array([self.codes[label] for label in new], np.int64)
        return here[known.indices.to_numpy(zero_copy_only=False)] if len(labels) else here

    def sorted(self) -> tuple[pd.Index, NDArray[np.int64]]:
        """Return the labels in order, whole numbers as such, and each code's place among them."""
        labels = pa.array(self.codes, pa.string())
        if pc.all(pc.match_substring_regex(labels, WHOLE)).as_py():
            index = pd.Index(labels.cast(pa.int64()).to_numpy(zero_copy_only=False))
        else:
            index = pd.Index(list(self.codes), dtype="str")
        order = np.argsort(index.to_numpy(), kind="stable")
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        return index[order], place


class _Pairs:
    """The value of each pair of user and item, added up as rows come."""

    def __init__(self, repeats: str, most: int) -> None:
        self.repeats, self.most = repeats, most
        self.users, self.items = _Labels(), _Labels()
        self.names: dict[int, str] = {}
        self.keys = np.empty(0, np.int64)
        self.values = np.empty(0)
        self.waiting: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self.buffered = 0

    def __len__(self) -> int:
        return len(self.keys)

    def add(
        self, users: pa.Array, items: pa.Array, values: NDArray[np.float64], names: pa.Array | None
    ) -> None:
        """Add some rows."""
        codes = self.items.encode(items)
        self.waiting.append((self.users.encode(users) << 32 | codes, values))
        self.buffered += len(values)
        if names is not None and len(codes):
            some = pd.DataFrame({"code": codes, "name": names.to_pylist()})
            some = some[some["name"] != ""].drop_duplicates("code")
            for code, name in zip(some["code"].tolist(), some["name"], strict=True):
                if code not in self.names:
                    self.names[code] = name[:LONGEST_LABEL]
        if self.buffered >= max(BUFFERED, len(self.keys) // 2):  # so that sorting costs no more than reading
            self.compact()

    def compact(self) -> None:
        """Put what came together into one value for each pair."""
        keys = np.concatenate([self.keys, *(keys for keys, _ in self.waiting)])
        values = np.concatenate([self.values, *(values for _, values in self.waiting)])
        self.waiting, self.buffered = [], 0
        self.keys, place = np.unique(keys, return_inverse=True)
        if self.repeats == "last":
            self.values = np.empty(len(self.keys))
            self.values[place] = values  # of several values for one place the last one stays
        else:
            self.values = np.bincount(place, weights=values, minlength=len(self.keys)).astype(np.float64)
        if len(self.keys) > self.most:
            raise InputError(
                f"There are more than {self.most:,} different pairs: too much for here. Use a part of the data, or "
                "train on all of it with Spark (python -m recsys spark-train) and open what comes of it."
            )

    def interactions(self, names: dict[str, str]) -> Interactions:
        """Return the pairs under their labels; names are by label, else those that came with the rows."""
        users, user_places = self.users.sorted()
        items, item_places = self.items.sorted()
        shown = items.astype(str).to_numpy(object)
        for code, name in self.names.items():
            shown[item_places[code]] = name
        if names:
            shown[:] = [names.get(label, label) for label in shown]
        coded = pd.DataFrame(
            {
                "user": user_places[self.keys >> 32],
                "item": item_places[self.keys & 0xFFFFFFFF],
                "value": self.values,
            }
        )
        # the gate checks codes as it would labels: theirs is the same order, and every one is in some pair
        return replace(
            Interactions.from_frame(coded),
            users=users.rename("user"),
            items=items.rename("item"),
            names=shown,
        )


def _names(found: Survey, nouns: Nouns, pairs: _Pairs) -> dict[str, str]:
    """Read the names that stand in a file of their own, beside MovieLens ratings."""
    if nouns != movielens.NOUNS or pairs.names:
        return {}
    for part in found.parts:
        if part.file in movielens.NAMES:
            table, places = DelimitedTable(part, TextForm()), movielens.NAMES[part.file]
            if max(places) >= len(table.titles):
                continue
            rows = table.batches(places, lambda line, value, reason: None)
            return {
                label: name
                for batch in rows
                for label, name in zip(*(column.to_pylist() for column in batch.columns), strict=True)
                if name
            }
    return {}


def _add_notes(
    report: Report,
    found: Survey,
    columns: Columns,
    tables: list[Table],
    others: dict[str, str],
    nouns: Nouns,
) -> None:
    """Say what was done and what somebody may not expect."""
    if report.repeated:
        how = "The last one counts" if columns.repeats == "last" else "They were added up"
        report.notes.append(
            f"Rows about a {nouns.user} and {nouns.item} that an earlier row is about: {report.repeated:,}. {how}."
        )
    if not columns.value:
        report.notes.append("Each row counts as one.")
    if not columns.user:
        each = "folder" if columns.whose == "folder" else "file"
        report.notes.append(
            f"No column says whose rows these are: each {each} is taken for one {nouns.user}."
        )
    if len(tables) > 1:
        report.notes.append(f"{len(tables):,} files were read together.")
    names = {part.name for part in found.parts if part.file in movielens.NAMES}
    why = [sentence for file, sentence in others.items() if file not in names]
    if why:
        report.notes.append(
            f"Files that were not read: {len(why):,}. {' '.join(why[:3])}" + (" And more." if why[3:] else "")
        )


def _problem(report: Report, pairs: _Pairs, columns: Columns, nouns: Nouns) -> str:
    """Say why this cannot be used, if it cannot."""
    users, items = len(pairs.users.codes), len(pairs.items.codes)
    if report.rows == 0:
        return "There is no row in it."
    if report.used == 0:
        return "No row can be used: see why below, and choose other columns."
    if users < 2:
        return (
            f"All rows are of a single {nouns.user}, and a recommender learns from what many have in common. "
            "Say which column tells them apart, or put several people's files, in a folder for each, into one zip."
            if not columns.user
            else f"All rows are of a single {nouns.user}. A recommender needs at least two."
        )
    if items < 2:
        return f"All rows are about a single {nouns.item}. A recommender needs at least two."
    return ""


def _origin(found: Survey, columns: Columns, report: Report) -> str:
    """Say in sentences where the data came from and what was done to it."""
    said = [f"Read from {found.title}."]
    if report.repeated:
        how = "of which the last counts" if columns.repeats == "last" else "added up"
        said.append(f"Repeated rows, {how}: {report.repeated:,}.")
    if report.left_out:
        why = "; ".join(f"{reason}: {count:,}" for reason, count in report.refused.most_common(5))
        said.append(f"Rows that could not be used: {report.left_out:,} of {report.rows:,} ({why}).")
    if report.dropped:
        said += [f"Left out, {reason}: {count:,}." for reason, count in report.dropped.items()]
    return " ".join(said)
