"""Store of saved runs: a folder for each owner, one file for each run."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.data.dataset import SHARED, Dataset
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.storage.folders import ensure_space, owner_folder, runs_folder
from recsys.storage.model_file import (
    SavedRun,
    check_content,
    load_run,
    read_metadata,
    rewrite_metadata,
    save_run,
)
from recsys.storage.stored_run import (
    SUFFIX,
    StoredRun,
    clean_name,
    clean_note,
    parse_metadata,
    read_stored_run,
)
from recsys.system.atomic_files import fsync_dir, make_folder, reason, remove_stale, write_atomic

RUN_ID = re.compile("[0-9a-f]{12}")
DELETED_FOLDER = ".deleted"
MAX_DELETED = 20
MAX_RUNS_PER_OWNER = 100
CLOCK_STEP = 1_000_000  # nanoseconds; some file systems have no finer resolution


class RunStore:
    """Saved runs of one owner. Each change is one rename of a file, and so atomic.

    Parameters
    ----------
    folder : Path
        Created when the first run is saved.
    shared : Path, optional
        A folder of read-only runs, visible to all owners.
    """

    def __init__(self, folder: Path, shared: Path | None = None) -> None:
        self.folder = folder
        self.shared = shared

    @classmethod
    def of(cls, owner: str) -> RunStore:
        """Return the store of an owner (see `owner_folder`), with the runs shared by all owners."""
        return cls(owner_folder(owner), runs_folder())

    def save(self, dataset: Dataset, run: TrainingRun, name: str = "", note: str = "") -> StoredRun:
        """Save a run that has ended or is paused.

        Raises
        ------
        InputError
            If nothing was learned yet, or the folder cannot be written.
        """
        if not run.history:
            raise InputError("There is nothing to save before the first epoch.")
        created = datetime.now(UTC).isoformat(timespec="seconds")
        more = {
            "label": {
                "name": clean_name(name) or f"{run.model.label}, {created[:16].replace('T', ' ')}",
                "pinned": False,
                "created": created,
                "note": clean_note(note),
            },
            "stopping": {"watch": run.stopping.watch, "patience": run.stopping.patience},
            "kept": run.kept.epoch if run.kept else None,
            "key": dataset.key if dataset.key in SHARED else "",
            "references": run.references,
        }
        path = self._new()
        with self._saying("written"):
            save_run(path, dataset, run.split, run.model, run.history, more)
            return read_stored_run(path)

    def entries(self) -> tuple[list[StoredRun], list[str]]:
        """Read the metadata of all runs.

        Returns
        -------
        entries : list of StoredRun
            Pinned ones first, the latest first.
        complaints : list of str
            A sentence for each file of the owner that is no saved run; it is left as it is.
        """
        entries, complaints = _entries_in(self.folder)
        if self.shared is not None:
            entries += [replace(entry, shared=True) for entry in _entries_in(self.shared)[0]]
        entries.sort(key=lambda entry: (entry.pinned, entry.created, entry.id), reverse=True)
        return entries, complaints

    def get(self, run_id: str) -> StoredRun:
        """Return the metadata of a run.

        Raises
        ------
        InputError
            If there is no such run, or it is damaged.
        """
        path = self._path(run_id)
        with self._saying("read"):
            return read_stored_run(path)

    def open(self, run_id: str, dataset: Dataset) -> SavedRun:
        """Return a run with its trained model.

        Raises
        ------
        InputError
            If there is no such run, it is damaged, or it was trained on other data.
        """
        path = self._path(run_id)
        with self._saying("read"):
            return load_run(path, dataset)

    def rename(self, run_id: str, name: str) -> StoredRun:
        """Rename a run.

        Raises
        ------
        InputError
            If the name is empty, there is no such run, or it cannot be written.
        """
        cleaned = clean_name(name)
        if not cleaned:
            raise InputError("A run needs a name of at least one character.")
        return self._label(run_id, name=cleaned)

    def annotate(self, run_id: str, note: str) -> StoredRun:
        """Put a note on a run, or take it away with an empty one.

        Raises
        ------
        InputError
            If there is no such run, or it cannot be written.
        """
        return self._label(run_id, note=clean_note(note))

    def pin(self, run_id: str, pinned: bool = True) -> StoredRun:
        """Pin a run to the top of the list, or unpin it.

        Raises
        ------
        InputError
            If there is no such run, or it cannot be written.
        """
        return self._label(run_id, pinned=pinned)

    def delete(self, run_id: str) -> None:
        """Delete a run; `restore` can undo that for the last `MAX_DELETED` deletions.

        Raises
        ------
        InputError
            If there is no such run, or it cannot be moved.
        """
        path = self._own_path(run_id)
        deleted = self.folder / DELETED_FOLDER
        with self._saying("deleted"):
            make_folder(deleted)
            before = sorted(deleted.iterdir(), key=lambda old: old.stat().st_mtime_ns)
            # later than all others, even if the clock was set back
            now = max([time.time_ns(), *(old.stat().st_mtime_ns + CLOCK_STEP for old in before[-1:])])
            os.utime(path, ns=(now, now))
            os.replace(path, deleted / path.name)
            fsync_dir(self.folder)
            for old in before[: max(0, len(before) + 1 - MAX_DELETED)]:
                old.unlink(missing_ok=True)

    def restore(self, run_id: str) -> StoredRun:
        """Undo a `delete`.

        Raises
        ------
        InputError
            If the run is not among the last that were deleted.
        """
        if not RUN_ID.fullmatch(run_id):
            raise InputError(f"There is no saved run {run_id[:40]!r}.")
        path = self.folder / f"{run_id}{SUFFIX}"
        with self._saying("brought back"):
            try:
                os.replace(self.folder / DELETED_FOLDER / path.name, path)
            except FileNotFoundError:
                raise InputError("This run was deleted too long ago to be brought back.") from None
            fsync_dir(self.folder)
            return read_stored_run(path)

    def is_deleted(self, run_id: str) -> bool:
        """Return whether `restore` can bring a run back."""
        return (
            bool(RUN_ID.fullmatch(run_id)) and (self.folder / DELETED_FOLDER / f"{run_id}{SUFFIX}").is_file()
        )

    def export(self, run_id: str) -> bytes:
        """Return a run as one file, for `python -m recsys recommend --run` or another computer.

        Raises
        ------
        InputError
            If there is no such run, or it cannot be read.
        """
        with self._saying("read"):
            return self._path(run_id).read_bytes()

    def add(self, content: bytes, name: str = "The file") -> StoredRun:
        """Import a file that `export` returned or the command line saved.

        Parameters
        ----------
        content : bytes
            Of the file.
        name : str
            Name of the file in error messages.

        Raises
        ------
        InputError
            If it is no saved run, or it cannot be written.
        """
        shown = name[:80]
        parse_metadata(check_content(content, shown), shown, shown, datetime.now(UTC))
        path = self._new()
        write_atomic(path, content, called="The run")
        return read_stored_run(path)

    @contextlib.contextmanager
    def _saying(self, what: str) -> Iterator[None]:
        """Report the failure of an operation without revealing the path."""
        try:
            yield
        except OSError as error:
            raise InputError(f"The run cannot be {what}: {reason(error)}") from error
        except InputError as error:
            shown = re.sub(
                f"{re.escape(str(self.folder))}[/\\\\][0-9a-f]{{12}}{re.escape(SUFFIX)}",
                "The run",
                str(error),
            )
            raise InputError(shown) from error

    def _new(self) -> Path:
        """Return the path of a new file in an existing folder."""
        ensure_space(self.folder)
        if sum(1 for _ in self.folder.glob(f"*{SUFFIX}")) >= MAX_RUNS_PER_OWNER:
            raise InputError(
                f"{MAX_RUNS_PER_OWNER} runs are saved, and that is the most. Export and delete some first."
            )
        return self.folder / f"{secrets.token_hex(6)}{SUFFIX}"

    def _path(self, run_id: str) -> Path:
        """Return the file of a run of the owner or of a shared one."""
        if RUN_ID.fullmatch(run_id):
            with self._saying("read"):
                for folder in (self.folder, self.shared):
                    if folder is not None and (path := folder / f"{run_id}{SUFFIX}").is_file():
                        return path
        raise InputError(f"There is no saved run {run_id[:40]!r}.")

    def _own_path(self, run_id: str) -> Path:
        """Return the file of a run of the owner."""
        path = self._path(run_id)
        if path.parent != self.folder:
            raise InputError("This run is shared: it can be opened, but not changed.")
        return path

    def _label(self, run_id: str, **changes: Any) -> StoredRun:
        path = self._own_path(run_id)
        with self._saying("written"):
            entry, metadata = read_stored_run(path), read_metadata(path)
            label = {
                "name": entry.name,
                "pinned": entry.pinned,
                "created": entry.created,
                "note": entry.note,
            }
            rewrite_metadata(path, metadata | {"label": label | changes})
            return read_stored_run(path)


def _entries_in(folder: Path) -> tuple[list[StoredRun], list[str]]:
    entries, complaints = [], []
    remove_stale(folder)
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"The folder of saved runs cannot be read: {reason(error)}"]
    for path in paths:
        if not re.fullmatch(f"[0-9a-f]{{12}}{re.escape(SUFFIX)}", path.name):
            complaints.append(
                f"{path.name!r} in the folder of saved runs was not put there by this program. "
                "If it is a saved run, import it."
            )
            continue
        try:
            entries.append(read_stored_run(path))
        except InputError as error:
            complaints.append(str(error).replace(str(path), path.name))  # without revealing the folder
    return entries, complaints
