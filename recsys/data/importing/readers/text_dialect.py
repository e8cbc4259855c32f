"""Dialect of a text file: its separator, quotation marks, lines to skip, and titles."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recsys.data.importing.readers.encoding import ENCODINGS, Facts
from recsys.data.importing.titles import is_known

# in this order where several separate equally well: commas and blanks stand in names, too
DELIMITERS = {
    "::": "double colons",
    "\x01": "Ctrl-A",
    "\t": "tabs",
    ";": "semicolons",
    "|": "vertical bars",
    "^": "carets",
    ",": "commas",
    " ": "blanks",
}
SAMPLE = 256 << 10
LOOKED_AT = 200
# numbers, days and times: no titles
DAY = re.compile(
    r"\d{4}-\d\d-\d\d.*|\d\d?/\d\d?/\d{2,4}.*|\d\d?\.\d\d?\.\d{2,4}.*|\d\d? \w{3,9} \d{4}.*|\d\d?:\d\d(:\d\d)?.*"
)
VALUE = re.compile(rf"[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?|{DAY.pattern}")
NUMBER = re.compile(r"[-+]?(\d[\d.,' ]*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True)
class TextForm:
    """How a text file is written; None where that has to be found out.

    Attributes
    ----------
    encoding : str or None
        A name that Python knows.
    delimiter : str or None
        What stands between two columns.
    header : bool or None
        Whether the first row has titles.
    skip : int or None
        How many lines at the beginning are no rows.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    skip: int | None = None


@dataclass(frozen=True)
class Dialect:
    """How the lines of a text file become rows.

    Attributes
    ----------
    delimiter, quote, escape : str
        What stands between two columns, around a cell, and before a quotation mark within it; empty for none.
    skip : int
        Lines before the first row, titles included.
    titles : list of str or None
        The titles that stand in the file.
    blanks : bool
        Whether blanks after a separator, or several blanks as one, mean nothing.
    short : bool
        Whether many rows end before the last column.
    row_names : bool
        Whether the first column has no title, as R writes it.
    note : str
        What was guessed, as a sentence.
    """

    delimiter: str
    quote: str = ""
    escape: str = ""
    skip: int = 0
    titles: list[str] | None = None
    blanks: bool = False
    short: bool = False
    row_names: bool = False
    note: str = ""


