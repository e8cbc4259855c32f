"""Where listening data comes from: the sample, Last.fm, or files of the reader's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from recsys.data.dataset import SHARED, UPLOAD, Dataset
from recsys.data.importing.archives import Upload
from recsys.data.importing.readers.text_dialect import TextForm
from recsys.data.importing.report import Report
from recsys.data.importing.schema import Survey, survey
from recsys.data.importing.validation import validate
from recsys.data.sources.lastfm import NEEDED, load_lastfm, read_folder, read_zip
from recsys.errors import InputError

__all__ = [
    "Report",
    "Survey",
    "TextForm",
    "is_published",
    "load",
    "published_report",
    "report_on",
    "survey",
    "validate",
]


def load(data: str, columns: Mapping[str, str] | None = None, text: TextForm | None = None) -> Dataset:
    """Load a data set by its key or its path.

    Parameters
    ----------
    data : str
        `sample`, `lastfm`, a folder or zip with the Last.fm files, or other files (see `report_on`).
    columns : mapping, optional
        The roles of columns, where the titles do not say them (see `Survey.choose`).
    text : TextForm, optional
        How text is written, where that is known.

    Raises
    ------
    InputError
        If there is no such data, it cannot be used, or columns are given for data whose columns are known.
    """
    if columns and data in SHARED:
        raise _known(data)
    if data == "sample":
        from recsys.data.sources.sample import load_sample

        return load_sample()
    if data == "lastfm":
        return load_lastfm()
    path = _path(data)
    if is_published([(path.name, path)]):
        if columns:
            raise _known(data)
        return read_folder(path) if path.is_dir() else read_zip(path)
    report = report_on(data, columns, text)
    if report.dataset is None:
        first = ", ".join(f"line {line}: {reason}" for _, line, _, reason in report.examples[:1])
        dropped = ", ".join(f"{reason}: {count:,}" for reason, count in report.dropped.most_common())
        raise InputError(
            f"{path}: {report.problem}"
            + (f" The first: {first}." if first else "")
            + (f" Left out: {dropped}." if dropped else "")
        )
    return report.dataset


def report_on(data: str, columns: Mapping[str, str] | None = None, text: TextForm | None = None) -> Report:
    """Read the file, zip or folder at a path and report what can be used of it.

    Raises
    ------
    InputError
        If there is no such place, nothing in it can be read, or it has no such columns.
    """
    path = _path(data)
    found = survey([(path.name, path)], text=text)
    return validate(found, found.choose(columns or {}), key=data)


def is_published(sources: list[tuple[str, Path | IO[bytes]]]) -> bool:
    """Say whether this is the published Last.fm data: one folder or zip with its files.

    Raises
    ------
    InputError
        If it is a zip that cannot be read.
    """
    name, source = sources[0]
    if len(sources) > 1 or not (
        name.lower().endswith(".zip") or (isinstance(source, Path) and source.is_dir())
    ):
        return False
    names = {file.file for file in Upload(sources).files}
    return set(NEEDED) <= names or (
        bool(names & set(NEEDED)) and all(name.endswith(".dat") for name in names)
    )


def published_report(sources: list[tuple[str, IO[bytes]]]) -> Report:
    """Read the published Last.fm files out of a zip, all or nothing, and report.

    Raises
    ------
    InputError
        If they do not have the published form.
    """
    name, file = sources[0]
    dataset = replace(read_zip(file, name), key=UPLOAD)
    pairs = len(dataset.interactions)
    return Report(rows=pairs, used=pairs, notes=["These are the published Last.fm files."], dataset=dataset)


def _known(data: str) -> InputError:
    return InputError(f"The columns of {data} are known and cannot be chosen: leave them out (--columns).")


def _path(data: str) -> Path:
    try:
        path = Path(data).expanduser()
        if path.exists():
            return path
    except (OSError, RuntimeError, ValueError):  # no place at all: a name too long, or an unknown ~user
        pass
    raise InputError(
        f"There is no data {data[:200]!r}. Give sample, lastfm, a folder or zip with the Last.fm files, "
        "or a table (CSV, TSV, JSON lines or Parquet)."
    )
