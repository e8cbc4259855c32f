"""What a table and a format promise, whatever file it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.importing.archives import Part
from recsys.data.nouns import Nouns

# A row that cannot be read: its line (1 for the first of the file), what stands there, and why.
Refuse = Callable[[int, str, str], None]
PREVIEWED = 8
MOST_COLUMNS = 1_000


class Batch(NamedTuple):
    """Some rows: a text column for each that was asked for, empty where nothing stands.

    Attributes
    ----------
    columns : list of pyarrow string Array
        Without nulls, all of one length.
    lines : int64 array, shape (n_rows,)
        Where each row stands in its file, 1 for the first line.
    """

    columns: list[pa.Array]
    lines: NDArray[np.int64]


class Table(Protocol):
    """A file of rows with titles."""

    part: Part
    titles: list[str]
    form: str

    def preview(self) -> list[list[str]]:
        """Return the first rows, a cell for each title."""

    def batches(self, columns: Sequence[int], refuse: Refuse) -> Iterator[Batch]:
        """Yield all rows, these columns of them, a bounded number at a time."""


class Least(NamedTuple):
    """Rows with less in a column are no plays: the title, the number, and how to say it."""

    title: str
    number: float
    reason: str


@dataclass(frozen=True)
class Columns:
    """Which column is what, by title.

    Attributes
    ----------
    item : str
        The item; always needed.
    user : str
        The user; empty if a file or a folder is one listener's (`whose`).
    value : str
        The plays or ratings, above 0; empty if each row is one play.
    name : str
        The item's name; empty if the item's label is its name.
    repeats : str
        What to do with several rows for a pair: `sum` their values or keep the `last`.
    least : Least or None
        Rows that are left out.
    without_item : str
        What a row without an item is, where that is usual; else such rows are refused.
    whose : str
        Without a user column: each `file` is a listener's, or each `folder`.
    """

    item: str
    user: str = ""
    value: str = ""
    name: str = ""
    repeats: str = "sum"
    least: Least | None = None
    without_item: str = ""
    whose: str = "file"

    @property
    def titles(self) -> list[str]:
        """The titles of all columns that are needed, each once."""
        wanted = [self.user, self.item, self.value, self.name, self.least.title if self.least else ""]
        return list(dict.fromkeys(title for title in wanted if title))


class Format(Protocol):
    """Something that listening data is usually kept in; a module of its own for each."""

    NAME: str

    def columns(self, table: Table) -> Columns | None:
        """Say which column is what, if the table is of this format."""

    def nouns(self, columns: Columns) -> Nouns:
        """Say what the table is about."""
