"""Detection of table files, formats and column roles in an upload."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recsys.data.importing.archives import File, Source, Upload
from recsys.data.importing.base import Columns, Format, Table
from recsys.data.importing.formats import exports, generic, movielens, shapes
from recsys.data.importing.formats.layout import Layout
from recsys.data.importing.readers.csv import CsvTable
from recsys.data.importing.readers.text_dialect import TextForm, is_number
from recsys.data.importing.registry import open_table
from recsys.data.importing.titles import REPEATS, ROLES, WORDS, find, plain
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
        form, own = find_format(table)
        if set(chosen.titles) <= set(table.titles) and (form is self.format or table is self.table):
            return chosen
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
    same = _one_form_each(_without_copies(same, others), others)
    rest = [table for table in tables if table not in same and table.name not in others]
    names = next((table for table in rest if columns and _has_names(table, columns)), None)
    rest = [table for table in rest if table is not names]
    main_name = main.name.rsplit("/")[-1]
    others |= {table.name: f"{table.name} is not of the same form as {main_name}." for table in rest}
    return Survey(title, same, form, columns, others, files, names)


def find_format(table: Table) -> tuple[Format, Columns | None]:
    """Return the format of a table and the roles of its columns, if they are known."""
    from recsys.data.importing.registry import FORMATS

    for form in FORMATS:
        columns = form.columns(table)
        if columns is not None:
            return form, columns
    return FORMATS[-1], None


def _rank(entry: tuple[Table, Format, Columns | None]) -> tuple[int, ...]:
    """Return what is smallest for the table that says most."""
    _, form, columns = entry
    if columns is None:
        return (True,)
    known = exports.SERVICES.index(form) if isinstance(form, Layout) else len(exports.SERVICES)
    return False, known, columns.guessed, _is_catalogue(columns), not columns.user, not columns.value


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
    if isinstance(form, Layout) and isinstance(its_form, Layout):  # people bring exports of several services
        return form is its_form or (not columns.value and not own.value and form.words == its_form.words)
    if form is not its_form:
        return False
    if form is shapes:
        return len(table.titles) == len(main.titles) and own == columns
    if _is_catalogue(own):
        return False
    return bool(columns.user) == bool(own.user) and plain(columns.item) == plain(own.item)


def _is_catalogue(columns: Columns) -> bool:
    """Say whether a table lists items and their names, without plays."""
    return bool(columns.name) and not (columns.user or columns.value or columns.time)


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


def listeners(tables: Sequence[Table]) -> list[str]:
    """Name the listener of each file, for those that have no column for it: by folder if there are several."""
    folders = [table.file.folders for table in tables]
    shared = 0
    while len(set(folders)) > 1 and len({folder[: shared + 1] for folder in folders}) == 1:
        shared += 1
    names = [folder[shared] if len(folder) > shared else "" for folder in folders]
    if len(set(filter(None, names))) < 2 and not (any(names) and not all(names)):
        names = [""] * len(tables)
    return [name or table.file.stem for name, table in zip(names, tables, strict=True)]


def _without_copies(tables: list[Table], others: dict[str, str]) -> list[Table]:
    """Leave out files with the same bytes as another one of the same listener."""
    first: dict[tuple[object, ...], str] = {}
    sizes = Counter(table.file.path.stat().st_size for table in tables)
    kept = []
    for table, who in zip(tables, listeners(tables), strict=True):
        size = table.file.path.stat().st_size
        columns = find_format(table)[1] if sizes[size] > 1 else None
        if columns is not None:
            with table.file.path.open("rb") as stream:
                content = hashlib.file_digest(stream, "sha256").digest()
            name = first.setdefault((content, "" if columns.user else who), table.name)
            if name != table.name:
                others[table.name] = f"{table.name} has the same content as {name}."
                continue
        kept.append(table)
    return kept


def _one_form_each(tables: list[Table], others: dict[str, str]) -> list[Table]:
    """Leave out what a listener has from a second service, as the same plays may stand in both."""
    whose = dict(zip(tables, listeners(tables), strict=True))
    ranks = {table: _rank((table, *find_format(table)))[:2] for table in tables}
    firsts: dict[str, Table] = {}
    for table in sorted(tables, key=lambda table: ranks[table]):
        firsts.setdefault(whose[table], table)
    kept = []
    for table in tables:
        best = firsts[whose[table]]
        if table.file.folders and ranks[best] < ranks[table]:
            others[table.name] = f"{table.name} was left out: {best.name} may have the same plays."
        else:
            kept.append(table)
    return kept


def _has_names(table: Table, columns: Columns) -> bool:
    """Say whether a table has the names of items, under their ids."""
    if table.file.file in movielens.NAMES:
        return len(table.titles) > 1
    item = next((title for title in table.titles if plain(title) == plain(columns.item)), "")
    if not item or find(table.titles, WORDS["user"]):
        return False
    ids = [row[table.titles.index(item)] for row in {tuple(row): row for row in table.rows}.values()]
    others = [title for title in table.titles if title != item]
    return bool(generic.find_name(others, item, alone=True)) and len(set(ids)) >= 0.9 * len(ids)
