"""Files that are no tables of rows, written as such: matrices, workbooks, ratings by item, logs of players."""

from __future__ import annotations

import csv
import html
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import numpy as np
import python_calamine

from recsys.data.importing.archives import BROKEN, ZIP, File
from recsys.data.importing.readers.csv import CsvTable
from recsys.data.importing.readers.text_dialect import TextForm, is_number
from recsys.data.importing.titles import WORDS, find_item, is_known, plain
from recsys.errors import InputError

OLD_OFFICE = b"\xd0\xcf\x11\xe0"
MAX_WORKBOOK = 256 << 20  # bytes unpacked: a workbook is read whole
MAX_CELLS = 50_000_000
LEAST_COLUMNS = 4  # of a matrix
KINDS = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"SQLite format 3": "a database (SQLite)",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"ARROW1": "an Arrow file (Feather)",
    b"FEA1": "an Arrow file (Feather)",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"MATLAB ": "a MATLAB file",
    b"<stata_dta": "a Stata file",
    b"$FL2": "an SPSS file",
    b"\x04\x22\x4d\x18": "packed with LZ4",
    b"RDX": "an R data file (.rda)",
    b"RDA": "an R data file (.rda)",
    b"X\n": "an R data file (.rds)",
    **dict.fromkeys(
        (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"), "a Python pickle, which is never opened"
    ),
    b"{\\rtf": "a text document (RTF)",
    b"ID3": "a sound file",
    b"OggS": "a sound file",
}
WEB = re.compile(rb"\s*(<!doctype html|<html|<table|<head|<body)", re.IGNORECASE)
TAKEOUT = b"outer-cell"  # class of each entry
TAKEOUT_ENTRY = re.compile(
    r'(?:typography--title">\s*([^<]+?)\s*<.*?)?content-cell[^>]*>[^<]*<a href="([^"]*)">([^<]*)</a><br>\s*'
    r'(?:<a href="[^"]*">([^<]*)</a>)?',
    re.DOTALL,
)
XML = re.compile(rb"\s*<(\?xml|plist)", re.IGNORECASE)


def refuse_known(name: str, start: bytes) -> None:
    """Call what cannot be opened by its name.

    Raises
    ------
    InputError
        If a file begins as one of those that are no tables.
    """
    if not start.strip():
        raise InputError(f"{name} is empty.")
    kind = next((kind for magic, kind in KINDS.items() if start.startswith(magic)), "")
    if start.startswith(b"PK"):
        kind = "a zip within a zip" if start.startswith(ZIP) else "an empty zip"
    if WEB.match(start):
        raise InputError(f"{name} is a web page, not a table. Ask for the export as JSON or CSV.")
    if XML.match(start):
        kind = "an XML file"
    if kind:
        raise InputError(f"{name} is {kind}, not a table. Bring a CSV, Parquet or JSON file.")


def open_converted(file: File, start: bytes, text: TextForm) -> CsvTable | None:
    """Open a file that is no table of rows as one, if it is of a known kind."""
    if start.startswith((ZIP, OLD_OFFICE)):
        return _workbook_or_arrays(file, start, text)
    if start.startswith(b"#AUDIOSCROBBLER/"):
        return _player_log(file)
    if WEB.match(start) and TAKEOUT in start:
        return _takeout_page(file)
    if start.startswith(b"%%MatrixMarket"):
        return _matrix_market(file)
    lines = start.decode("utf-8", "replace").split("\n")[:-1] or [start.decode("utf-8", "replace")]
    lines = [line.strip() for line in lines[:50] if line.strip()]
    if lines and re.fullmatch(r"\d+:", lines[0]) and len(lines) > 1 and "," in lines[1]:
        return _ratings_by_item(file)
    numbers = [line.split(" ") for line in lines]
    whole = all(cell.isdecimal() for row in numbers for cell in row)
    if whole and len({len(row) for row in numbers}) > 1 and max(map(len, numbers)) > 2:
        return _items_by_user(file)
    return None


def as_table(file: File, titles: Sequence[str], rows: Iterable[Sequence[Any]], note: str) -> CsvTable:
    """Write rows as a table that can be read."""
    path = file.upload.new_path(".csv")
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(titles)
        writer.writerows(rows)
    copy = File(file.name, lambda: path.open("rb"), file.upload, path)
    table = CsvTable(copy, TextForm("utf-8", ",", True, 0))
    table.form = note
    return table


