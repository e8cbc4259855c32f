"""Data that the operator of a server offers to everybody: what lies in the folder that RECSYS_DATA names."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from recsys.data.dataset import OFFERED, Dataset
from recsys.data.importing.readers.parquet import ParquetTable
from recsys.data.importing.report import Report
from recsys.data.importing.schema import survey
from recsys.data.importing.validation import validate_steps
from recsys.errors import InputError
from recsys.system.memory import available

# Uploads are bounded to a fifth of it; these datasets are chosen by the operator.
MOST_PAIRS = 120_000_000
# What reading takes at its most, for each row: measured at 20 and at 100 million.
BYTES_OF_ROW = 90


@dataclass(frozen=True)
class ServerDataset:
    """A file, zip or folder that can be read.

    Attributes
    ----------
    key : str
        Names it in addresses.
    path : Path
    size : int
        Bytes of all its files.
    changed : int
        When one of them was last written, in nanoseconds since 1970.
    """

    key: str
    path: Path
    size: int
    changed: int


def offers() -> list[ServerDataset]:
    """Return what there is to read, by name; names that no address can hold are left out."""
    named = os.environ.get("RECSYS_DATA")
    if not named:
        return []
    try:
        paths = sorted(Path(named).expanduser().iterdir())
    except OSError:
        return []
    found = []
    for path in paths:
        if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,79}", path.name, re.ASCII):
            continue
        try:
            told = [file.stat() for file in (path.rglob("*") if path.is_dir() else [path])]
        except OSError:
            continue
        size, changed = sum(one.st_size for one in told), max((one.st_mtime_ns for one in told), default=0)
        found.append(ServerDataset(OFFERED + path.name, path, size, changed))
    return found


def find_offer(key: str) -> ServerDataset:
    """Return the offer of this key.

    Raises
    ------
    InputError
        If there is none.
    """
    for offer in offers():
        if offer.key == key:
            return offer
    raise InputError(f"This server offers no data {key.removeprefix(OFFERED)[:80]!r}.")


class Reading:
    """Reads an offer, a moment at a time, for `JobScheduler` or a loop over `step`.

    Attributes
    ----------
    progress : float
        How much is read, 0 to 1, where that can be known.
    report : Report
        What was read so far; has the data set at the end.
    """

    def __init__(self, offer: ServerDataset) -> None:
        self.offer = offer
        self.report = Report()
        self.rows: int | None = None
        self._steps = self._read()

    @property
    def progress(self) -> float:
        """How much is read, 0 to 1; 0 where that cannot be known."""
        return self.report.progress

    @property
    def dataset(self) -> Dataset | None:
        """The dataset, at the end."""
        return self.report.dataset

    def step(self) -> None:
        """Go on for a moment.

        Raises
        ------
        StopIteration
            If all is read.
        InputError
            If it cannot be used.
        """
        next(self._steps)

    def finish(self) -> None:
        """Give up."""
        self._steps.close()

    def _read(self) -> Generator[None, None, None]:
        found = survey([(self.offer.path.name, self.offer.path)])
        counts: list[int] = [table.count for table in found.tables if isinstance(table, ParquetTable)]
        self.rows = sum(counts) if len(counts) == len(found.tables) else None
        self._check_room()
        yield
        yield from validate_steps(found, found.choose({}), self.report, self.offer.key, MOST_PAIRS)
        if self.report.problem:
            raise InputError(self.report.problem)
        if self.report.dataset is not None:
            self.report.dataset = replace(self.report.dataset, is_public=True)

    def _check_room(self) -> None:
        """Refuse what would take the memory of everybody else, where both are known."""
        left = available()
        if self.rows is None or left is None:
            return
        needed = BYTES_OF_ROW * min(self.rows, MOST_PAIRS)
        if needed > left:
            raise InputError(
                f"{self.offer.path.name} has {self.rows:,} rows. Reading them takes about {needed / 1e9:,.1f} GB of "
                f"memory, and {left / 1e9:,.1f} GB are free. Use a part of it, a larger machine, or train it on "
                "Apache Spark (python -m recsys spark-train) and open the run here."
            )
