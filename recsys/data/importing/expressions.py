"""Expressions of SQL that make a user, an item, a number and a time of each row, and say what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from recsys.data.importing.base import Columns, Table, quoted
from recsys.data.nouns import Nouns

MAX_VALUE = 1e12
MIN_VALUE = 1e-45  # below the smallest float32
POINT, COMMA, DOTS, COMMAS, BLANKS = "point", "comma", "dots", "commas", "blanks"
GAPS = " '\u2019\u00a0\u2009\u202f"  # what some languages write between thousands
SIGNS = {",", ".", *GAPS}
NOTATIONS = {  # how to get from the text `{}` to a number that DuckDB can read
    POINT: "{}",
    COMMA: f"replace(translate({{}}, {quoted('.' + GAPS)}, ''), ',', '.')",
    DOTS: "replace({}, '.', '')",
    COMMAS: "replace({}, ',', '')",
    BLANKS: f"translate({{}}, {quoted(GAPS)}, '')",
}
NOTATION_NOTES = {
    COMMA: "Commas in numbers were taken for decimal commas, as in 3,5.",
    DOTS: "Points in numbers were taken for thousands, as in 1.234.",
    COMMAS: "Commas in numbers were taken for thousands, as in 1,234.",
    BLANKS: "Blanks or apostrophes in numbers were taken for thousands, as in 1 234.",
}
FORMS_OF_TIME = (
    *("%d %b %Y %H:%M", "%d %b %Y, %H:%M", "%d %b %Y %H:%M:%S", "%d %b %Y", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d"),
    *("%Y%m%d", "%b %d, %Y", "%B %d, %Y", "%m %d, %Y", "%d-%b-%Y", "%a %b %d %H:%M:%S %Y", "%Y-%m"),
)
DAY_FIRST = (
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
)
MONTH_FIRST = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%y")


@dataclass
class Row:
    """Expressions over the columns of a table.

    Attributes
    ----------
    columns : list of int
        The columns of the table that are read, as `c0`, `c1` and so on.
    user, item, name, value, number, time : str
        Expressions; `user`, `name`, `value` and `time` are empty where there is no column.
    reason : str
        A number: 0 if the row can be used, below 0 if it is left out on purpose, above if it is refused.
    reasons : dict of int to str
        What these numbers mean.
    """

    columns: list[int]
    user: str
    item: str
    name: str
    value: str
    number: str
    time: str
    reason: str = "0"
    reasons: dict[int, str] = field(default_factory=dict)


def row_of(table: Table, columns: Columns, notation: str, nouns: Nouns) -> Row:
    """Return the expressions for the rows of a table."""
    places = {title: at for at, title in enumerate(columns.titles)}
    read = [table.titles.index(title) for title in columns.titles]

    def cell(title: str) -> str:
        return f"c{places[title]}"

    def label(title: str) -> str:
        kind = table.kind(table.titles.index(title))
        return _whole_text(cell(title)) if kind == "fraction" else cell(title)

    item = label(columns.item)
    if columns.pattern:
        item = f"regexp_extract({item}, {quoted(columns.pattern)}, 1)"
    name = f"CAST({cell(columns.name)} AS VARCHAR)" if columns.name else ""
    if name and table.kind(table.titles.index(columns.item)) == "text":  # a name stands in for a missing id
        item = f"CASE WHEN trim({item}) = '' THEN {name} ELSE {item} END"
    value = cell(columns.value) if columns.value else ""
    is_text = value and table.kind(table.titles.index(columns.value)) == "text"
    number = (
        f"TRY_CAST({NOTATIONS[notation].format(value)} AS DOUBLE)" if is_text else f"CAST({value} AS DOUBLE)"
    )
    row = Row(
        read,
        label(columns.user) if columns.user else "",
        item,
        name,
        value,
        number if value else "1e0",  # 1.0 would be a DECIMAL, and its sum one of Python's
        seconds(cell(columns.time), table.column(columns.time)) if columns.time else "",
    )
    cases: list[tuple[str, int]] = []

    def add(test: str, reason: str, code: int) -> None:
        row.reasons[code] = reason
        cases.append((test, code))

    if table.has_broken:
        add("broken IS NOT NULL", "not a JSON object", 1)
    for at, drop in enumerate(columns.drops, 1):
        kind = table.kind(table.titles.index(drop.title))
        text = cell(drop.title) if kind == "text" else f"coalesce(CAST({cell(drop.title)} AS VARCHAR), '')"
        add(drop.test.format(text), drop.reason, -at)
    if value:
        word = nouns.value
        sound = f" AND NOT contains({value}, '_')" if is_text else ""
        cases.append((f"x >= {MIN_VALUE} AND x <= {MAX_VALUE}{sound}", 0))  # most rows end here
        missing = f"trim({value}) IN ('', '\\N')" if is_text else f"{value} IS NULL OR isnan(x)"
        add(missing, f"no {word}", 2)
        underscore = f" OR contains({value}, '_')" if is_text else ""
        add(f"x IS NULL OR isnan(x){underscore}", f"{word}: not a number", 3)
        add("isinf(x)", f"{word}: infinite", 4)
        add("x = 0", f"{word}: zero", 5)
        add("x < 0", f"{word}: below zero", 6)
        add(f"x > {MAX_VALUE}", f"{word}: above {MAX_VALUE:,.0f}, which nobody reaches", 7)
        add(f"x < {MIN_VALUE}", f"{word}: too near to zero", 8)
    branches = " ".join(f"WHEN {test} THEN {code}" for test, code in cases)
    row.reason = f"CAST(CASE {branches} ELSE 0 END AS TINYINT)" if cases else "CAST(0 AS TINYINT)"
    return row


def _whole_text(name: str) -> str:
    """Return a number as text: a whole number without a point, empty where it is missing."""
    whole = f"{name} = floor({name}) AND abs({name}) < 9007199254740992"
    return (
        f"CASE WHEN {name} IS NULL OR isnan({name}) THEN '' "
        f"WHEN {whole} THEN CAST(TRY_CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
    )


def seconds(name: str, cells: Sequence[str]) -> str:
    """Return an expression for a time in seconds since 1970 (UTC), or nothing if the cells are no times."""
    cells = list(cells)[:200]
    if not cells:
        return ""
    plain = [cell.removesuffix(".0") for cell in cells]
    if all(re.fullmatch(r"(19|20)\d\d(0[1-9]|1[0-2])[0-3]\d", cell) for cell in plain):
        return f"CAST(epoch(try_strptime(CAST({name} AS VARCHAR), '%Y%m%d')) AS BIGINT)"
    if all(re.fullmatch(r"\d{9,19}(\.\d+)?", cell) for cell in plain):
        digits = max(len(cell.split(".")[0]) for cell in plain)
        unit = 1 if digits < 12 else 1_000 if digits < 15 else 1_000_000 if digits < 18 else 1_000_000_000
        return f"CAST(floor(TRY_CAST({name} AS DOUBLE) / {unit}) AS BIGINT)"
    if all(re.match(r"\d{4}-\d\d?-\d\d?", cell) for cell in plain):
        return f"CAST(floor(epoch(TRY_CAST(CAST({name} AS VARCHAR) AS TIMESTAMPTZ))) AS BIGINT)"
    forms = list(FORMS_OF_TIME)
    day = [re.match(r"(\d\d?)[/.](\d\d?)[/.]", cell) for cell in plain]
    if all(day):
        month_first = any(int(found[2]) > 12 for found in day if found)
        forms = list(MONTH_FIRST if month_first else DAY_FIRST)
    elif not any(re.search(r"\d{4}", cell) for cell in plain):
        return ""
    listed = ", ".join(quoted(form) for form in forms)
    return f"CAST(epoch(try_strptime(trim(CAST({name} AS VARCHAR)), [{listed}])) AS BIGINT)"


def find_notation(cells: Sequence[str], separator: str) -> str:
    """Return how numbers are written, by what a column shows.

    Parameters
    ----------
    cells : sequence of str
        Texts of the column, or of the shapes that stand in it.
    separator : str
        What separates the columns: where that is a semicolon, commas may be decimal.
    """
    numeric = re.compile(rf"[-+]?[\d,.{GAPS}]+")  # others are refused in any notation
    odd = [cell.strip() for cell in cells if set(cell.strip()) & SIGNS and numeric.fullmatch(cell.strip())]
    thousands = re.compile(rf"[-+]?[1-9]\d{{0,2}}([.,{GAPS}]\d{{3}})+")
    commas = [cell for cell in odd if "," in cell]
    points = [cell for cell in odd if "." in cell]
    sure = points or separator != ";" or any(cell.count(",") > 1 for cell in commas)
    if commas and sure and all(re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", cell) for cell in commas):
        return COMMAS
    if commas and all(re.fullmatch(rf"[-+]?(\d{{1,3}}([.{GAPS}]\d{{3}})*|\d+)(,\d*)?", cell) for cell in odd):
        return COMMA
    gapped = any(set(cell) & set(GAPS) for cell in odd)
    if gapped and all(re.fullmatch(rf"[-+]?\d{{1,3}}([{GAPS}]\d{{3}})*(\.\d+)?", cell) for cell in odd):
        return BLANKS
    sure = separator == ";" or any(cell.count(".") > 1 for cell in points)
    if points and not commas and sure and all(thousands.fullmatch(cell) for cell in points):
        return DOTS
    return POINT