def _lines(file: File) -> Iterator[str]:
    with file.path.open(encoding="utf-8-sig", errors="replace") as lines:
        for line in lines:
            yield line.rstrip("\r\n")


def _player_log(file: File) -> CsvTable:
    titles = ["artist", "album", "track", "number", "length", "played", "timestamp", "mbid"]
    rows = (line.split("\t") for line in _lines(file) if line.strip() and not line.startswith("#"))
    return as_table(file, titles, ([*row, *[""] * 8][:8] for row in rows), "log of a player (.scrobbler.log)")


def _takeout_page(file: File) -> CsvTable:
    """Read the history of YouTube as a web page, the form in which Google Takeout gives it by default."""

    def cells() -> Iterator[str]:
        rest = ""
        with file.path.open(encoding="utf-8-sig", errors="replace") as page:
            while part := page.read(1 << 20):
                *whole, rest = (rest + part).split(TAKEOUT.decode())
                yield from whole
        yield rest

    def rows() -> Iterator[list[str]]:
        for cell in cells():
            if found := TAKEOUT_ENTRY.search(cell):
                yield [html.unescape(part or "").strip() for part in found.groups()]

    titles = ["header", "titleUrl", "title", "subtitles.0.name"]
    table = as_table(file, titles, rows(), "web page of Google Takeout")
    if not table.rows:
        raise InputError(f"{file.name} is a web page without plays. Ask for the export as JSON.")
    table.notes.append("The times on the web page were not read; the export as JSON has them.")
    return table


def _ratings_by_item(file: File) -> CsvTable:
    def rows() -> Iterator[list[str]]:
        item = ""
        for line in _lines(file):
            if line.rstrip().endswith(":"):
                item = line.strip()[:-1]
            elif line.strip():
                user, *more = line.split(",")
                yield [user, item, *[*more, "", ""][:2]]

    return as_table(
        file, ["user_id", "movie_id", "rating", "date"], rows(), "text with ratings under the id of each item"
    )


def _items_by_user(file: File) -> CsvTable:
    def rows() -> Iterator[list[str]]:
        for line in _lines(file):
            user, *items = line.split()
            for item in items:
                yield [user, item]

    form = "text with a user on each line, and the items behind"
    return as_table(file, ["user_id", "item_id"], (row for row in rows()), form)


def _matrix_market(file: File) -> CsvTable:
    import scipy.io  # not at the top: other files need it not

    try:
        matrix = scipy.io.mmread(file.path)
    except (*BROKEN, TypeError, OverflowError, MemoryError) as error:
        raise InputError(f"{file.name} is no MatrixMarket file that can be read. Get it again.") from error
    return _sparse(file, matrix, "MatrixMarket: users in rows, items in columns")


def _sparse(file: File, matrix: Any, form: str) -> CsvTable:
    if np.iscomplexobj(matrix):
        raise InputError(f"{file.name} holds complex numbers, which are no plays.")
    import scipy.sparse

    found = scipy.sparse.coo_array(matrix)
    rows = zip(found.row.tolist(), found.col.tolist(), found.data.tolist(), strict=True)
    table = as_table(file, ["user_id", "item_id", "value"], rows, form)
    table.notes.append(
        f"{file.name} is a matrix without names: its rows were taken for users, its columns for items."
    )
    return table


def _workbook_or_arrays(file: File, start: bytes, text: TextForm) -> CsvTable | None:
    if start.startswith(ZIP):
        try:
            with zipfile.ZipFile(file.path) as archive:
                infos = archive.infolist()
        except BROKEN:
            return None
        if any(info.filename.endswith(".npy") for info in infos):
            return _arrays(file)
        if not any(info.filename.endswith((".xml", ".bin")) for info in infos):
            return None
        if sum(info.file_size for info in infos) > MAX_WORKBOOK:
            raise InputError(f"{file.name} is too large a workbook. Save its sheet as CSV.")
    return _workbook(file, text)


def _arrays(file: File) -> CsvTable:
    import scipy.sparse

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            matrix = scipy.sparse.load_npz(file.path)
    except (*BROKEN, KeyError, TypeError) as error:
        raise InputError(
            f"{file.name} is a NumPy file (.npz), and not a sparse matrix as SciPy saves it. Bring CSV or Parquet."
        ) from error
    return _sparse(file, matrix, "SciPy matrix: users in rows, items in columns")


