"""Manifest of an external run: `run.json`, found and validated."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.nouns import Nouns
from recsys.errors import InputError
from recsys.scale.external_runs.part_files import (
    BATCH_ROWS,
    COLUMNS,
    WRITE_AGAIN,
    integers,
    open_part,
    part_label,
    part_paths,
)
from recsys.storage.folders import runs_folder

EXTERNAL_RUN_FORMAT = 1
METADATA_FILE = "run.json"
KEY_PREFIX = "run-"  # of the key in a URL
MAX_METADATA_BYTES = 1 << 20  # bytes
MAX_TEXT_CHARS = 500
NOUNS = tuple(field.name for field in fields(Nouns))
NOUN = re.compile(r"[^\W\d_]+( [^\W\d_]+)?")
# About a hundred times the largest music services.
MAX_COUNTS = {"users": 500_000_000, "items": 50_000_000, "pairs": 20_000_000_000, "factors": 1024}


@dataclass(frozen=True)
class Manifest:
    """Metadata of a finished run, as in its `run.json`.

    Attributes
    ----------
    folder : Path
    key : str
        Identifier in URLs: `run-` and the name of the folder.
    title, model, target, created : str
        As written; `target` is the meaning of a score, `created` an ISO time.
    settings, split, figures, versions : dict
        Settings and split as written; figures are finite numbers; versions are text.
    users, items, pairs, factors : int
    weighted_regularization : float or None
        Spark's lambda, which it multiplies with the number of items of a user; None for a plain lambda.
    nouns : Nouns
        What users, items and values are called on screen; of music where the run does not say.
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
    nouns: Nouns
    identity: str

    @property
    def size(self) -> int:
        """Total size of its files in bytes."""
        return sum(part.stat().st_size for kind in COLUMNS for part in self.parts(kind))

    def parts(self, kind: str) -> list[Path]:
        """Return the files of `items`, `users`, `known` or `hidden`, in their order.

        Raises
        ------
        InputError
            If there is none. Only the hidden pairs may be none.
        """
        return part_paths(self.folder, kind)

    def rows(self, kind: str) -> int:
        """Return the number of rows of all files of a kind, from their footers.

        Raises
        ------
        InputError
            If one cannot be read.
        """
        total = 0
        for part in self.parts(kind):
            with open_part(part, kind) as file:
                total += file.metadata.num_rows
        return total

    def batches(
        self, kind: str, columns: Collection[str] | None = None
    ) -> Iterator[tuple[Path, pa.RecordBatch]]:
        """Read some or all columns of a kind, at most `BATCH_ROWS` rows at a time, each with the file it is from.

        Raises
        ------
        InputError
            If a file is damaged, or a column is missing, of another type or has gaps.
        """
        wanted = list(columns or COLUMNS[kind])
        for part in self.parts(kind):
            with open_part(part, kind) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                    for name in wanted:
                        if batch.column(name).null_count:
                            raise InputError(f"{part_label(part)}: {name} is missing in a row. {WRITE_AGAIN}")
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
            codes = integers(batch.column("code"))
            wrong = np.flatnonzero(codes != np.arange(expected, expected + len(codes)))
            if len(wrong):
                at = int(wrong[0])
                raise InputError(
                    f"{part_label(part)}: after code {expected + at - 1} comes {codes[at]}. Codes count from 0, "
                    f"each once, in order through all parts. {WRITE_AGAIN}"
                )
            yield part, expected, batch
            expected += len(codes)
        if expected != count:
            raise InputError(
                f"{kind}/ has {expected:,} rows, and {METADATA_FILE} says {count:,}. {WRITE_AGAIN}"
            )

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
        first = integers(batch.column("code"))
        if len(wrong):
            raise InputError(
                f"{part_label(part)}: code {first[wrong[0]]} has {lengths[wrong[0]]} factors, and {METADATA_FILE} says "
                f"{self.factors}. {WRITE_AGAIN}"
            )
        values = lists.flatten()
        factors = values.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
        factors = factors.reshape(len(lists), self.factors)
        if values.null_count or not np.isfinite(factors).all():
            row = int(np.flatnonzero(~np.isfinite(factors).all(axis=1))[0])
            raise InputError(
                f"{part_label(part)}: a factor of code {first[row]} is not a finite number. The training diverged: "
                "train again with more regularization, and write the run anew."
            )
        return factors

    def pairs_of(
        self, kind: str
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]]:
        """Read known or hidden pairs: users (ascending), items and values, a batch at a time.

        Raises
        ------
        InputError
            As `batches`, or if users do not ascend, a code is out of range, or a value is not a number of 0 or more.
        """
        last = 0
        for part, batch in self.batches(kind):
            users, items = integers(batch.column("user")), integers(batch.column("item"))
            values = batch.column("value").to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
            if not len(users):
                continue
            if users[0] < last or (np.diff(users) < 0).any():
                raise InputError(
                    f"{part_label(part)}: users do not ascend. Pairs stand in the order of users through "
                    f"all parts. {WRITE_AGAIN}"
                )
            last = int(users[-1])
            for name, codes, count in (("user", users, self.users), ("item", items, self.items)):
                if codes.min() < 0 or codes.max() >= count:
                    wrong = codes[(codes < 0) | (codes >= count)][0]
                    raise InputError(
                        f"{part_label(part)}: there is no {name} {wrong}; codes end at {count - 1}. {WRITE_AGAIN}"
                    )
            if not (np.isfinite(values) & (values >= 0)).all():
                raise InputError(f"{part_label(part)}: a value is not a number of 0 or more. {WRITE_AGAIN}")
            yield users, items.astype(np.int32), values


