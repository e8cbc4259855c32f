"""What listening data comes as: the ways a table is written, and the formats it is known by."""

from __future__ import annotations

from recsys.data.importing.archives import Part
from recsys.data.importing.base import Format, Table
from recsys.data.importing.formats import generic, lastfm_scrobbles, listenbrainz, movielens, spotify
from recsys.data.importing.readers.csv import DelimitedTable
from recsys.data.importing.readers.json import JsonTable, looks_like_json
from recsys.data.importing.readers.parquet import MAGIC, ParquetTable
from recsys.data.importing.readers.text_dialect import TextForm

# in this order: the first one that knows a table has it
FORMATS: tuple[Format, ...] = (spotify, listenbrainz, movielens, lastfm_scrobbles, generic)
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
