"""Formats that listening data comes in: how a table is opened, and which layouts are known."""

from __future__ import annotations

from recsys.data.importing.archives import File
from recsys.data.importing.base import Format, Table
from recsys.data.importing.formats import exports, generic, shapes
from recsys.data.importing.readers.converted import is_matrix, melted, open_converted, refuse_known
from recsys.data.importing.readers.csv import CsvTable
from recsys.data.importing.readers.json import JsonTable, looks_like_json
from recsys.data.importing.readers.parquet import MAGIC, ParquetTable
from recsys.data.importing.readers.text_dialect import TextForm

# in this order: the first one that knows a table has it
FORMATS: tuple[Format, ...] = (*exports.SERVICES, shapes, generic)
_TABLES = "csv tsv tab txt dat data json jsonl ndjson parquet inter item log xlsx xls ods mtx npz"
ENDINGS = tuple(f"{_TABLES} gz bz2 xz zst zip tar".split())


def open_table(file: File, text: TextForm) -> Table:
    """Open a file as the table it is, told by its content.

    Raises
    ------
    InputError
        If it is none.
    """
    with file.path.open("rb") as stream:
        start = stream.read(64 << 10)
    if start.startswith(MAGIC):
        return ParquetTable(file)
    converted = open_converted(file, start, text)
    if converted is not None:
        return converted
    refuse_known(file.name, start)
    encoding = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if looks_like_json(start[:4096].decode(encoding, "replace")):
        return JsonTable(file)
    table = CsvTable(file, text)
    return melted(table) if is_matrix(table) else table
