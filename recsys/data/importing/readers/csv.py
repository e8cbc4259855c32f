"""Tables as text: CSV, TSV and their like."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from recsys.data.importing.archives import Part
from recsys.data.importing.base import MOST_COLUMNS, PREVIEWED, Batch, Refuse
from recsys.data.importing.readers.text_dialect import (
    DELIMITERS,
    ENCODINGS,
    TextForm,
    find_delimiter,
    find_encoding,
    has_titles,
    lines,
    read_sample,
    unique_titles,
)
from recsys.errors import InputError

BLOCK = 4 << 20
CHUNK = 1 << 20
COLONS = "\x1f"  # stands for the two colons of MovieLens, for only one character can separate columns
MOST_UNEVEN = 100_000


class DelimitedTable:
    """A text file with a row on each line, separated by one of `DELIMITERS`.

    Quotation marks hold a cell together; in tab-separated values they stand for themselves.

    Attributes
    ----------
    text : TextForm
        How it is written, as found or as given.
    """

    def __init__(self, part: Part, text: TextForm = TextForm()) -> None:  # noqa: B008 (it is frozen)
        self.part = part
        sample = read_sample(part)
        encoding = text.encoding or find_encoding(part)
        delimiter = text.delimiter or find_delimiter(sample, encoding)
        rows = lines(sample, encoding, delimiter)
        if not rows:
            raise InputError(f"{part.name} has no line that can be read as a row.")
        self.first, row = rows[0]
        if len(row) > MOST_COLUMNS:
            raise InputError(f"{part.name} has more than {MOST_COLUMNS:,} columns. Keep those that matter.")
        header = has_titles(row) if text.header is None else text.header
        self.text = TextForm(encoding, delimiter, header)
        self.titles = unique_titles(row if header else [""] * len(row))
        self._rows = [row for _, row in rows[1 if header else 0 :]][:PREVIEWED]
        titles = "titles in the first row" if header else "no titles"
        self.form = f"text in {ENCODINGS[encoding]}, separated by {DELIMITERS[delimiter]}, {titles}"

    def preview(self) -> list[list[str]]:
        """Return the first rows."""
        width = len(self.titles)
        return [[*row[:width], *[""] * (width - len(row))] for row in self._rows]

    def batches(self, columns: Sequence[int], refuse: Refuse) -> Iterator[Batch]:
        """Yield the rows; those with too few or too many columns are refused.

        Raises
        ------
        InputError
            If a row is longer than 4 MB (a quotation mark
            that is not closed) or far too many have another number of columns.
        """
        uneven: list[int] = []
        width = len(self.titles)

        def skip(row: pyarrow.csv.InvalidRow) -> str:
            uneven.append(row.number)
            if len(uneven) > MOST_UNEVEN or _is_open(row):
                return "error"
            columns = "column" if row.actual_columns == 1 else "columns"
            refuse(row.number, row.text[:200], f"{row.actual_columns} {columns} instead of {width}")
            return "skip"

        skipped = self.first if self.text.header else self.first - 1
        line = skipped + 1
        with self.part.open() as stream:
            try:
                for batch in self._reader(stream, columns, skipped, skip):
                    lines_here = _without(line, batch.num_rows, uneven)
                    line = int(lines_here[-1]) + 1 if batch.num_rows else line
                    yield Batch([batch.column(str(column)) for column in columns], lines_here)
            except pa.ArrowInvalid as error:
                raise self._problem(line, uneven) from error

    def _reader(
        self, stream: IO[bytes], columns: Sequence[int], skipped: int, skip: object
    ) -> Iterator[pa.RecordBatch]:
        delimiter = self.text.delimiter or ","
        colons = delimiter == "::"
        text = io.BufferedReader(_Utf8(stream, self.text.encoding or "utf-8", colons), CHUNK)
        quotes = delimiter not in ("\t", "::")
        names = [str(place) for place in range(len(self.titles))]
        try:
            yield from pyarrow.csv.open_csv(
                text,
                # in one thread, for only then it knows the number of an uneven row
                pyarrow.csv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK,
                    skip_rows=skipped,
                    column_names=names,
                ),
                pyarrow.csv.ParseOptions(
                    delimiter=COLONS if colons else delimiter,
                    quote_char='"' if quotes else False,
                    newlines_in_values=quotes,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip,
                ),
                pyarrow.csv.ConvertOptions(
                    include_columns=[str(column) for column in columns],
                    column_types=dict.fromkeys(names, pa.string()),
                    strings_can_be_null=False,  # there are artists called NA and None
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" not in str(error):
                raise

    def _problem(self, line: int, uneven: list[int]) -> InputError:
        if len(uneven) > MOST_UNEVEN:
            return InputError(
                f"More than {MOST_UNEVEN:,} rows of {self.part.name} have not the {len(self.titles)} columns of "
                "the first. Choose what separates the columns."
            )
        return InputError(
            f"{self.part.name} cannot be read from about line {max([line, *uneven[-1:]]):,} on: a quotation mark is "
            "not closed, or something else separates the columns."
        )


def _is_open(row: pyarrow.csv.InvalidRow) -> bool:
    """Say whether a row goes on over other lines because its last quotation mark is not closed."""
    return "\n" in row.text and row.text.count('"') % 2 == 1


class _Utf8(io.RawIOBase):
    """Text as pyarrow reads it: in UTF-8, with a single character between columns.

    What cannot be decoded becomes U+FFFD, and the row is refused later.
    """

    def __init__(self, source: IO[bytes], encoding: str, colons: bool) -> None:
        self.source, self.colons = source, colons
        self.decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)(
            "replace"
        )
        self.ready, self.held, self.ended = b"", "", False

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read the next bytes."""
        while not self.ready and not self.ended:
            chunk = self.source.read(CHUNK)
            self.ended = not chunk
            try:
                text = self.held + self.decoder.decode(chunk, self.ended)
            except UnicodeError as error:  # UTF-16 without the mark that says in which order
                raise InputError("The text is not in this encoding. Choose another one.") from error
            self.held = ""
            if self.colons:
                text = text.replace("::", COLONS)
                if text.endswith(":") and not self.ended:  # the other one may come next
                    text, self.held = text[:-1], ":"
            self.ready = text.encode()
        content, self.ready = self.ready[: len(buffer)], self.ready[len(buffer) :]
        buffer[: len(content)] = content
        return len(content)


def _without(start: int, count: int, left_out: list[int]) -> NDArray[np.int64]:
    """Return the next line numbers, without those of rows that were left out."""
    numbers = np.arange(start, start + count + len(left_out))
    return numbers[~np.isin(numbers, left_out)][:count] if left_out else numbers