def _workbook(file: File, text: TextForm) -> CsvTable:
    """Read the sheet of a workbook that looks most like a table of plays."""
    try:
        with python_calamine.CalamineWorkbook.from_path(str(file.path)) as book:
            sheets = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
            tables = {}
            for name, sheet in sheets.items():
                if sheet.height * sheet.width <= MAX_CELLS:
                    cells = sheet.to_python(skip_empty_area=True)
                    tables[name] = [
                        [_cell(cell) for cell in row] for row in cells if any(cell != "" for cell in row)
                    ]
    except (python_calamine.CalamineError, *BROKEN) as error:
        raise InputError(
            f"{file.name} looks like an office document, and has no sheet that can be read. Save the sheet as CSV."
        ) from error
    filled = {name: rows for name, rows in tables.items() if len(rows) > 1}
    if not filled:
        raise InputError(f"{file.name} is a workbook without a sheet of rows.")

    def worth(name: str) -> tuple[bool, int, int]:
        return bool(find_item(filled[name][0])), sum(map(is_known, filled[name][0])), len(filled[name])

    best = max(filled, key=worth)
    rows = filled[best]
    path = file.upload.new_path(".csv")
    with path.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(rows)
    copy = File(file.name, lambda: path.open("rb"), file.upload, path)
    table = CsvTable(copy, TextForm("utf-8", ",", text.header, text.skip))
    table.form = f"sheet {best!r} of a workbook"
    others = [name for name in sheets if name != best]
    if others:
        table.notes.append(
            f"Of {file.name}, only the sheet {best!r} was read, not {', '.join(others)[:200]}."
        )
    return table


def _cell(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def is_matrix(table: CsvTable) -> bool:
    """Say whether a table has a row for each user and a column for each item, or the other way round."""
    titles = table.titles
    if len(titles) < LEAST_COLUMNS or not table.rows:
        return False
    if not table.named:
        return _is_jester(table.rows)
    first = plain(titles[0])
    labelled = (
        first in WORDS["user"]
        or bool(find_item(titles[:1]))
        or first in ("column1", "", "name", "index", "unnamed0")
    )
    if not labelled or any(is_known(title) for title in titles[1:]):
        return False
    labels = [row[0] for row in table.rows]
    cells = [cell.strip() for row in table.rows for cell in row[1:] if cell.strip()]
    distinct = len(set(labels)) >= 0.9 * len(labels)
    return (
        distinct
        and is_number(cells)
        and not all(title.isdecimal() and len(title) < 3 for title in titles[1:])
    )


def _is_jester(rows: list[list[str]]) -> bool:
    """Say whether rows begin with the number of their ratings, and 99 stands for none (goldberg.berkeley.edu)."""
    counts = [sum(cell not in ("99", "99.00", "") for cell in row[1:]) for row in rows]
    return any("99" in row[1:] for row in rows) and [row[0] for row in rows] == list(map(str, counts))


def melted(table: CsvTable) -> CsvTable:
    """Write each cell of a matrix as a row; empty and zero cells are left out."""
    jester = not table.named
    empty = ("", "99", "99.00") if jester else ("", "0", "0.0")
    in_rows = "item" if table.named and find_item(table.titles[:1]) else "user"
    titles = (
        ["item", "user", "value"] if in_rows == "item" else ["user", "item", "rating" if jester else "value"]
    )
    columns = list(range(len(table.titles)))

    def rows() -> Iterator[tuple[str, str, str]]:
        with table.path.open(encoding="utf-8", newline="") as text:
            lines = chain(text)
            for _ in range(table.dialect.skip):
                next(lines, "")
            reader = csv.reader(
                lines, delimiter=table.dialect.delimiter, quotechar=table.dialect.quote or '"'
            )
            for at, row in enumerate(reader, 1):
                for place in columns[1 : len(row)]:
                    if row[place].strip() not in empty:
                        label, title = (str(at), str(place)) if jester else (row[0], table.first[place])
                        yield label, title, row[place]

    other = "user" if in_rows == "item" else "item"
    table = as_table(
        table.file, titles, rows(), f"a matrix: one {in_rows} in each row, one {other} in each column"
    )
    table.notes.append(
        "The table is a matrix of ratings, a user in each row. Cells with 99 were left out."
        if jester
        else "The table is a matrix. Its empty and zero cells were left out."
    )
    return table
