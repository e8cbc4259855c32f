"""What is made of a large run once, so that it opens at once and stays on disk."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from recsys.data.sources.lastfm import cache_folder
from recsys.errors import InputError
from recsys.scale.external_runs.label_index import NamesWriter, fold
from recsys.scale.external_runs.manifest import AGAIN, Source, read_run

VERSION = 1  # of what is written here; a run that was prepared by another one is prepared again
FACTS = "prepared.json"
NAMES = "names.sqlite"
UNFINISHED = ".unfinished"
# Microseconds that a row of each step took on ten million listeners and a million artists: only the proportions count.
COSTS = {"items": 6.0, "names": 4.5, "users": 2.3, "ids": 0.4, "known": 0.06, "hidden": 0.06}


def prepared_folder() -> Path:
    """Return where prepared runs are kept: in the cache folder."""
    return cache_folder() / "large-runs"


def place(source: Source) -> Path:
    """Return where a run is or will be once it is prepared, as it is now."""
    return prepared_folder() / f"{source.identity}-{VERSION}"


def is_prepared(source: Source) -> bool:
    """Tell whether a run, as it is now, can be opened at once."""
    folder = place(source)
    sizes = facts_of(folder).get("sizes")
    if not isinstance(sizes, dict):
        return False
    try:
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


class Preparation:
    """Prepares a run, a moment at a time, for `JobScheduler` or a loop over `step`.

    The result appears whole or not at all; what a program that was killed has left is removed by the next.

    Parameters
    ----------
    source : Source

    Attributes
    ----------
    progress : float
        How much is done, 0 to 1.
    doing : str
        What is done now, for the reader.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.progress = 0.0
        self.doing = "Waiting"
        self._steps = self._run()

    def step(self) -> None:
        """Go on for a moment.

        Raises
        ------
        StopIteration
            If all is done.
        InputError
            If the run is damaged, another program prepares one, or the disk is full.
        """
        try:
            next(self._steps)
        except sqlite3.Error as error:
            raise InputError(f"The names cannot be kept in the cache folder: {error}.") from error
        except OSError as error:
            raise InputError(
                f"The run cannot be prepared in the cache folder: {error.strerror or error}. "
                "Set RECSYS_CACHE to a folder that can be written to."
            ) from error

    def finish(self) -> None:
        """Give up, and leave nothing behind."""
        self._steps.close()

    def _run(self) -> Generator[None, None, None]:
        root = prepared_folder()
        root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(_Alone(root / "lock"))
            for left in root.glob(
                f"{UNFINISHED}*"
            ):  # by a program that was killed: nobody else is at work here
                shutil.rmtree(left, ignore_errors=True)
            if is_prepared(self.source):
                return
            _check_room(self.source, root)
            folder = root / f"{UNFINISHED}-{self.source.identity}"
            folder.mkdir()
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            total = self._cost()
            done = 0.0
            for what, rows in self._parts(folder, stack):
                done += COSTS[what] * rows
                self.progress = min(1.0, done / total)
                yield
            if read_run(self.source.folder).identity != self.source.identity:
                raise InputError("The run changed while it was prepared. Prepare it again.")
            made = place(self.source)
            shutil.rmtree(made, ignore_errors=True)  # damaged, if it is there
            os.replace(folder, made)
            for old in root.iterdir():  # what the run was before it changed
                if old != made and facts_of(old).get("folder") == str(self.source.folder.resolve()):
                    shutil.rmtree(old, ignore_errors=True)
            self.progress = 1.0

    def _cost(self) -> float:
        rows = {"items": self.source.items, "names": self.source.items}
        rows |= {"users": self.source.users, "ids": self.source.users}
        rows |= {kind: self.source.rows(kind) for kind in ("known", "hidden")}
        return sum(COSTS[what] * count for what, count in rows.items())

    def _parts(self, folder: Path, stack: ExitStack) -> Iterator[tuple[str, int]]:
        """Do all the work; yields how many rows of what were just done."""
        source = self.source
        names = NamesWriter(folder / NAMES)
        stack.callback(names.close)
        facts: dict[str, Any] = {"folder": str(source.folder.resolve()), "identity": source.identity}

        self.doing = "Reading artists"
        yield from self._items(folder, names, facts)
        self.doing = "Making artists searchable"
        yield "names", 0
        before = 0
        for done in names.index_items(source.items):
            yield "names", done - before
            before = done
        self.doing = "Reading listeners"
        with ArrayWriter(folder / "user_factors.npy", np.float32, (source.users, source.factors)) as factors:
            for part, first, batch in source.coded("users", source.users):
                factors.append(source.vectors(part, batch))
                names.add_users(enumerate(batch.column("id").to_pylist(), first))
                yield "users", len(batch)
        self.doing = "Making listeners searchable"
        yield "ids", 0
        names.index_users()
        yield "ids", source.users
        names.close()
        for kind in ("known", "hidden"):
            self.doing = f"Reading {kind} pairs"
            yield from self._pairs(folder, kind, facts)

        facts["sizes"] = {file.name: file.stat().st_size for file in folder.iterdir()}
        (folder / FACTS).write_text(json.dumps(facts), "utf-8")

    def _items(self, folder: Path, names: NamesWriter, facts: dict[str, Any]) -> Iterator[tuple[str, int]]:
        source = self.source
        gram = np.zeros((source.factors, source.factors))
        listeners = np.empty(source.items, np.int64)
        with (
            ArrayWriter(folder / "item_factors.npy", np.float32, (source.items, source.factors)) as factors,
            ArrayWriter(folder / "item_norms.npy", np.float32, (source.items,)) as norms,
        ):
            for part, first, batch in source.coded("items", source.items):
                rows = source.vectors(part, batch)
                factors.append(rows)
                norms.append(np.linalg.norm(rows, axis=1))
                gram += rows.T.astype(np.float64) @ rows
                counts = batch.column("listeners").to_numpy().astype(np.int64)
                plays = batch.column("plays").to_numpy().astype(np.float64)
                if (counts < 0).any() or not (np.isfinite(plays) & (plays >= 0)).all():
                    raise InputError(
                        f"items/{part.name}: listeners and plays must be numbers of 0 or more. {AGAIN}"
                    )
                listeners[first : first + len(batch)] = counts
                yield "items", len(batch) // 2
        np.save(folder / "listeners.npy", listeners)
        np.save(folder / "gram.npy", gram)
        ranks = np.empty(source.items, np.int64)
        ranks[np.argsort(-listeners, kind="stable")] = np.arange(1, source.items + 1)
        total = 0.0
        for _, batch in source.batches("items", ("code", "id", "name", "listeners", "plays")):
            columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
            names.add_items(
                zip(
                    columns["code"],
                    ranks[columns["code"]].tolist(),
                    columns["id"],
                    columns["name"],
                    map(fold, columns["name"]),
                    columns["listeners"],
                    columns["plays"],
                    strict=True,
                )
            )
            total += sum(columns["plays"])
            yield "items", (len(batch) + 1) // 2
        facts["plays"] = total

    def _pairs(self, folder: Path, kind: str, facts: dict[str, Any]) -> Iterator[tuple[str, int]]:
        """Write pairs as compressed rows: where each user's begin, and their items and values."""
        source = self.source
        count = source.rows(kind)
        if kind == "known":
            facts["known"] = count
        next_user, done = 0, 0
        with (
            ArrayWriter(folder / f"{kind}_starts.npy", np.int64, (source.users + 1,)) as starts,
            ArrayWriter(folder / f"{kind}_items.npy", np.int32, (count,)) as items,
            ArrayWriter(folder / f"{kind}_values.npy", np.float32, (count,)) as values,
        ):
            for users, codes, amounts in source.pairs_of(kind):
                reached = np.arange(next_user, users[-1] + 1)
                starts.append(done + np.searchsorted(users, reached))
                next_user, done = int(users[-1]) + 1, done + len(users)
                items.append(codes)
                values.append(amounts)
                yield kind, len(users)
            starts.append(np.full(source.users + 1 - next_user, done))


