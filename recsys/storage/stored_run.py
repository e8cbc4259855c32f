"""Metadata of a saved run, read from the header of its file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.data.dataset import SHARED
from recsys.errors import InputError
from recsys.experiments.setup import Setup, split_fields
from recsys.experiments.training import Epoch
from recsys.storage.model_file import DAMAGED, damaged, read_history, read_metadata, saved_settings
from recsys.system.atomic_files import reason

SUFFIX = ".safetensors"
MAX_NAME_CHARS = 80
MAX_NOTE_CHARS = 200


@dataclass(frozen=True)
class StoredRun:
    """Metadata of a saved run.

    Attributes
    ----------
    id : str
        12 hexadecimal digits; the name of the file.
    name : str
        Name given by the owner; any text up to 80 characters.
    pinned : bool
    created : str
        Date and time in UTC, as ISO 8601.
    setup : Setup
        Setup of the experiment, including the fingerprint of the data.
    title : str
        Name of the dataset.
    history : list of Epoch
    references : dict
        Baseline validation RMSEs, by name.
    versions : dict
        Versions of this program and its numerical packages, by name.
    shared : bool
        Whether it is read-only and visible to all owners.
    note : str
        A note of the owner on it; any text up to 200 characters.
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
    note: str = ""


def read_stored_run(path: Path) -> StoredRun:
    """Read the metadata of a saved run at any path.

    Raises
    ------
    InputError
        If the file is missing or is no saved run.
    """
    metadata = read_metadata(path)
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from error
    return parse_metadata(metadata, path.name.removesuffix(SUFFIX), path, written)


def parse_metadata(metadata: dict[str, Any], run_id: str, path: Path | str, written: datetime) -> StoredRun:
    """Convert the metadata of a file; `written` is used where it has no date.

    Raises
    ------
    InputError
        If it is damaged; `path` names the file in the sentence.
    """
    try:
        # A run saved by the command line has no label.
        label, stopping = metadata.get("label", {}), metadata.get("stopping", {})
        split, data, key = metadata["split"], metadata["data"], metadata.get("key", "")
        references = {str(name): float(error) for name, error in metadata.get("references", {}).items()}
        created = datetime.fromisoformat(label.get("created", written.isoformat()))
        setup = Setup(
            model=metadata["model"],
            settings=saved_settings(metadata),
            **split_fields(split),
            data=key if key in SHARED else "",
            fingerprint=str(data["fingerprint"]),
            **stopping,
        )
        return StoredRun(
            id=run_id,
            name=clean_name(str(label.get("name", ""))) or setup.model,
            pinned=label.get("pinned", False) is True,
            created=created.astimezone(UTC).isoformat(timespec="seconds"),
            setup=setup,
            title=str(data["title"]),
            history=read_history(metadata["history"]),
            references=references,
            versions={str(name): str(version) for name, version in metadata["versions"].items()},
            note=clean_note(str(label.get("note", ""))),
        )
    except DAMAGED as error:
        raise InputError(damaged(path)) from error


def clean_name(name: str) -> str:
    """Return a name on one line, of at most `MAX_NAME_CHARS` printable characters."""
    return _one_line(name, MAX_NAME_CHARS)


def clean_note(note: str) -> str:
    """Return a note on one line, of at most `MAX_NOTE_CHARS` printable characters."""
    return _one_line(note, MAX_NOTE_CHARS)


def _one_line(text: str, longest: int) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:longest].strip()
