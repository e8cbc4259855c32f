"""A run as it was written elsewhere: found, and checked on reading."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.storage.run_store import runs_folder

FORMAT = 1
STORY = "run.json"
PREFIX = "run-"  # what names such a run in an address begins with
LONGEST_STORY = 1 << 20  # bytes
LONGEST_TEXT = 500
ROWS_AT_ONCE = 1 << 16
# More than these cannot be meant: some hundred times the largest music services.
MOST = {"users": 500_000_000, "items": 50_000_000, "pairs": 20_000_000_000, "factors": 1024}
COLUMNS = {
    "items": {
        "code": "whole numbers",
        "id": "text",
        "name": "text",
        "listeners": "whole numbers",
        "plays": "numbers",
        "factors": "lists",
    },
    "users": {"code": "whole numbers", "id": "text", "factors": "lists"},
    "known": {"user": "whole numbers", "item": "whole numbers", "value": "numbers"},
    "hidden": {"user": "whole numbers", "item": "whole numbers", "value": "numbers"},
}


@dataclass(frozen=True)
class Source:
    """A finished run, as its `run.json` tells of it.

    Attributes
    ----------
    folder : Path
    key : str
        Names it in an address: `run-` and the name of the folder.
    title, model, target, created : str
        As written; `target` says what a score is, `created` is an ISO time.
    settings, split, figures, versions : dict
        Settings and split as written; figures are finite numbers; versions are text.
    users, items, pairs, factors : int
    weighted_regularization : float or None
        Lambda as Spark takes it, times the number of a listener's artists; None for the setting as it is.
    identity : str
        16 hexadecimal digits that change with any of its files.
    """

    folder: Path
    key: str
    title: str
    model: str
    target: str
    created: str
    settings: dict[str, Any]
    split: dict[str, Any]
    figures: dict[str, float]
    versions: dict[str, str]
    users: int
    items: int
    pairs: int
    factors: int
    weighted_regularization: float | None
    identity: str

    @property
    def size(self) -> int:
        """Bytes of its parts together."""
        return sum(part.stat().st_size for kind in COLUMNS for part in self.parts(kind))

    def parts(self, kind: str) -> list[Path]:
        """Return the files of `items`, `users`, `known` or `hidden`, in their order.

        Raises
        ------
        InputError
            If there is none. Only the hidden pairs may be none.
        """
        return _parts(self.folder, kind)

    def rows(self, kind: str) -> int:
        """Count the rows of all files of a kind, by what they say of themselves.

        Raises
        ------
        InputError
            If one cannot be read.
        """
        total = 0
        for part in self.parts(kind):
            with _readable(part, kind) as file:
                total += file.metadata.num_rows
        return total

    def batches(
        self, kind: str, columns: Collection[str] | None = None
    ) -> Iterator[tuple[Path, pa.RecordBatch]]:
        """Read some or all columns of a kind, at most `ROWS_AT_ONCE` rows at a time, each with the file it is from.

        Raises
        ------
        InputError
            If a file is damaged, or a column is missing, of another type or has gaps.
        """
        wanted = list(columns or COLUMNS[kind])
        for part in self.parts(kind):
            with _readable(part, kind) as file:
                for batch in file.iter_batches(ROWS_AT_ONCE, columns=wanted):
                    for name in wanted:
                        if batch.column(name).null_count:
                            raise InputError(f"{_named(part)}: {name} is missing in a row. {AGAIN}")
                    yield part, batch

    def coded(self, kind: str, count: int) -> Iterator[tuple[Path, int, pa.RecordBatch]]:
        """Read items or users whose codes must be 0 to `count` - 1 in order; yields the first code of each batch.

        Raises
        ------
        InputError
            As `batches`, or if a code is not the next one, or there are more or fewer than `count`.
        """
        expected = 0
        for part, batch in self.batches(kind):
            codes = _integers(batch.column("code"))
            wrong = np.flatnonzero(codes != np.arange(expected, expected + len(codes)))
            if len(wrong):
                at = int(wrong[0])
                raise InputError(
                    f"{_named(part)}: after code {expected + at - 1} comes {codes[at]}. Codes count from 0, each once, "
                    f"in order through all parts. {AGAIN}"
                )
            yield part, expected, batch
            expected += len(codes)
        if expected != count:
            raise InputError(f"{kind}/ has {expected:,} rows, and {STORY} says {count:,}. {AGAIN}")

    def vectors(self, part: Path, batch: pa.RecordBatch) -> NDArray[np.float32]:
        """Return the factors of a batch; float32 array, shape (rows, factors).

        Raises
        ------
        InputError
            If a row has another number of them, or one is not a finite number.
        """
        lists = batch.column("factors")
        if not isinstance(lists, pa.FixedSizeListArray):
            lengths = np.diff(lists.offsets.to_numpy())
        else:
            lengths = np.full(len(lists), lists.type.list_size)
        wrong = np.flatnonzero(lengths != self.factors)
        first = _integers(batch.column("code"))
        if len(wrong):
            raise InputError(
                f"{_named(part)}: code {first[wrong[0]]} has {lengths[wrong[0]]} factors, and {STORY} says "
                f"{self.factors}. {AGAIN}"
            )
        values = lists.flatten()
        factors = values.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
        factors = factors.reshape(len(lists), self.factors)
        if values.null_count or not np.isfinite(factors).all():
            row = int(np.flatnonzero(~np.isfinite(factors).all(axis=1))[0])
            raise InputError(
                f"{_named(part)}: a factor of code {first[row]} is not a finite number. The training ran away: train "
                "again with more regularization, and write the run anew."
            )
        return factors

    def pairs_of(
        self, kind: str
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]]:
        """Read known or hidden pairs: users (ascending), items and values, a batch at a time.

        Raises
        ------
        InputError
            As `batches`, or if users do not ascend, a code is none, or a value is not a number of 0 or more.
        """
        last = 0
        for part, batch in self.batches(kind):
            users, items = _integers(batch.column("user")), _integers(batch.column("item"))
            values = batch.column("value").to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
            if not len(users):
                continue
            if users[0] < last or (np.diff(users) < 0).any():
                raise InputError(
                    f"{_named(part)}: users do not ascend. Pairs stand in the order of users through all parts. {AGAIN}"
                )
            last = int(users[-1])
            for name, codes, count in (("user", users, self.users), ("item", items, self.items)):
                if codes.min() < 0 or codes.max() >= count:
                    wrong = codes[(codes < 0) | (codes >= count)][0]
                    raise InputError(
                        f"{_named(part)}: there is no {name} {wrong}; codes end at {count - 1}. {AGAIN}"
                    )
            if not (np.isfinite(values) & (values >= 0)).all():
                raise InputError(f"{_named(part)}: a value is not a number of 0 or more. {AGAIN}")
            yield users, items.astype(np.int32), values


AGAIN = "Write the run anew."


def find_runs() -> tuple[list[Source], list[str]]:
    """Find the runs in the folder of saved runs and in the one that RECSYS_LARGE_RUNS names.

    That may be a run itself, or hold runs.

    Returns
    -------
    runs : list of Source
        The latest first.
    complaints : list of str
        A sentence for each folder that is an unfinished or damaged run.
    """
    runs: dict[str, Source] = {}
    complaints = []
    for folder in _candidates():
        if not (folder / STORY).is_file():
            if (folder / "items").is_dir() or (folder / "known").is_dir():
                complaints.append(f"The run {folder.name!r} is unfinished: it has no {STORY} yet.")
            continue
        try:
            source = read_run(folder)
        except InputError as error:
            complaints.append(f"The run {folder.name!r} cannot be opened: {error}")
        else:
            runs.setdefault(source.key, source)
    return sorted(runs.values(), key=lambda run: run.created, reverse=True), complaints


def find_run(key: str) -> Source:
    """Return the run with this key.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    for folder in _candidates():
        if PREFIX + folder.name == key and (folder / STORY).is_file():
            return read_run(folder)
    raise InputError(f"There is no run {key.removeprefix(PREFIX)[:80]!r} here.")