def read_sample(path: Path, encoding: str) -> tuple[str, list[str]]:
    """Return the beginning of a text and some whole lines from its middle and its end."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(SAMPLE)
        text = head.decode(encoding, "replace").removeprefix("\ufeff")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if len(head) < size and "\n" in text:
            text = text[: text.rindex("\n") + 1]  # the last line may be cut
        later: list[str] = []
        for place in (size // 2, size - 4096) if size > SAMPLE + 8192 else ():
            stream.seek(place)
            lines = stream.read(4096).decode(encoding, "replace").splitlines()
            later += lines[1:-1]
    return text, later


def find_dialect(text: str, facts: Facts, form: TextForm) -> Dialect:
    """Find out how the lines of a text become rows, from its beginning."""
    lines = text.split("\n")
    skip, note, hashed = 0, "", ""
    delimiter = form.delimiter
    while skip < len(lines) - 1 and not lines[skip].strip():
        skip += 1
    excel = re.fullmatch(r'"?sep=(.|\\t)"?;*', lines[skip].strip()) if lines else None
    if excel:
        delimiter, skip = delimiter or excel[1].replace("\\t", "\t"), skip + 1
    if form.skip is not None:
        skip = form.skip
    else:
        comments = 0
        while skip + comments < len(lines) and re.match(r"#|%%|//", lines[skip + comments]):
            comments += 1
        if 0 < comments < 100 and any(line.strip() for line in lines[skip + comments :]):
            hashed = lines[skip + comments - 1].lstrip("#%/ ")
            skip += comments
            note = f"The first lines were taken for comments: {comments:,}."
    rest = "\n".join(lines[skip:])
    delimiter = delimiter or _find_delimiter(rest)
    quote, escape = _find_quotes(rest, delimiter, facts)
    blanks = delimiter == " " or bool(
        quote and len(re.findall(rf"{re.escape(delimiter)} +{quote}", rest)) * 2 > len(lines[skip:])
    )
    dialect = Dialect(delimiter, quote, escape, skip, blanks=blanks, note=note)
    rows = [row for _, row in split_rows(rest, dialect)]
    if not rows:
        return dialect
    before = _lines_before(rows) if form.skip is None and form.header is None else 0
    if before:
        note = f"The lines before the titles were left out: {before:,}."
        while before:
            before -= bool(lines[skip].strip())
            skip += 1
        dialect = replace(dialect, skip=skip, note=note)
        rows = [row for _, row in split_rows("\n".join(lines[skip:]), dialect)]
    if hashed and form.header is not False:
        given = [row for _, row in split_rows(hashed, dialect)]
        if given and len(given[0]) == len(rows[0]) and sum(map(is_known, given[0])) > 1:
            return replace(dialect, titles=given[0], note="The titles stand in a comment.")
    return _with_titles(dialect, rows, lines, form.header)


def _with_titles(dialect: Dialect, rows: list[list[str]], lines: list[str], given: bool | None) -> Dialect:
    """Decide whether the first row has titles, and what they are."""
    first, others = rows[0], rows[1:]
    width = max(set(map(len, others)), key=[len(row) for row in others].count) if others else len(first)
    names = [row[0] for row in others]
    if width == len(first) + 1 and not any(row[-1].strip() for row in others if len(row) == width):
        first = [*first, ""]  # each row ends with a separator
    elif width == len(first) + 1 and len(set(names)) == len(names) and len(names) > 1 and given is not False:
        dialect = replace(dialect, row_names=True)
        first = ["", *first]
    short = sum(len(row) < len(first) for row in others)
    dialect = replace(dialect, short=len(others) > 50 and short > 0.05 * len(others))
    numbers = [str(place) for place in range(len(first))]
    if given is None and others and first in (["", *numbers[:-1]], numbers):  # a pandas table without names
        first = [""] * len(first)
        dialect = replace(dialect, note="The first row numbers the columns, and was left out.")
        titled = True
    else:
        titled, sure = _has_titles(first, others)
        if given is not None:
            titled, sure = given, True
        if titled and not sure:
            shown = ", ".join(cell.strip() for cell in first)[:100]
            dialect = replace(dialect, note=f"The first row was taken for titles: {shown}.")
    if not titled:
        return dialect
    skip = dialect.skip
    while skip < len(lines) and not lines[skip].strip():
        skip += 1
    span = 1
    while dialect.quote and "\n".join(lines[skip : skip + span]).count(dialect.quote) % 2 and span < 20:
        span += 1
    return replace(dialect, titles=first, skip=skip + span)


def _lines_before(rows: list[list[str]]) -> int:
    """Return how many rows stand before the titles, such as the name of a report: they are narrower than the others."""
    widths = [sum(map(bool, map(str.strip, row))) for row in rows]
    usual = max(set(widths), key=widths.count)
    for at, row in enumerate(rows[:20]):
        filled = [cell for cell in row if cell.strip()]
        if len(filled) > 1 and sum(map(is_known, filled)) > 1:
            return at if len(filled) >= usual else 0
        if len(filled) > 1 and len(filled) >= usual:
            return 0
    return 0


def _has_titles(first: list[str], others: list[list[str]]) -> tuple[bool, bool]:
    """Say whether a first row has titles, and whether that is sure."""
    cells = [cell.strip() for cell in first]
    known = sum(map(is_known, cells))
    if not any(cells) or any(DAY.fullmatch(cell) for cell in cells):
        return False, True
    if known > 1 or (known and len(cells) == 1):
        return True, True
    values = sum(VALUE.fullmatch(cell) is not None for cell in cells)
    if values:  # a matrix can have numbers for titles
        return bool(known and is_known(cells[0]) and 2 < values == len(cells) - 1), True
    if known:
        return True, True
    for place, cell in enumerate(cells):
        below = [row[place].strip() for row in others if place < len(row)]
        if below and all(VALUE.fullmatch(other) for other in below):
            return True, True
        if cell and cell in below:
            return False, False
    return True, False


def split_rows(
    text: str, dialect: Dialect, most: int = LOOKED_AT, strict: bool = False
) -> list[tuple[int, list[str]]]:
    """Split the beginning of a text into rows, each with the number of its last line; blank ones are left out."""
    delimiter = dialect.delimiter
    if len(delimiter) > 1:
        text, delimiter = text.replace(delimiter, "\x1f"), "\x1f"
    if dialect.blanks and delimiter == " ":
        text = re.sub("(?m)^ +| +$", "", text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar=dialect.quote or None,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        escapechar=dialect.escape if dialect.escape not in ("", dialect.quote) else None,
        skipinitialspace=dialect.blanks,
        strict=strict,
    )
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if row:
                rows.append((reader.line_num, row))
            if len(rows) >= most:
                break
    except csv.Error:  # a cell longer than csv can read; what was read so far will do
        pass
    return rows


def _find_delimiter(text: str) -> str:
    """Find what separates the columns: what stands equally often in nearly all lines."""

    def regularity(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for _, row in split_rows(text, Dialect(delimiter, '"', blanks=True))]
        if len(widths) > 2 and widths[0] == widths[1] - 1:  # row names, whose column has no title
            widths = widths[1:]
        usual = max(set(widths), key=widths.count) if widths else 0
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)

    found = {delimiter: regularity(delimiter) for delimiter in DELIMITERS}
    regular = [delimiter for delimiter, (share, _) in found.items() if share >= 0.9]
    if regular:
        return regular[0]
    return max((one for one in DELIMITERS if one != " "), key=lambda one: found[one])


def _find_quotes(text: str, delimiter: str, facts: Facts) -> tuple[str, str]:
    """Find the quotation mark around cells and what stands before one within a cell."""
    lines = [line for line in text.split("\n")[:LOOKED_AT] if line]
    cells = [cell.strip() for line in lines[1:] for cell in line.split(delimiter)]
    if not any(cell.startswith('"') for cell in cells) and cells:
        single = sum(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in cells)
        if single * 2 >= len(lines) - 1:
            return "'", "'"
    if not facts.quotes:
        return "", ""
    odd = sum(line.count('"') % 2 for line in lines)
    if odd > 0.3 * len(lines) and len(lines) > 20 and not _is_strict(text, delimiter):
        return "", ""  # quotation marks that belong to the text
    if delimiter in (",", ";", "|", " "):
        return '"', "\\" if '\\"' in text else '"'
    # between tabs, quotation marks stand for themselves unless all of them are as they should be
    around = re.search(rf'(^|{re.escape(delimiter)})"', text, re.M)
    return ('"', '"') if around and _is_strict(text, delimiter) else ("", "")


def _is_strict(text: str, delimiter: str) -> bool:
    """Say whether quotation marks stand around cells and doubled within them, as they should."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter="\x1f" if len(delimiter) > 1 else delimiter, strict=True
    )
    try:
        widths = [len(row) for row, _ in zip(reader, range(LOOKED_AT), strict=False) if row]
    except csv.Error:
        return False
    return sum(width == widths[0] for width in widths) >= 0.9 * len(widths)


def described(encoding: str, dialect: Dialect) -> str:
    """Say how a text is written."""
    titles = "titles in the first row" if dialect.titles else "no titles"
    sign = DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter))
    return f"text in {ENCODINGS.get(encoding, encoding)}, separated by {sign}, {titles}"


def is_number(cells: Sequence[str]) -> bool:
    """Say whether all cells are numbers, in any notation, and there is one."""
    return bool(cells) and all(NUMBER.fullmatch(cell.strip()) for cell in cells)
