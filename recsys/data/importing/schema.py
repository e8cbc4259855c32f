"""What somebody brought: which files are tables, of what format, and which column is what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

from recsys.data.importing.archives import Part, parts_of
from recsys.data.importing.base import Columns, Format, Table
from recsys.data.importing.readers.text_dialect import TextForm
from recsys.data.importing.registry import FORMATS, open_table
from recsys.data.nouns import Nouns
from recsys.errors import InputError

ROLES = ("user", "item", "value", "name")
REPEATS = {"sum": "Add them up", "last": "Keep the last"}


@dataclass(frozen=True, eq=False)
class Survey:
    """What was found, before any row is read.

    Attributes
    ----------
    title : str
        What to call it.
    tables : list of Table
        Those that can be read; the first is shown, and says which columns there are.
    format : Format
        What the first one is.
    columns : Columns or None
        Which column is what, as far as it is known; None if no column is known for the item.
    others : dict of str to str
        Files that are not read: by name, a sentence that says why.
    parts : list of Part
        All files.
    """

    title: str
    tables: list[Table]
    format: Format
    columns: Columns | None
    others: dict[str, str]
    parts: list[Part]

    @property
    def table(self) -> Table:
        """The table that is shown."""
        return self.tables[0]

    def nouns(self, columns: Columns) -> Nouns:
        """Say what it is about, with these columns."""
        known = self.columns is not None and columns.item == self.columns.item
        return self.format.nouns(columns) if known else FORMATS[-1].nouns(columns)

    def choose(self, given: Mapping[str, str]) -> Columns:
        """Return the columns that were found, with some replaced by those given.

        Parameters
        ----------
        given : mapping
            Titles, or numbers from 1, by `user`, `item`, `value` and `name`, empty for none; and
            `repeats`, `sum` or `last`.

        Raises
        ------
        InputError
            If there is no such column, or none for the item.
        """
        chosen: dict[str, Any] = {
            role: title if role == "repeats" else self._title(role, title) for role, title in given.items()
        }
        unknown = set(given) - {*ROLES, "repeats"}
        if unknown or chosen.get("repeats", "sum") not in REPEATS:
            raise InputError(
                f"Columns are given as user=..., item=..., value=... and name=..., and repeats as sum or last, not "
                f"{', '.join(f'{name}={given[name]}' for name in sorted(unknown or ['repeats']))!r}."
            )
        known = {} if self.columns is None else {"item": self.columns.item}
        if not (known | chosen).get("item"):
            shown = ", ".join(self.table.titles)[:200]
            raise InputError(
                f"No column of {self.table.part.name} is known to say what a row is about, only {shown!r}. "
                "Say which it is: on the Data page, or with --columns user=...,item=...,value=..."
            )
        if self.columns is not None:
            if "item" in chosen and chosen["item"] != self.columns.item and "name" not in chosen:
                chosen["name"] = ""
            return replace(self.columns, **chosen)
        return Columns(**chosen)

    def _title(self, role: str, title: str) -> str:
        titles = self.table.titles
        if not title or title in titles:
            return title
        if title.isdecimal() and 1 <= int(title[:9]) <= len(titles):
            return titles[int(title) - 1]
        raise InputError(
            f"There is no column {title[:80]!r} for the {role}, only {', '.join(titles)[:200]!r}."
        )


def survey(
    sources: list[tuple[str, Path | IO[bytes]]], title: str = "", text: TextForm | None = None
) -> Survey:
    """Find out what somebody brought.

    Parameters
    ----------
    sources : list of (name, path or binary file)
        Files, folders and zips.
    title : str
        What to call it; else the name of the first.
    text : TextForm, optional
        How text is written, where that is known.

    Raises
    ------
    InputError
        If nothing in it is a table.
    """
    brought = parts_of(sources)
    title = title or sources[0][0] + (f" and {len(sources) - 1} more" if len(sources) > 1 else "")
    tables: list[Table] = []
    others: dict[str, str] = {}
    problems: list[InputError] = []
    for part in brought:
        try:
            tables.append(open_table(part, text or TextForm()))
        except InputError as error:
            problems.append(error)
            others[part.name] = str(error)
    if not tables:
        if len(problems) == 1:
            raise problems[0]
        raise InputError(
            f"None of the {len(brought):,} files of {title} is a table. The first: {problems[0]}"
        )
    found = [(table, *_format(table)) for table in tables]
    # the format that says most, then the larger group of files
    best = min(found, key=lambda entry: (entry[2] is None, FORMATS.index(entry[1]), not _whole(entry[2])))
    _, form, columns = best
    same = [
        table for table, its_form, its in found if its_form is form and (columns is None or its is not None)
    ]
    same.sort(key=lambda table: table is not best[0])
    others |= {
        table.part.name: f"{table.part.name} is not of the same form."
        for table in tables
        if table not in same
    }
    return Survey(title, same, form, columns, others, brought)


def _format(table: Table) -> tuple[Format, Columns | None]:
    for form in FORMATS:
        columns = form.columns(table)
        if columns is not None:
            return form, columns
    return FORMATS[-1], None


def _whole(columns: Columns | None) -> bool:
    """Say whether every role has a column."""
    return columns is not None and all(getattr(columns, field.name) for field in fields(columns)[:3])