def _candidates() -> Iterator[Path]:
    places = [runs_folder()]
    if named := os.environ.get("RECSYS_LARGE_RUNS"):
        folder = Path(named).expanduser()
        if (folder / STORY).is_file():
            yield folder
        else:
            places.append(folder)
    for place in places:
        try:
            yield from sorted(
                path for path in place.iterdir() if path.is_dir() and not path.name.startswith(".")
            )
        except OSError:
            continue


def read_run(folder: Path) -> Source:
    """Read what a run says of itself; its parts are only listed.

    Raises
    ------
    InputError
        If it is unfinished, of another format, or damaged.
    """
    path = folder / STORY
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_STORY + 1)
    except FileNotFoundError:
        raise InputError(f"{folder.name} has no {STORY}: it is no run, or an unfinished one.") from None
    except OSError as error:
        raise InputError(f"{STORY} cannot be read: {error.strerror}.") from error
    if len(content) > LONGEST_STORY:
        raise InputError(f"{STORY} is larger than a megabyte: it is not that of a run.")
    try:
        story = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{STORY} is not JSON. {AGAIN}") from None
    if not isinstance(story, dict) or story.get("format") != FORMAT:
        wanted = story.get("format") if isinstance(story, dict) else None
        raise InputError(f"{STORY} has format {str(wanted)[:40]!r}; this program reads format {FORMAT}.")
    if story.get("model") != "als":
        raise InputError(f"It is a run of {str(story.get('model'))[:40]!r}; runs of 'als' can be opened.")
    figures = _object(story, "figures")
    for name, value in figures.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(f"{STORY}: the figure {name[:40]!r} is not a finite number. {AGAIN}")
    digest = hashlib.sha256(content)
    for kind in COLUMNS:
        for part in _parts(folder, kind):
            facts = part.stat()
            digest.update(f"{kind}/{part.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return Source(
        folder=folder,
        key=PREFIX + folder.name,
        title=_text(story, "title"),
        model="als",
        target=_text(story, "target"),
        created=_text(story, "created"),
        settings=_object(story, "settings"),
        split=_object(story, "split"),
        figures={name[:LONGEST_TEXT]: float(value) for name, value in figures.items()},
        versions={name: str(version)[:LONGEST_TEXT] for name, version in _object(story, "versions").items()},
        weighted_regularization=_weighted(story),
        identity=digest.hexdigest()[:16],
        **{name: _count(story, name) for name in MOST},
    )


