"""Saved runs in folders: one file each, named by the program; what a person calls them is data."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from recsys.data.dataset import SHARED, Dataset
from recsys.errors import InputError
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch, TrainingRun
from recsys.storage.model_file import (
    DAMAGED,
    SavedRun,
    check_content,
    damaged,
    load_run,
    read_history,
    read_story,
    rewrite_story,
    save_run,
)
from recsys.system.atomic_files import make_folder, reason, settle, sweep, write_atomic

SUFFIX = ".safetensors"
RUN_ID = re.compile("[0-9a-f]{12}")
OWN = "own"
BIN = ".deleted"
KEPT_DELETED = 20
# What one owner may save, and what must stay free on the disk (bytes).
MOST = 100
ROOM = 500_000_000
LONGEST_NAME = 80
MOMENT = 1_000_000  # nanoseconds; some file systems tell no finer times apart


@dataclass(frozen=True)
class Entry:
    """What the header of a saved run says.

    Attributes
    ----------
    id : str
        12 hexadecimal digits; names the file.
    name : str
        What its owner calls it; any text up to 80 characters.
    pinned : bool
    created : str
        Date and time in UTC, as ISO 8601.
    setup : Setup
        Everything that decided its curve, the identity of the data among it.
    title : str
        What the data is called.
    history : list of Epoch
    references : dict
        RMSE of simpler predictions, by name.
    versions : dict
        Of this program and what computes in it, by name.
    shared : bool
        Whether everybody sees it, and nobody can change it.
    """

    id: str
    name: str
    pinned: bool
    created: str
    setup: Setup
    title: str
    history: list[Epoch]
    references: dict[str, float]
    versions: dict[str, str]
    shared: bool = False


class RunStore:
    """A folder of saved runs. Each change is one rename of a file: it happens whole or not at all.

    Parameters
    ----------
    folder : Path
        Made when the first run is saved.
    shared : Path, optional
        A folder of runs that can be opened too, but not changed.
    """

    def __init__(self, folder: Path, shared: Path | None = None) -> None:
        self.folder = folder
        self.shared = shared

    @classmethod
    def of(cls, owner: str) -> RunStore:
        """Return the saved runs of an owner (see `owners_folder`), and those that lie there for everybody."""
        return cls(owners_folder(owner), runs_folder())

    def save(self, dataset: Dataset, run: TrainingRun, name: str = "") -> Entry:
        """Save a run that is over, or stands still.

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
                "name": _clean(name) or f"{run.model.label}, {created[:16].replace('T', ' ')}",
                "pinned": False,
                "created": created,
            },
            "stopping": {"watch": run.stopping.watch, "patience": run.stopping.patience},
            "kept": run.kept.epoch if run.kept else None,
            "key": dataset.key if dataset.key in SHARED else "",
            "references": run.references,
        }
        path = self._new()
        with self._saying("written"):
            save_run(path, dataset, run.split, run.model, run.history, more)
            return read_entry(path)

    def entries(self) -> tuple[list[Entry], list[str]]:
        """Read the headers of all runs.

        Returns
        -------
        entries : list of Entry
            Pinned ones first, the latest first.
        complaints : list of str
            A sentence for each file of one's own that is no saved run; it is left alone.
        """
        entries, complaints = _entries_in(self.folder)
        if self.shared is not None:
            entries += [replace(entry, shared=True) for entry in _entries_in(self.shared)[0]]
        entries.sort(key=lambda entry: (entry.pinned, entry.created, entry.id), reverse=True)
        return entries, complaints

    def get(self, run_id: str) -> Entry:
        """Return what the header of a run says.

        Raises
        ------
        InputError
            If there is no such run, or it is damaged.
        """
        path = self._path(run_id)
        with self._saying("read"):
            return read_entry(path)

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

    def rename(self, run_id: str, name: str) -> Entry:
        """Call a run something else.

        Raises
        ------
        InputError
            If the name is empty, there is no such run, or it cannot be written.
        """
        cleaned = _clean(name)
        if not cleaned:
            raise InputError("A run needs a name of at least one character.")
        return self._label(run_id, name=cleaned)

    def pin(self, run_id: str, pinned: bool = True) -> Entry:
        """Keep a run at the top of the list, or no longer.

        Raises
        ------
        InputError
            If there is no such run, or it cannot be written.
        """
        return self._label(run_id, pinned=pinned)

    def delete(self, run_id: str) -> None:
        """Take a run off the list; `restore` brings it back while it is among the last that were deleted.

        Raises
        ------
        InputError
            If there is no such run, or it cannot be moved.
        """
        path = self._own_path(run_id)
        deleted = self.folder / BIN
        with self._saying("deleted"):
            make_folder(deleted)
            before = sorted(deleted.iterdir(), key=lambda old: old.stat().st_mtime_ns)
            # after all others, whatever the clock has done meanwhile
            now = max([time.time_ns(), *(old.stat().st_mtime_ns + MOMENT for old in before[-1:])])
            os.utime(path, ns=(now, now))
            os.replace(path, deleted / path.name)
            settle(self.folder)
            for old in before[: max(0, len(before) + 1 - KEPT_DELETED)]:
                old.unlink(missing_ok=True)

    def restore(self, run_id: str) -> Entry:
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
                os.replace(self.folder / BIN / path.name, path)
            except FileNotFoundError:
                raise InputError("This run was deleted too long ago to be brought back.") from None
            settle(self.folder)
            return read_entry(path)

    def is_deleted(self, run_id: str) -> bool:
        """Say whether `restore` can bring a run back."""
        return bool(RUN_ID.fullmatch(run_id)) and (self.folder / BIN / f"{run_id}{SUFFIX}").is_file()

    def export(self, run_id: str) -> bytes:
        """Return a run as one file, for `python -m recsys recommend --run` or another computer.

        Raises
        ------
        InputError
            If there is no such run, or it cannot be read.
        """
        with self._saying("read"):
            return self._path(run_id).read_bytes()

    def add(self, content: bytes, name: str = "The file") -> Entry:
        """Import a file that `export` returned or the command line saved.

        Parameters
        ----------
        content : bytes
            Of the file.
        name : str
            What the file is called, for sentences about it.

        Raises
        ------
        InputError
            If it is no saved run, or it cannot be written.
        """
        shown = name[:80]
        _entry(check_content(content, shown), shown, shown, datetime.now(UTC))
        path = self._new()
        write_atomic(path, content, called="The run")
        return read_entry(path)

    @contextlib.contextmanager
    def _saying(self, what: str) -> Iterator[None]:
        """Say what could not be done with a run; where it lies is nobody's business."""
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
        """Return the path of a file that is not there yet, in a folder that is."""
        make_room(self.folder)
        if sum(1 for _ in self.folder.glob(f"*{SUFFIX}")) >= MOST:
            raise InputError(f"{MOST} runs are saved, and that is the most. Export and delete some first.")
        return self.folder / f"{secrets.token_hex(6)}{SUFFIX}"

    def _path(self, run_id: str) -> Path:
        """Return the file of a run, be it one's own or shared."""
        if RUN_ID.fullmatch(run_id):
            with self._saying("read"):
                for folder in (self.folder, self.shared):
                    if folder is not None and (path := folder / f"{run_id}{SUFFIX}").is_file():
                        return path
        raise InputError(f"There is no saved run {run_id[:40]!r}.")

    def _own_path(self, run_id: str) -> Path:
        """Return the file of a run that may be changed."""
        path = self._path(run_id)
        if path.parent != self.folder:
            raise InputError("This run lies there for everybody: it can be opened, but not changed.")
        return path

    def _label(self, run_id: str, **changes: Any) -> Entry:
        path = self._own_path(run_id)
        with self._saying("written"):
            entry, story = read_entry(path), read_story(path)
            label = {"name": entry.name, "pinned": entry.pinned, "created": entry.created}
            rewrite_story(path, story | {"label": label | changes})
            return read_entry(path)


