"""Where listening data comes from: the sample, Last.fm, or a file of the reader's own."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from recsys.datasets.base import Dataset
from recsys.datasets.lastfm import load_lastfm, read_folder, read_zip
from recsys.datasets.table import read_table
from recsys.errors import InputError


def load(data: str) -> Dataset:
    """Load a data set by its key or its path.

    Parameters
    ----------
    data : str
        `sample`, `lastfm`, a folder or zip with the Last.fm files, or a table (see `read_table`).

    Raises
    ------
    InputError
        If there is no such data, or it cannot be used.
    """
    if data == "sample":
        from recsys.datasets.sample import load_sample

        return load_sample()
    if data == "lastfm":
        return load_lastfm()
    try:
        path = Path(data).expanduser()
        if path.is_dir():
            return read_folder(path)
        if path.is_file():
            return read_zip(path) if path.suffix.lower() == ".zip" else read_table(path)
    except (OSError, RuntimeError):  # no place at all: a name too long, or an unknown ~user
        pass
    raise InputError(
        f"There is no data {data[:200]!r}. Give sample, lastfm, a folder or zip with the Last.fm files, "
        "or a table (CSV, TSV or Parquet)."
    )


def read_upload(name: str, file: IO[bytes]) -> Dataset:
    """Read a file that someone handed over: the Last.fm zip or a table, as its name says.

    Raises
    ------
    InputError
        If it cannot be used.
    """
    return read_zip(file, name) if name.lower().endswith(".zip") else read_table(file, name)