def _text(story: dict[str, Any], name: str) -> str:
    value = story.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{STORY}: {name} is missing or no text. {AGAIN}")
    return " ".join(value.split())[:LONGEST_TEXT]


def _object(story: dict[str, Any], name: str) -> dict[str, Any]:
    value = story.get(name)
    if not isinstance(value, dict):
        raise InputError(f"{STORY}: {name} is missing or no object. {AGAIN}")
    return value


def _weighted(story: dict[str, Any]) -> float | None:
    spark = story.get("spark")
    value = spark.get("regParam") if isinstance(spark, dict) else None
    return float(value) if is_amount(value) else None


def is_amount(value: Any) -> TypeGuard[float]:
    """Tell whether something that was read is a number of 0 or more."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def _count(story: dict[str, Any], name: str) -> int:
    value = story.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST[name]:
        raise InputError(
            f"{STORY}: {name} must be a whole number from 1 to {MOST[name]:,}, not {str(value)[:40]!r}."
        )
    return value


def _parts(folder: Path, kind: str) -> list[Path]:
    parts = sorted((folder / kind).glob("part-*.parquet"))
    if not parts and (kind != "hidden" or not (folder / kind).is_dir()):
        raise InputError(f"{kind}/ has no part-*.parquet. {AGAIN}")
    return parts


@contextmanager
def _readable(part: Path, kind: str) -> Iterator[pq.ParquetFile]:
    """Open a file and check its columns; say in a sentence if it, or what is read of it then, is damaged."""
    try:
        with pq.ParquetFile(part, pre_buffer=False, buffer_size=1 << 20) as file:
            schema = file.schema_arrow
            for name, words in COLUMNS[kind].items():
                if name not in schema.names or not _IS[words](schema.field(name).type):
                    found = str(schema.field(name).type)[:80] if name in schema.names else "missing"
                    raise InputError(
                        f"{_named(part)}: the column {name} must be {words}; it is {found}. {AGAIN}"
                    )
            yield file
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{_named(part)} cannot be read: it is damaged, or no Parquet. {AGAIN}") from error


def _is_lists(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and pa.types.is_floating(kind.value_type)


_IS = {
    "whole numbers": pa.types.is_integer,
    "numbers": lambda kind: pa.types.is_floating(kind) or pa.types.is_integer(kind),
    "text": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
    "lists": _is_lists,
}


def _integers(column: pa.Array) -> NDArray[np.int64]:
    return column.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)


def _named(part: Path) -> str:
    return f"{part.parent.name}/{part.name}"
