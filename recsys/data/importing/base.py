"""Tables of an upload as DuckDB reads them, and the roles of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import duckdb

from recsys.data.importing.archives import File
from recsys.data.importing.titles import ROLES
from recsys.data.nouns import Nouns

PREVIEWED = 8
MAX_COLUMNS = 1_000


class Refused(NamedTuple):
    """A row that cannot be read: its line (1 for the first of the file), its text, and why."""

    line: int
    text: str
    reason: str


@dataclass(eq=False)
class Table:
    """A file of rows with titles.

    Attributes
    ----------
    file : File
        Where it stands.
    titles : list of str
        One for each column, all different.
    rows : list of list of str
        Some rows from all over the file, a cell for each title; the first ones come first.
    form : str
        How it is written, as a phrase.
    notes : list of str
        What was guessed about it, a sentence each.
    named : bool
        Whether the titles stand in the file.
    kinds : list of str
        What the source gives of each column: `text`, `whole` numbers or any number, a `fraction`; all text if empty.
    has_lines : bool
        Whether the source has a column `line`.
    has_broken : bool
        Whether the source has a column `broken`, with the text of what is no row.
    """

    file: File
    titles: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    form: str = ""
    notes: list[str] = field(default_factory=list)
    named: bool = True
    kinds: list[str] = field(default_factory=list)
    has_lines: bool = False
    has_broken: bool = False

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.file.name

    def preview(self) -> list[list[str]]:
        """Return the first rows."""
        return self.rows[:PREVIEWED]

    def kind(self, column: int) -> str:
        """Return what the source gives of a column."""
        return self.kinds[column] if self.kinds else "text"

    def column(self, title: str) -> list[str]:
        """Return the cells of some rows under a title, those that are empty left out."""
        place = self.titles.index(title)
        return [row[place].strip() for row in self.rows if row[place].strip()]

    def source(self, connection: duckdb.DuckDBPyConnection, columns: Sequence[int]) -> str:
        """Return what stands behind FROM to read columns, named `c0`, `c1` and so on, of their kinds.

        Text is never missing but empty. With `has_lines`, a column `line` has the line of each row.
        """
        raise NotImplementedError

    def finish(
        self, connection: duckdb.DuckDBPyConnection, columns: Sequence[int]
    ) -> tuple[list[tuple[int, list[str]]], list[Refused], int]:
        """Return what the source left out: mended rows (line, cells), some of the refused ones, and their number.

        To be called after all rows were read.
        """
        return [], [], 0

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """Return the lines of rows by their number among those of the source, from 1 on."""
        return list(ordinals)


@dataclass(frozen=True)
class Drop:
    """Rows that are left out on purpose.

    Attributes
    ----------
    title : str
        The column that tells.
    test : str
        A condition in SQL, with `{}` for the column.
    reason : str
        Why they are left out.
    """

    title: str
    test: str
    reason: str


@dataclass(frozen=True)
class Columns:
    """The roles of columns, by title.

    Attributes
    ----------
    item : str
        The item; always needed.
    user : str
        The user; empty if a file or a folder is one listener's.
    value : str
        The plays or ratings, above 0; empty if each row is one play.
    name : str
        The item's name; empty if the item's label is its name.
    time : str
        When it was; empty if that is not known.
    repeats : str
        What to do with several rows for a pair: `sum` their values or keep the `last`.
    drops : tuple of Drop
        Rows that are left out.
    pattern : str
        A regular expression whose first group is the item, where it is a part of the column.
    rated : bool
        Whether values are ratings.
    guessed : bool
        Whether the roles were guessed from the shape of the columns.
    """

    item: str
    user: str = ""
    value: str = ""
    name: str = ""
    time: str = ""
    repeats: str = "sum"
    drops: tuple[Drop, ...] = ()
    pattern: str = ""
    rated: bool = False
    guessed: bool = False

    @property
    def titles(self) -> list[str]:
        """The titles of all columns that are needed, each once."""
        wanted = [*(getattr(self, role) for role in ROLES), *(drop.title for drop in self.drops)]
        return list(dict.fromkeys(title for title in wanted if title))


class Format(Protocol):
    """A published layout or an export of a service; a module of its own for each."""

    @property
    def NAME(self) -> str:
        """Name of the format."""

    def columns(self, table: Table) -> Columns | None:
        """Return the roles of columns if the table is of this format."""

    def nouns(self, columns: Columns) -> Nouns:
        """Return the words for users, items and values."""


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def unique_titles(titles: Sequence[str]) -> list[str]:
    """Give each column a title of its own."""
    given: dict[str, int] = {}
    unique = []
    for place, title in enumerate(titles, 1):
        plain = " ".join(title.split())[:200] or f"Column {place}"
        while plain in given:
            given[plain] += 1
            plain = f"{plain} ({given[plain]})"
        given[plain] = 1
        unique.append(plain)
    return unique
