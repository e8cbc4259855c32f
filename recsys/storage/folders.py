"""Folders of saved files, and the free space they need."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from platformdirs import user_data_path

from recsys.errors import InputError
from recsys.system.atomic_files import make_folder, reason

PRIVATE_FOLDER = "own"
MIN_FREE_BYTES = 500_000_000


def runs_folder() -> Path:
    """Return the folder of saved runs: RECSYS_RUNS, or else one in the user data folder of the system."""
    named = os.environ.get("RECSYS_RUNS")
    return Path(named).expanduser() if named else user_data_path("encore") / "runs"


def owner_folder(owner: str) -> Path:
    """Return the private folder of an owner.

    Parameters
    ----------
    owner : str
        A secret; the folder is named by its SHA-256, so that a list of folders does not reveal it.
    """
    return runs_folder() / PRIVATE_FOLDER / hashlib.sha256(owner.encode()).hexdigest()[:32]


def ensure_space(folder: Path) -> None:
    """Create a folder unless it exists, and check that the disk has free space.

    Raises
    ------
    InputError
        If it cannot be created, or the disk is nearly full.
    """
    try:
        make_folder(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise InputError(
            f"The folder to save in cannot be made: {reason(error)} "
            "Or set RECSYS_RUNS to a folder that can be written to."
        ) from error
    if free < MIN_FREE_BYTES:
        raise InputError("The disk is nearly full: nothing can be saved now.")
