"""How a text file is written: its encoding, what separates its columns, whether it has titles."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass
from typing import IO

from recsys.data.importing.archives import Part
from recsys.errors import InputError

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "cp1252": "Windows-1252 (Western European)",
    "latin-1": "Latin-1 (ISO 8859-1)",
}
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", "::": "double colons"}
SCANNED = 64 << 20
SAMPLE = 256 << 10
LOOKED_AT = 50
MAGIC = {
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"%PDF": "a PDF",
    b"SQLite format 3": "a database",
    b"PK\x03\x04": "a zip without the ending .zip",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
}
# numbers, days and times: no titles
VALUE = re.compile(
    r"[-+]?[\d.,]+([eE][-+]?\d+)?|\d{4}-\d\d-\d\d.*|\d\d? \w{3,9} \d{4}.*|\d\d?:\d\d(:\d\d)?.*"
)


@dataclass(frozen=True)
class TextForm:
    """What is known about a text file; None where it has to be found out."""

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None


def read_sample(part: Part) -> bytes:
    """Return the beginning of a file, or say that it is no text.

    Raises
    ------
    InputError
        If it is empty or is something else that is known.
    """
    with part.open() as stream:
        sample = stream.read(SAMPLE)
    if not sample.strip():
        raise InputError(f"{part.name} is empty.")
    for magic, kind in MAGIC.items():
        if sample.startswith(magic):
            raise InputError(f"{part.name} is {kind}, not a table. Bring a CSV, Parquet or JSON file.")
    return sample


def find_encoding(part: Part) -> str:
    """Find out how the characters of a file are written, from its first 64 MB.

    What is no UTF-8 is taken for Windows-1252, unless it has much more UTF-8 in it than bytes
    that are not: then it is a mixture, and its other rows are refused later, one by one.

    Raises
    ------
    InputError
        If it is no text.
    """
    with part.open() as stream:
        start = stream.read(4096)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in start:
            for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
                if start[place::2].count(0) > 0.4 * len(start[place::2]) and start.count(0) < 0.6 * len(
                    start
                ):
                    return encoding
        return _eight_bits(stream, start, part.name)


def _eight_bits(stream: IO[bytes], chunk: bytes, name: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    characters = wrong = scanned = 0
    unused = False
    while chunk and scanned < SCANNED:
        if b"\0" in chunk or _controls(chunk) > 0.02 * len(chunk):
            raise InputError(f"{name} is not text, and not Parquet. Bring a CSV, Parquet or JSON file.")
        text = decoder.decode(chunk)
        if not text.isascii():
            characters += len(text) - len(text.encode("ascii", "ignore"))
            wrong += text.count("\N{REPLACEMENT CHARACTER}")
            unused = unused or any(byte in chunk for byte in b"\x81\x8d\x8f\x90\x9d")
        scanned += len(chunk)
        chunk = stream.read(1 << 20)
    if wrong * 2 <= characters:
        return "utf-8"
    return "latin-1" if unused else "cp1252"


def _controls(chunk: bytes) -> int:
    return len(chunk) - len(chunk.translate(None, bytes([*range(9), *range(14, 32)])))


def lines(sample: bytes, encoding: str, delimiter: str, most: int = LOOKED_AT) -> list[tuple[int, list[str]]]:
    """Split the beginning of a text into rows, each with the number of its last line; blank ones are left out."""
    text = sample.decode(encoding, "replace").removeprefix("\ufeff")
    if len(sample) >= SAMPLE and "\n" in text:
        text = text[: text.rindex("\n") + 1]  # the last line may be cut
    if delimiter == "::":
        text, delimiter = text.replace("::", "\x1f"), "\x1f"
    file = io.StringIO(text, newline="")
    if delimiter in "\t\x1f":
        reader = csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(file, delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    try:
        for row in reader:
            if row:
                rows.append((reader.line_num, row))
            if len(rows) >= most:
                break
    except csv.Error:  # a field longer than csv can read; what was read so far will do
        pass
    return rows


def find_delimiter(sample: bytes, encoding: str) -> str:
    """Find what separates the columns: what stands in the first line, and equally often in the others."""

    def regularity(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for _, row in lines(sample, encoding, delimiter)]
        if not widths or widths[0] < 2:
            return (0.0, 0)
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0])

    return max(DELIMITERS, key=regularity)


def has_titles(row: list[str]) -> bool:
    """Say whether a first row looks like titles: something stands everywhere, and it is no number and no date."""
    cells = [cell.strip() for cell in row]
    return any(cells) and not any(VALUE.fullmatch(cell) for cell in cells)


def unique_titles(titles: list[str]) -> list[str]:
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