def runs_folder() -> Path:
    """Return where saved runs lie: what RECSYS_RUNS names, else in the data folder of whoever runs this."""
    named = os.environ.get("RECSYS_RUNS")
    return Path(named).expanduser() if named else user_data_path("encore") / "runs"


def owners_folder(owner: str) -> Path:
    """Return where lies what an owner saves.

    Parameters
    ----------
    owner : str
        Who alone may know it; the folder is named by its SHA-256, so that no list of folders tells it.
    """
    return runs_folder() / OWN / hashlib.sha256(owner.encode()).hexdigest()[:32]


def make_room(folder: Path) -> None:
    """Make a folder to save in, unless it is there.

    Raises
    ------
    InputError
        If it cannot be made, or the disk is nearly full.
    """
    try:
        make_folder(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise InputError(
            f"The folder to save in cannot be made: {reason(error)} "
            "Or set RECSYS_RUNS to a folder that can be written to."
        ) from error
    if free < ROOM:
        raise InputError("The disk is nearly full: nothing can be saved now.")


def _entries_in(folder: Path) -> tuple[list[Entry], list[str]]:
    entries, complaints = [], []
    sweep(folder)
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
            entries.append(read_entry(path))
        except InputError as error:
            complaints.append(str(error).replace(str(path), path.name))  # where it lies is nobody's business
    return entries, complaints


def read_entry(path: Path) -> Entry:
    """Return what the header of a saved run says, wherever the file is.

    Raises
    ------
    InputError
        If the file is missing or is no saved run.
    """
    story = read_story(path)
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    return _entry(story, path.name.removesuffix(SUFFIX), path, written)


def _entry(story: dict[str, Any], run_id: str, path: Path | str, written: datetime) -> Entry:
    try:
        # A run that the command line saved has no label.
        label, stopping = story.get("label", {}), story.get("stopping", {})
        split, data, key = story["split"], story["data"], story.get("key", "")
        references = {str(name): float(error) for name, error in story.get("references", {}).items()}
        created = datetime.fromisoformat(label.get("created", written.isoformat()))
        setup = Setup(
            model=story["model"],
            settings=story["settings"],
            minimum=int(split["minimum"]),
            hidden=int(split["hidden"]),
            data=key if key in SHARED else "",
            fingerprint=str(data["fingerprint"]),
            **stopping,
        )
        return Entry(
            id=run_id,
            name=_clean(str(label.get("name", ""))) or setup.model,
            pinned=label.get("pinned", False) is True,
            created=created.astimezone(UTC).isoformat(timespec="seconds"),
            setup=setup,
            title=str(data["title"]),
            history=read_history(story["history"]),
            references=references,
            versions={str(name): str(version) for name, version in story["versions"].items()},
        )
    except DAMAGED as error:
        raise InputError(damaged(path)) from error


def _clean(name: str) -> str:
    """Return a name on one line, not too long, that every file format can hold."""
    shown = "".join(character if character.isprintable() else " " for character in name)
    return " ".join(shown.split())[:LONGEST_NAME].strip()
