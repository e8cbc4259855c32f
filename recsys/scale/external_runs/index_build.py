"""Construction of the on-disk index of an external run."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import DTypeLike, NDArray

from recsys.data.sources.lastfm import cache_folder
from recsys.errors import InputError
from recsys.scale.external_runs.label_index import LabelIndexWriter, normalize
from recsys.scale.external_runs.manifest import Manifest, read_manifest
from recsys.scale.external_runs.part_files import WRITE_AGAIN

INDEX_VERSION = 1  # of the index; other versions are rebuilt
INDEX_METADATA_FILE = "prepared.json"
LABELS_FILE = "names.sqlite"
UNFINISHED_PREFIX = ".unfinished"
# Microseconds per row of each step, measured on ten million users and a million items; for the progress bar.
ROW_COSTS = {"items": 6.0, "names": 4.5, "users": 2.3, "ids": 0.4, "known": 0.06, "hidden": 0.06}


def index_root() -> Path:
    """Return the folder of all indexes, in the cache folder."""
    return cache_folder() / "large-runs"


def index_folder(manifest: Manifest) -> Path:
    """Return the folder of the index of a run in its present state, built or not."""
    return index_root() / f"{manifest.identity}-{INDEX_VERSION}"


def is_indexed(manifest: Manifest) -> bool:
    """Return whether a run in its present state has a complete index."""
    folder = index_folder(manifest)
    sizes = read_index_metadata(folder).get("sizes")
    if not isinstance(sizes, dict):
        return False
    try:
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


class IndexBuild:
    """Build of an index in short steps, for `JobScheduler` or a loop over `step`.

    The index appears atomically; leftovers of killed programs are removed.

    Parameters
    ----------
    manifest : Manifest

    Attributes
    ----------
    progress : float
        Fraction of the work done, 0 to 1.
    doing : str
        Present step, for the screen.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.progress = 0.0
        self.doing = "Waiting"
        self._steps = self._run()

    def step(self) -> None:
        """Do the next step.

        Raises
        ------
        StopIteration
            At the end.
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
        """Cancel the build and remove its files."""
        self._steps.close()

    def _run(self) -> Generator[None, None, None]:
        root = index_root()
        root.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(_exclusive(root / "lock"))
            # Leftovers of killed programs: this one has the lock.
            for left in root.glob(f"{UNFINISHED_PREFIX}*"):
                shutil.rmtree(left, ignore_errors=True)
            if is_indexed(self.manifest):
                return
            _check_room(self.manifest, root)
            folder = root / f"{UNFINISHED_PREFIX}-{self.manifest.identity}"
            folder.mkdir()
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            total = self._cost()
            done = 0.0
            for what, rows in self.part_paths(folder, stack):
                done += ROW_COSTS[what] * rows
                self.progress = min(1.0, done / total)
                yield
            if read_manifest(self.manifest.folder).identity != self.manifest.identity:
                raise InputError("The run changed while it was prepared. Prepare it again.")
            made = index_folder(self.manifest)
            shutil.rmtree(made, ignore_errors=True)  # a damaged one
            os.replace(folder, made)
            for old in root.iterdir():  # indexes of earlier states of the run
                if old != made and read_index_metadata(old).get("folder") == str(
                    self.manifest.folder.resolve()
                ):
                    shutil.rmtree(old, ignore_errors=True)
            self.progress = 1.0

    def _cost(self) -> float:
        rows = {"items": self.manifest.items, "names": self.manifest.items}
        rows |= {"users": self.manifest.users, "ids": self.manifest.users}
        rows |= {kind: self.manifest.rows(kind) for kind in ("known", "hidden")}
        return sum(ROW_COSTS[what] * count for what, count in rows.items())

    def part_paths(self, folder: Path, stack: ExitStack) -> Iterator[tuple[str, int]]:
        """Do all steps; yield the kind and the number of rows done."""
        manifest = self.manifest
        names = LabelIndexWriter(folder / LABELS_FILE)
        stack.callback(names.close)
        facts: dict[str, Any] = {"folder": str(manifest.folder.resolve()), "identity": manifest.identity}

        self.doing = "Reading artists"
        yield from self._items(folder, names, facts)
        self.doing = "Making artists searchable"
        yield "names", 0
        before = 0
        for done in names.index_items(manifest.items):
            yield "names", done - before
            before = done
        self.doing = "Reading listeners"
        with ArrayWriter(
            folder / "user_factors.npy", np.float32, (manifest.users, manifest.factors)
        ) as factors:
            for part, first, batch in manifest.coded("users", manifest.users):
                factors.append(manifest.vectors(part, batch))
                names.add_users(enumerate(batch.column("id").to_pylist(), first))
                yield "users", len(batch)
        self.doing = "Making listeners searchable"
        yield "ids", 0
        names.index_users()
        yield "ids", manifest.users
        names.close()
        for kind in ("known", "hidden"):
            self.doing = f"Reading {kind} pairs"
            yield from self._pairs(folder, kind, facts)

        facts["sizes"] = {file.name: file.stat().st_size for file in folder.iterdir()}
        (folder / INDEX_METADATA_FILE).write_text(json.dumps(facts), "utf-8")

    def _items(
        self, folder: Path, names: LabelIndexWriter, facts: dict[str, Any]
    ) -> Iterator[tuple[str, int]]:
        manifest = self.manifest
        gram = np.zeros((manifest.factors, manifest.factors))
        listeners = np.empty(manifest.items, np.int64)
        with (
            ArrayWriter(
                folder / "item_factors.npy", np.float32, (manifest.items, manifest.factors)
            ) as factors,
            ArrayWriter(folder / "item_norms.npy", np.float32, (manifest.items,)) as norms,
        ):
            for part, first, batch in manifest.coded("items", manifest.items):
                rows = manifest.vectors(part, batch)
                factors.append(rows)
                norms.append(np.linalg.norm(rows, axis=1))
                gram += rows.T.astype(np.float64) @ rows
                counts = batch.column("listeners").to_numpy().astype(np.int64)
                plays = batch.column("plays").to_numpy().astype(np.float64)
                if (counts < 0).any() or not (np.isfinite(plays) & (plays >= 0)).all():
                    raise InputError(
                        f"items/{part.name}: listeners and plays must be numbers of 0 or more. {WRITE_AGAIN}"
                    )
                listeners[first : first + len(batch)] = counts
                yield "items", len(batch) // 2
        np.save(folder / "listeners.npy", listeners)
        np.save(folder / "gram.npy", gram)
        ranks = np.empty(manifest.items, np.int64)
        ranks[np.argsort(-listeners, kind="stable")] = np.arange(1, manifest.items + 1)
        total = 0.0
        for _, batch in manifest.batches("items", ("code", "id", "name", "listeners", "plays")):
            columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
            names.add_items(
                zip(
                    columns["code"],
                    ranks[columns["code"]].tolist(),
                    columns["id"],
                    columns["name"],
                    map(normalize, columns["name"]),
                    columns["listeners"],
                    columns["plays"],
                    strict=True,
                )
            )
            total += sum(columns["plays"])
            yield "items", (len(batch) + 1) // 2
        facts["plays"] = total

    def _pairs(self, folder: Path, kind: str, facts: dict[str, Any]) -> Iterator[tuple[str, int]]:
        """Write pairs as compressed sparse rows: start of each user, items and values."""
        manifest = self.manifest
        count = manifest.rows(kind)
        if kind == "known":
            facts["known"] = count
        next_user, done = 0, 0
        with (
            ArrayWriter(folder / f"{kind}_starts.npy", np.int64, (manifest.users + 1,)) as starts,
            ArrayWriter(folder / f"{kind}_items.npy", np.int32, (count,)) as items,
            ArrayWriter(folder / f"{kind}_values.npy", np.float32, (count,)) as values,
        ):
            for users, codes, amounts in manifest.pairs_of(kind):
                reached = np.arange(next_user, users[-1] + 1)
                starts.append(done + np.searchsorted(users, reached))
                next_user, done = int(users[-1]) + 1, done + len(users)
                items.append(codes)
                values.append(amounts)
                yield kind, len(users)
            starts.append(np.full(manifest.users + 1 - next_user, done))


class ArrayWriter:
    """Writer of a .npy file of known shape, a few rows at a time."""

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


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file, which the system releases when the process ends."""
    try:
        # steps of one build may run in different threads
        with FileLock(path, timeout=0, thread_local=False):
            yield
    except Timeout as error:
        raise InputError(
            "Another program prepares a run in the same cache folder. Try again when it is done."
        ) from error


def read_index_metadata(folder: Path) -> dict[str, Any]:
    """Return the metadata of an index; empty if there is none."""
    try:
        facts = json.loads((folder / INDEX_METADATA_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _check_room(manifest: Manifest, root: Path) -> None:
    needed = (
        4 * manifest.factors * (manifest.users + manifest.items) + 80 * manifest.users + 500 * manifest.items
    )
    needed += 8 * (manifest.rows("known") + manifest.rows("hidden"))
    free = shutil.disk_usage(root).free
    if needed > free:
        raise InputError(
            f"Preparing this run takes about {needed / 1e9:,.1f} GB in the cache folder, and {free / 1e9:,.1f} GB "
            "are free. Make room, or let RECSYS_CACHE name a folder on a larger disk."
        )
