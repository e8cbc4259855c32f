"""Tables as text, read by DuckDB: CSV, TSV and their like."""

from __future__ import annotations

import csv
import glob
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from recsys.data.importing.archives import File
from recsys.data.importing.base import MAX_COLUMNS, Refused, Table, quoted, unique_titles
from recsys.data.importing.readers import text_dialect
from recsys.data.importing.readers.encoding import ENCODINGS, look, rewritten
from recsys.data.importing.readers.text_dialect import Dialect, TextForm, split_rows
from recsys.errors import InputError

MAX_LINE = 4 << 20
MAX_REJECT = 64 << 10  # characters of a line that DuckDB could not read
MAX_UNEVEN = 100_000
NOTHING = "\x02\x03"  # stands in no text: empty cells stay empty texts


class CsvTable(Table):
    """A text file with a row on each line.

    Attributes
    ----------
    text : TextForm
        How it is written, as found or as given.
    dialect : Dialect
        How its lines become rows.
    """

    def __init__(self, file: File, text: TextForm = TextForm()) -> None:  # noqa: B008 (it is frozen)
        super().__init__(file)
        facts = look(file.path, file.name, text.encoding)
        self.path, longest = file.path, facts.longest
        if facts.wrong or facts.uneven:
            self.path = file.upload.new_path(".txt")
            rewritten(file.path, self.path, facts)
            longest = look(self.path, file.name, "utf-8").longest if facts.uneven else longest
        if longest > MAX_LINE:  # DuckDB may lose such a line without a word
            raise InputError(
                f"{file.name} has a line of more than {MAX_LINE >> 20} MB: it is no table of rows."
            )
        sample, later = text_dialect.read_sample(self.path, "utf-8")
        if "\n" not in sample[: MAX_LINE // 2] and len(sample) >= text_dialect.SAMPLE:
            raise InputError(f"{file.name} has no line end in its first {len(sample):,} characters.")
        self.dialect = dialect = text_dialect.find_dialect(sample, facts, text)
        lines = sample.split("\n")
        rows = [row for _, row in split_rows("\n".join(lines[dialect.skip :]), dialect)]
        titles = dialect.titles or [""] * (len(rows[0]) if rows else 0)
        if not titles:
            raise InputError(f"{file.name} has no line that can be read as a row.")
        if len(titles) > MAX_COLUMNS:
            raise InputError(f"{file.name} has more than {MAX_COLUMNS:,} columns. Keep those that matter.")
        self.first = titles
        self.titles = unique_titles([text_dialect_title(title) for title in titles])
        rows += [row for line in later for _, row in split_rows(line, dialect) if len(row) == len(titles)]
        width = len(titles)
        self.rows = [[*row[:width], *[""] * (width - len(row))] for row in rows]
        self.named = dialect.titles is not None
        self.text = TextForm(facts.encoding, dialect.delimiter, self.named, text.skip)
        self.form = text_dialect.described(facts.encoding, dialect)
        if facts.guessed:
            name = ENCODINGS[facts.encoding]
            self.notes.append(f"The text is no UTF-8. Its encoding was guessed: {name}.")
        if dialect.note:
            self.notes.append(dialect.note)
        if dialect.blanks or (dialect.short and dialect.quote):
            self._write_plainly()
        self._rejects: set[int] = set()

    def take_no_titles(self) -> None:
        """Take the first row for one of the others."""
        self.rows.insert(0, self.first)
        width = len(self.titles)
        self.dialect = replace(self.dialect, skip=self.dialect.skip - 1, titles=None, note="")
        self.titles, self.named = [f"Column {place}" for place in range(1, width + 1)], False
        self.notes = [note for note in self.notes if "was taken for titles" not in note]

    def _write_plainly(self) -> None:
        """Write the rows anew, with commas and without what DuckDB cannot read."""
        plain = self.file.upload.new_path(".csv")
        with self.path.open(encoding="utf-8", newline="") as source, plain.open("w", newline="") as target:
            for _ in range(self.dialect.skip):
                source.readline()
            reader = csv.reader(
                (line.strip(" ") for line in source) if self.dialect.delimiter == " " else source,
                delimiter=self.dialect.delimiter,
                quotechar=self.dialect.quote or None,
                quoting=csv.QUOTE_MINIMAL if self.dialect.quote else csv.QUOTE_NONE,
                skipinitialspace=True,
            )
            writer = csv.writer(target, lineterminator="\n")
            width = len(self.titles)
            try:
                for row in reader:
                    if row:
                        writer.writerow([*row, *[""] * (width - len(row))])
                    else:
                        target.write("\n")
            except csv.Error as error:
                raise InputError(f"{self.file.name} cannot be read: {error}.") from error
        self.path = plain
        self.dialect = Dialect(",", '"', '"', 0, self.dialect.titles)

    def source(self, connection: duckdb.DuckDBPyConnection, columns: Sequence[int]) -> str:
        """Return what stands behind FROM to read columns as text."""
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        dialect = self.dialect
        named = ", ".join(f"'t{place}': 'VARCHAR'" for place in range(len(self.titles)))
        padded = dialect.short and not dialect.quote
        wanted = ", ".join(
            f"coalesce(t{place}, '') AS c{at}" if padded else f"t{place} AS c{at}"
            for at, place in enumerate(columns)
        )
        return (
            f"(SELECT {wanted} FROM read_csv({quoted(glob.escape(str(self.path)))}, auto_detect = false, "
            f"header = false, skip = {dialect.skip}, columns = {{{named}}}, delim = {quoted(dialect.delimiter)}, "
            f"quote = {quoted(dialect.quote)}, escape = {quoted(dialect.escape)}, nullstr = {quoted(NOTHING)}, "
            f"null_padding = {str(padded).lower()}, max_line_size = {MAX_LINE}, "
            f"strict_mode = true, store_rejects = true, rejects_limit = 0, rejects_line_size_limit = {MAX_REJECT}))"
        )

    def finish(
        self, connection: duckdb.DuckDBPyConnection, columns: Sequence[int]
    ) -> tuple[list[tuple[int, list[str]]], list[Refused], int]:
        """Mend the lines that DuckDB could not read, or say what is wrong with them.

        Raises
        ------
        InputError
            If there are far too many, or a line is longer than 4 MB.
        """
        found = connection.execute(
            "SELECT line_byte_position, any_value(csv_line), "
            "bool_or(error_type = 'UNQUOTED VALUE'), bool_or(error_type LIKE 'LINE SIZE%') "
            f"FROM reject_errors GROUP BY 1 ORDER BY 1 LIMIT {MAX_UNEVEN + 1}"
        ).fetchall()
        if not found:
            return [], [], 0
        starts = _lines_at(self.path, [start for start, *_ in found])
        width, last = len(self.titles), max(columns, default=0)
        if len(found) > MAX_UNEVEN:
            raise InputError(
                f"More than {MAX_UNEVEN:,} rows of {self.file.name} have not the {width} columns of the first. "
                "Choose what separates the columns."
            )
        mended: list[tuple[int, list[str]]] = []
        refused: list[Refused] = []
        for line, (_, text, stray, long) in zip(starts, found, strict=True):
            if long or len(text) >= MAX_REJECT - 4:
                raise InputError(
                    f"{self.file.name} cannot be read from about line {line:,} on: a quotation mark is not closed, "
                    "or something else separates the columns."
                )
            span = text.strip("\n").split("\n")
            line += len(text) - len(text.lstrip("\n"))
            self._rejects |= set(range(line, line + len(span)))
            pieces = span if stray else ["\n".join(span)]
            for number, piece in enumerate(pieces, line):
                if not piece.strip():
                    continue
                cells = self._mended(piece, last)
                if len(cells) < width:
                    counted = f"{len(cells)} {'column' if len(cells) == 1 else 'columns'}"
                    refused.append(Refused(number, piece[:200], f"{counted} instead of {width}"))
                elif len(cells) > width:
                    refused.append(Refused(number, piece[:200], f"{len(cells)} columns instead of {width}"))
                else:
                    mended.append((number, [cells[column] for column in columns]))
        return mended, refused, len(refused)

    def _mended(self, line: str, last: int) -> list[str]:
        """Split a line in the first way that gives the right number of columns, else in the usual way."""
        dialect, width = self.dialect, len(self.titles)
        ways = (
            dialect,
            Dialect(dialect.delimiter, dialect.quote, "\\"),
            Dialect(dialect.delimiter, dialect.quote, dialect.escape, blanks=True),
            Dialect(dialect.delimiter),
        )
        split = []
        for way in ways:
            rows = split_rows(line, way, strict=True)
            whole = way is dialect and line.count('"') % 2 == 0
            if len(rows) == 1 and (whole or "\n" not in "".join(rows[0][1]).strip("\n")):
                split.append(rows[0][1])
        for row in split:
            if len(row) == width:
                return row
        usual = split[0] if split else line.split(dialect.delimiter)
        if last < len(usual) < width:
            return [*usual, *[""] * (width - len(usual))]
        return usual

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """Return the lines of rows by their number among those that DuckDB could read."""
        wanted = iter(ordinals)
        goal, ordinal, found, within = next(wanted, None), 0, [], False
        quote = self.dialect.quote
        with self.path.open(encoding="utf-8", newline="\n") as text:
            for number, line in enumerate(
                itertools.islice(text, self.dialect.skip, None), self.dialect.skip + 1
            ):
                if goal is None:
                    break
                odd = bool(quote) and line.count(quote) % 2 == 1
                if within:
                    within = not odd
                    continue
                if not line.strip() or number in self._rejects:
                    continue
                ordinal, within = ordinal + 1, odd
                while goal is not None and ordinal == goal:
                    found.append(number)
                    goal = next(wanted, None)
        return found


def text_dialect_title(title: str) -> str:
    """Return a title without the quotation marks that some writers leave around it."""
    return title.strip().strip('"')


def _lines_at(path: Path, positions: Sequence[int]) -> list[int]:
    """Return the numbers of the lines that begin at these positions, 1 being the first byte."""
    found: list[int] = []
    line, start = 1, 0
    with path.open("rb") as stream:
        waiting: Iterator[int] = iter(positions)
        goal = next(waiting, None)
        while goal is not None and (chunk := stream.read(1 << 20)):
            seen = 0
            while goal is not None and goal - 1 <= start + len(chunk):
                line += chunk.count(b"\n", seen, goal - 1 - start)
                seen = goal - 1 - start
                found.append(line)
                goal = next(waiting, None)
            line += chunk.count(b"\n", seen)
            start += len(chunk)
    return found + [line] * (len(positions) - len(found))
