"""Detection of table files, formats and column roles in an upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from recsys.data.importing.archives import File, Source, Upload
from recsys.data.importing.base import Columns, Format, Table
from recsys.data.importing.formats import exports, generic, movielens, shapes
from recsys.data.importing.readers.csv import CsvTable
from recsys.data.importing.readers.text_dialect import TextForm, is_number
from recsys.data.importing.registry import open_table
from recsys.data.importing.titles import REPEATS, ROLES, plain
from recsys.data.nouns import Nouns
from recsys.errors import InputError


@dataclass(frozen=True, eq=False)
class Survey:
    """Tables found in an upload, before all rows are read.

    Attributes
    ----------
    title : str
        What to call it.
    tables : list of Table
        Those that can be read; the first is shown, and says which columns there are.
    format : Format
        What the first one is.
    columns : Columns or None
        The roles of its columns, as far as they are known; None if no column is known for the item.
    others : dict of str to str
        Files that are not read: by name, a sentence that says why.
    files : list of File
        All files.
    names : Table or None
        A table with the names of the items.
    """

    title: str
    tables: list[Table]
    format: Format
    columns: Columns | None
    others: dict[str, str]
    files: list[File]
    names: Table | None = None

    @property
    def table(self) -> Table:
        """The table that is shown."""
        return self.tables[0]

    def nouns(self, columns: Columns) -> Nouns:
        """Return the words for users, items and values, with these columns."""
        if self.columns is None or columns.item != self.columns.item:
            return generic.nouns(columns)
        if columns.rated and any(file.file in movielens.NAMES for file in self.files):
            return movielens.NOUNS
        return self.format.nouns(columns)

    def choose(self, given: Mapping[str, str]) -> Columns:
        """Return the columns that were found, with some replaced by those given (see `choose`)."""
        return choose(self.table, self.columns, given)

    def columns_of(self, table: Table, chosen: Columns) -> Columns | None:
        """Return the roles of columns of one of the tables: those chosen, or its own where it has other titles."""
        if set(chosen.titles) <= set(table.titles):
            return chosen
        own = find_format(table)[1]
        return own if own and own.rated == chosen.rated else None


def choose(table: Table, known: Columns | None, given: Mapping[str, str]) -> Columns:
    """Return the roles of columns that are known, with some replaced by those given.

    Parameters
    ----------
    table : Table
    known : Columns or None
        What was found.
    given : mapping
        Titles, or numbers from 1, by `user`, `item`, `value`, `name` and `time`, empty for none; and
        `repeats`, `sum` or `last`.

    Raises
    ------
    InputError
        If there is no such column, or none for the item.
    """
    chosen: dict[str, Any] = {
        role: title if role == "repeats" else _title(table, role, title) for role, title in given.items()
    }
    unknown = set(given) - {*ROLES, "repeats"}
    if unknown or chosen.get("repeats", "sum") not in REPEATS:
        raise InputError(
            f"Columns are given as user=..., item=..., value=..., name=... and time=..., and repeats as sum or last, "
            f"not {', '.join(f'{name}={given[name]}' for name in sorted(unknown or ['repeats']))!r}."
        )
    known = known or generic.roles(table)
    if not chosen.get("item", known.item):
        shown = ", ".join(table.titles)[:200]
        raise InputError(
            f"No column of {table.name} is known to say what a row is about, only {shown!r}. "
            "Say which it is, by its title or its number from 1: on the Data page, or with "
            "--columns user=...,item=...,value=..." + "".join(f" {note}" for note in table.notes)
        )
    if not chosen:
        return known
    taken = {title for title in chosen.values() if title}
    freed = {
        role: "" for role in ROLES if role not in chosen and getattr(known, role) in taken
    }  # a column has one role
    if chosen.get("item", known.item) != known.item and "name" not in chosen:
        freed["name"] = generic.find_name(
            [title for title in table.titles if title not in taken], chosen["item"]
        )
    if chosen.get("item", known.item) != known.item:
        freed["pattern"] = ""
    columns = replace(known, **{"guessed": False} | freed | chosen)
    columns = replace(columns, drops=tuple(drop for drop in columns.drops if drop.title != columns.user))
    if chosen.get("value", known.value) != known.value or freed:
        columns = generic.with_value(columns, table)
    return replace(columns, repeats=chosen.get("repeats", columns.repeats))


def _title(table: Table, role: str, title: str) -> str:
    titles = table.titles
    if not title or title in titles:
        return title
    for other in titles:
        if plain(other) == plain(title):
            return other
    if title.isdecimal() and 1 <= int(title[:9]) <= len(titles):
        return titles[int(title) - 1]
    raise InputError(f"There is no column {title[:80]!r} for the {role}, only {', '.join(titles)[:200]!r}.")


def survey(sources: list[tuple[str, Source]], title: str = "", text: TextForm | None = None) -> Survey:
    """Find out what was uploaded.

    Parameters
    ----------
    sources : list of (name, path or binary file)
        Files, folders and archives.
    title : str
        What to call it; else the name of the first.
    text : TextForm, optional
        How text is written, where that is known.

    Raises
    ------
    InputError
        If nothing in it is a table.
    """
    files = Upload(sources).files
    title = title or sources[0][0] + (f" and {len(sources) - 1} more" if len(sources) > 1 else "")
    tables: list[Table] = []
    others: dict[str, str] = {}
    problems: list[InputError] = []
    for file in files:
        try:
            tables.append(open_table(file, text or TextForm()))
        except InputError as error:
            problems.append(error)
            others[file.name] = str(error)
    if not tables:
        if len(problems) == 1:
            raise problems[0]
        raise InputError(f"None of the {len(files):,} files of {title} is a table. The first: {problems[0]}")
    found = [(table, *find_format(table)) for table in tables]
    best = min(found, key=_rank)
    main, form, columns = best
    _adopt_titles(main, [table for table, *_ in found if table is not main])
    found = [entry if entry is best else (entry[0], *find_format(entry[0])) for entry in found]
    same = [
        main,
        *(table for table, other, own in found if table is not main and _belongs(best, table, other, own)),
    ]
    same = _without_account_data(same, others)
    rest = [table for table in tables if table not in same and table.name not in others]
    names = next((table for table in rest if columns and _has_names(table, columns)), None)
    others |= {table.name: f"{table.name} is not of the same form." for table in rest if table is not names}
    return Survey(title, same, form, columns, others, files, names)


def find_format(table: Table) -> tuple[Format, Columns | None]:
    """Return the format of a table and the roles of its columns, if they are known."""
    from recsys.data.importing.registry import FORMATS

    for form in FORMATS:
        columns = form.columns(table)
        if columns is not None:
            return form, columns
    return FORMATS[-1], None


def _rank(entry: tuple[Table, Format, Columns | None]) -> tuple[bool, ...]:
    """Return what is smallest for the table that says most."""
    _, form, columns = entry
    if columns is None:
        return (True,) * 4
    return False, form in (generic, shapes), not columns.user, not columns.value


def _belongs(
    best: tuple[Table, Format, Columns | None], table: Table, form: Format, own: Columns | None
) -> bool:
    """Say whether a table is read together with the best one."""
    main, its_form, columns = best
    if table.file.file in movielens.NAMES:
        return False
    if table.titles == main.titles and form is its_form:
        return True
    if columns is None or own is None:
        return False
    spotify = (exports.SPOTIFY, exports.SPOTIFY_ACCOUNT)
    if form is not its_form:
        return form in spotify and its_form in spotify
    if form is not generic:
        return True
    return bool(columns.user) == bool(own.user) and plain(columns.item) == plain(own.item)


def _adopt_titles(main: Table, others: list[Table]) -> None:
    """Give the titles of one file to those of the same width that have none: parts of a file that was cut."""
    for table in others:
        if not (main.named and isinstance(main, CsvTable) and isinstance(table, CsvTable)):
            continue
        if len(table.titles) == len(main.titles) and table.dialect.delimiter == main.dialect.delimiter:
            if table.named and not any("was taken for titles" in note for note in table.notes):
                continue
            if table.named:
                table.take_no_titles()
            numbers = [place for place, title in enumerate(main.titles) if is_number(main.column(title))]
            if all(is_number([row[place] for row in table.rows]) for place in numbers):
                table.titles, table.named = list(main.titles), True
                table.notes.append(f"{table.name} has no titles: those of {main.name} were taken.")


def _without_account_data(tables: list[Table], others: dict[str, str]) -> list[Table]:
    """Leave out Spotify's account data of a person whose extended history is there: it holds the same plays."""
    extended = {table.file.folders for table in tables if exports.SPOTIFY.columns(table)}
    kept = []
    for table in tables:
        if exports.SPOTIFY_ACCOUNT.columns(table) and table.file.folders in extended:
            others[table.name] = f"{table.name} was left out: the extended history has the same plays."
        else:
            kept.append(table)
    return kept


def _has_names(table: Table, columns: Columns) -> bool:
    """Say whether a table has the names of items, under their ids."""
    if table.file.file in movielens.NAMES:
        return len(table.titles) > 1
    titles = [plain(title) for title in table.titles]
    return plain(columns.item) in titles and bool(
        generic.find_name(
            [title for title in table.titles if plain(title) != plain(columns.item)], columns.item
        )
    )