class ArrayWriter:
    """Writes an array of a known shape, some rows at a time, to a .npy file: nothing of it stays in memory."""

    def __init__(self, path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> None:
        self._dtype, self._shape, self._rows = np.dtype(dtype), shape, 0
        self._file = path.open("wb")
        header = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": shape,
        }
        np.lib.format.write_array_header_1_0(self._file, header)

    def append(self, rows: NDArray[Any]) -> None:
        """Write the next rows."""
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._rows += len(rows)

    def __enter__(self) -> Self:
        """Write, then close."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, which must have all its rows by then."""
        self._file.close()
        if error is None and self._rows != self._shape[0]:
            raise InputError(
                f"A file changed while it was read: {self._rows:,} rows are not {self._shape[0]:,}."
            )


class _Alone:
    """Makes sure that one program at a time is at work in a folder: SQLite's lock ends with the program that has it."""

    def __init__(self, path: Path) -> None:
        self._lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)

    def __enter__(self) -> None:
        try:
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._lock.close()
            raise InputError(
                "Another program prepares a run in the same cache folder. Try again when it is done."
            ) from error

    def __exit__(self, *_: object) -> None:
        self._lock.close()


def facts_of(folder: Path) -> dict[str, Any]:
    """Return what was noted when a run was prepared; empty if it never was."""
    try:
        facts = json.loads((folder / FACTS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _check_room(source: Source, root: Path) -> None:
    needed = 4 * source.factors * (source.users + source.items) + 80 * source.users + 500 * source.items
    needed += 8 * (source.rows("known") + source.rows("hidden"))
    free = shutil.disk_usage(root).free
    if needed > free:
        raise InputError(
            f"Preparing this run takes about {needed / 1e9:,.1f} GB in the cache folder, and {free / 1e9:,.1f} GB "
            "are free. Make room, or let RECSYS_CACHE name a folder on a larger disk."
        )