def find_runs() -> tuple[list[Manifest], list[str]]:
    """Find all external runs.

    They are in the folder of saved runs, and in RECSYS_LARGE_RUNS, which is a run or a folder of runs.

    Returns
    -------
    runs : list of Manifest
        The latest first.
    complaints : list of str
        A sentence for each folder that is an unfinished or damaged run.
    """
    runs: dict[str, Manifest] = {}
    complaints = []
    for folder in _candidates():
        if not (folder / METADATA_FILE).is_file():
            if (folder / "items").is_dir() or (folder / "known").is_dir():
                complaints.append(f"The run {folder.name!r} is unfinished: it has no {METADATA_FILE} yet.")
            continue
        try:
            manifest = read_manifest(folder)
        except InputError as error:
            complaints.append(f"The run {folder.name!r} cannot be opened: {error}")
        else:
            runs.setdefault(manifest.key, manifest)
    return sorted(runs.values(), key=lambda run: run.created, reverse=True), complaints


def find_run(key: str) -> Manifest:
    """Return the run with this key.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    for folder in _candidates():
        if KEY_PREFIX + folder.name == key and (folder / METADATA_FILE).is_file():
            return read_manifest(folder)
    raise InputError(f"There is no run {key.removeprefix(KEY_PREFIX)[:80]!r} here.")


def _candidates() -> Iterator[Path]:
    places = [runs_folder()]
    if named := os.environ.get("RECSYS_LARGE_RUNS"):
        folder = Path(named).expanduser()
        if (folder / METADATA_FILE).is_file():
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


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run; its part files are only listed.

    Raises
    ------
    InputError
        If it is unfinished, of another format, or damaged.
    """
    path = folder / METADATA_FILE
    try:
        with path.open("rb") as file:
            content = file.read(MAX_METADATA_BYTES + 1)
    except FileNotFoundError:
        raise InputError(
            f"{folder.name} has no {METADATA_FILE}: it is no run, or an unfinished one."
        ) from None
    except OSError as error:
        raise InputError(f"{METADATA_FILE} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_METADATA_BYTES:
        raise InputError(f"{METADATA_FILE} is larger than a megabyte: it is not that of a run.")
    try:
        metadata = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{METADATA_FILE} is not JSON. {WRITE_AGAIN}") from None
    if not isinstance(metadata, dict) or metadata.get("format") != EXTERNAL_RUN_FORMAT:
        wanted = metadata.get("format") if isinstance(metadata, dict) else None
        raise InputError(
            f"{METADATA_FILE} has format {str(wanted)[:40]!r}; this program reads format {EXTERNAL_RUN_FORMAT}."
        )
    if metadata.get("model") != "als":
        raise InputError(f"It is a run of {str(metadata.get('model'))[:40]!r}; runs of 'als' can be opened.")
    figures = _object(metadata, "figures")
    for name, value in figures.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(
                f"{METADATA_FILE}: the figure {name[:40]!r} is not a finite number. {WRITE_AGAIN}"
            )
    digest = hashlib.sha256(content)
    for kind in COLUMNS:
        for part in part_paths(folder, kind):
            facts = part.stat()
            digest.update(f"{kind}/{part.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return Manifest(
        folder=folder,
        key=KEY_PREFIX + folder.name,
        title=_text(metadata, "title"),
        model="als",
        target=_text(metadata, "target"),
        created=_text(metadata, "created"),
        settings=_object(metadata, "settings"),
        split=_object(metadata, "split"),
        figures={name[:MAX_TEXT_CHARS]: float(value) for name, value in figures.items()},
        versions={
            name: str(version)[:MAX_TEXT_CHARS] for name, version in _object(metadata, "versions").items()
        },
        weighted_regularization=_weighted(metadata),
        nouns=_nouns(metadata),
        identity=digest.hexdigest()[:16],
        **{name: _count(metadata, name) for name in MAX_COUNTS},
    )


def _text(metadata: dict[str, Any], name: str) -> str:
    value = metadata.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{METADATA_FILE}: {name} is missing or no text. {WRITE_AGAIN}")
    return " ".join(value.split())[:MAX_TEXT_CHARS]


def _nouns(metadata: dict[str, Any]) -> Nouns:
    given = _object(metadata, "nouns") if "nouns" in metadata else {}
    for name, word in given.items():
        if name not in NOUNS or not isinstance(word, str) or not NOUN.fullmatch(word):
            raise InputError(
                f"{METADATA_FILE}: nouns may have {', '.join(NOUNS)}, each a word or two of letters. {WRITE_AGAIN}"
            )
    return Nouns(**given)


def _object(metadata: dict[str, Any], name: str) -> dict[str, Any]:
    value = metadata.get(name)
    if not isinstance(value, dict):
        raise InputError(f"{METADATA_FILE}: {name} is missing or no object. {WRITE_AGAIN}")
    return value


def _weighted(metadata: dict[str, Any]) -> float | None:
    spark = metadata.get("spark")
    value = spark.get("regParam") if isinstance(spark, dict) else None
    return float(value) if is_amount(value) else None


def is_amount(value: Any) -> TypeGuard[float]:
    """Return whether a value is a finite number of 0 or more."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def _count(metadata: dict[str, Any], name: str) -> int:
    value = metadata.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_COUNTS[name]:
        raise InputError(
            f"{METADATA_FILE}: {name} must be a whole number from 1 to {MAX_COUNTS[name]:,}, not {str(value)[:40]!r}."
        )
    return value
