"""What listening data comes as: the ways a table is written, and the formats it is known by."""

from __future__ import annotations

from recsys.datasets.formats import listenbrainz, movielens, plays, scrobbles, spotify
from recsys.datasets.formats.base import Format, Table
from recsys.datasets.formats.delimited import DelimitedTable
from recsys.datasets.formats.json_objects import JsonTable, looks_like_json
from recsys.datasets.formats.parquet import MAGIC, ParquetTable
from recsys.datasets.formats.text import TextForm
from recsys.datasets.parts import Part

# in this order: the first one that knows a table has it
FORMATS: tuple[Format, ...] = (spotify, listenbrainz, movielens, scrobbles, plays)
ENDINGS = ("csv", "tsv", "tab", "txt", "dat", "data", "json", "jsonl", "ndjson", "parquet", "gz", "zip")


def open_table(part: Part, text: TextForm) -> Table:
    """Open a file as the table it is, told by its content.

    Raises
    ------
    InputError
        If it is none.
    """
    with part.open() as stream:
        if stream.read(len(MAGIC)) == MAGIC:
            return ParquetTable(part)
    return JsonTable(part) if looks_like_json(part) else DelimitedTable(part, text)
