"""Private datasets of a user, stored as zipped Parquet."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import struct
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from recsys.data.dataset import Dataset, History
from recsys.data.interactions import Interactions
from recsys.data.nouns import Nouns
from recsys.errors import InputError
from recsys.storage.folders import PRIVATE_FOLDER, ensure_space, owner_folder, runs_folder
from recsys.system.atomic_files import remove_stale, write_atomic

KEY = re.compile(r"(kept|held)-[0-9a-f]{12}")
MAX_DATASETS_PER_OWNER, MAX_HELD_DATASETS = 10, 3
HELD_FOR = 24 * 3600.0  # seconds since it was last opened
MAX_CLOCK_JUMP = 3600.0  # seconds
DATASET_FORMAT = 1
DAMAGED = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,  # encrypted zip, or unsupported compression
    EOFError,
    zlib.error,
    struct.error,
    zipfile.BadZipFile,
    pa.ArrowException,
)


@dataclass(frozen=True)
class KeptEntry:
    """Metadata of a stored dataset.

    Attributes
    ----------
    key : str
        Identifier: `kept-` and 12 hexadecimal digits.
    title : str
    created : str
        Date and time in UTC, as ISO 8601.
    pairs : int
    """

    key: str
    title: str
    created: str
    pairs: int


class DatasetStore:
    """Datasets of one owner, in a private folder.

    Parameters
    ----------
    owner : str
        Secret of the owner; see `RunStore.of`.
    """

    def __init__(self, owner: str) -> None:
        self.folder = owner_folder(owner) / "data"

    def hold(self, dataset: Dataset) -> Dataset:
        """Write data for `HELD_FOR`, in place of the oldest that is held; return it under the key that opens it again.

        Raises
        ------
        InputError
            If there is no room, or the folder cannot be written.
        """
        ensure_space(self.folder)
        new = self._write(dataset, "held")
        others = [path for path in self.folder.glob("held-*.zip") if path.stem != new.key]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[MAX_HELD_DATASETS - 1 :]:
            path.unlink(missing_ok=True)
        return new

    def keep(self, dataset: Dataset) -> Dataset:
        """Write data, until it is deleted; return it under the key that opens it again.

        Raises
        ------
        InputError
            If the disk is full, there are too many datasets, or the folder cannot be written.
        """
        ensure_space(self.folder)
        if len(self.entries()) >= MAX_DATASETS_PER_OWNER:
            raise InputError(
                f"{MAX_DATASETS_PER_OWNER} data sets are kept, and that is the most. Delete one first."
            )
        kept = self._write(dataset, "kept")
        if is_held(dataset.key):
            self.delete(dataset.key)
        return kept

    def _write(self, dataset: Dataset, kind: str) -> Dataset:
        key = f"{kind}-{secrets.token_hex(6)}"
        write_atomic(self.folder / f"{key}.zip", _pack(dataset), called="The data")
        return replace(dataset, key=key, is_public=False)

    def entries(self) -> list[KeptEntry]:
        """Return what is kept and not only held, the latest first; what is damaged is left out."""
        found = []
        remove_stale(self.folder)
        for path in self.folder.glob("kept-*.zip"):
            try:
                with zipfile.ZipFile(path) as file:
                    about = json.loads(file.read("about.json"))
                entry = KeptEntry(path.stem, str(about["title"]), str(about["created"]), int(about["pairs"]))
            except DAMAGED:
                continue
            found.append(entry)
        return sorted(found, key=lambda entry: entry.created, reverse=True)

    def open(self, key: str) -> Dataset:
        """Load a dataset.

        Raises
        ------
        InputError
            If there is none of this key, or it is damaged.
        """
        path = self._path(key)
        with contextlib.suppress(OSError):
            os.utime(path)
        try:
            with zipfile.ZipFile(path) as file:
                return _unpack(key, file)
        except DAMAGED as error:
            raise InputError("This data was kept, but the file is damaged. Bring it again.") from error

    def delete(self, key: str) -> None:
        """Delete a dataset permanently.

        Raises
        ------
        InputError
            If there is none of this key, or it cannot be deleted.
        """
        try:
            self._path(key).unlink()
        except OSError as error:
            raise InputError(f"The data cannot be deleted: {error.strerror}.") from error

    def _path(self, key: str) -> Path:
        path = self.folder / f"{key}.zip"
        if not KEY.fullmatch(key) or not path.is_file():
            raise InputError("This data is not kept here: it may be another browser's, or deleted.")
        return path


def is_held(key: str) -> bool:
    """Tell whether data is held for a while, and neither kept nor anything else."""
    return key.startswith("held-") and KEY.fullmatch(key) is not None


def forget_expired() -> None:
    """Delete what was held, of all owners, and not opened for `HELD_FOR`; nothing if the clock jumped meanwhile."""
    if abs(_lead() - _LEAD_AT_START) > MAX_CLOCK_JUMP:
        return
    for path in (runs_folder() / PRIVATE_FOLDER).glob("*/data/held-*.zip"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > HELD_FOR:
                path.unlink()


def _lead() -> float:
    """Return by how many seconds the clock is ahead of one that cannot be set and goes on while the machine sleeps."""
    steady = time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
    return time.time() - steady


_LEAD_AT_START = _lead()


def _pack(dataset: Dataset) -> bytes:
    known = dataset.interactions
    tables: dict[str, pd.DataFrame | None] = {
        "pairs": pd.DataFrame({"user": known.user_codes, "item": known.item_codes, "value": known.values}),
        "users": pd.DataFrame({"label": known.users}),
        "items": pd.DataFrame({"label": known.items, "name": known.names}),
        "tags": dataset.tags,
        "friends": dataset.friends,
    }
    if (history := dataset.history) is not None:
        tables["times"] = pd.DataFrame({"first": history.first, "last": history.last})
        tables["months"] = pd.DataFrame(
            {name: getattr(history, name) for name in ("users", "items", "months", "values")}
        )
    about = {
        "format": DATASET_FORMAT,
        "title": dataset.title,
        "origin": dataset.origin,
        "licence": dataset.licence,
        "nouns": asdict(dataset.nouns),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "pairs": len(known),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("about.json", json.dumps(about))
        for name, table in tables.items():
            if table is not None:
                file.writestr(f"{name}.parquet", table.to_parquet(index=False))
    return content.getvalue()


def _unpack(key: str, file: zipfile.ZipFile) -> Dataset:
    about: dict[str, Any] = json.loads(file.read("about.json"))
    if about["format"] != DATASET_FORMAT:
        raise ValueError("another format")
    there = set(file.namelist())

    def table(name: str) -> pd.DataFrame:
        return pd.read_parquet(io.BytesIO(file.read(f"{name}.parquet")))

    users, items = table("users"), table("items")
    known = Interactions.from_frame(table("pairs"))
    if (known.n_users, known.n_items) != (len(users), len(items)):
        raise ValueError("other codes than labels")
    return Dataset(
        key=key,
        title=str(about["title"]),
        origin=str(about["origin"]),
        licence=str(about["licence"]),
        interactions=replace(
            known,
            users=pd.Index(users["label"], name="user"),
            items=pd.Index(items["label"], name="item"),
            names=items["name"].to_numpy(object),
        ),
        tags=table("tags") if "tags.parquet" in there else None,
        friends=table("friends") if "friends.parquet" in there else None,
        nouns=Nouns(**about["nouns"]),
        history=_history(table("times"), table("months"), known) if "times.parquet" in there else None,
    )


def _history(times: pd.DataFrame, months: pd.DataFrame, known: Interactions) -> History:
    """Return the history that was kept.

    Raises
    ------
    ValueError
        If it is that of other pairs.
    """
    history = History(
        *(times[name].to_numpy("datetime64[s]") for name in ("first", "last")),
        *(months[name].to_numpy() for name in ("users", "items", "months", "values")),
    )
    codes = ((history.users, known.n_users), (history.items, known.n_items))
    if len(times) != len(known) or any(
        len(some) and not 0 <= some.min() <= some.max() < n for some, n in codes
    ):
        raise ValueError("times of other pairs")
    return history
