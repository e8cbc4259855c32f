"""Tables as Parquet, read by DuckDB."""

from __future__ import annotations

import glob
from collections.abc import Sequence

import duckdb

from recsys.data.importing.archives import File
from recsys.data.importing.base import MAX_COLUMNS, Table, quoted, unique_titles
from recsys.data.importing.database import connect
from recsys.data.importing.titles import WORDS, find, find_item
from recsys.errors import InputError

MAGIC = b"PAR1"
SAMPLED = 200
WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
FRACTIONS = {"FLOAT", "DOUBLE"}


class ParquetTable(Table):
    """A Parquet file.

    Lists are left out, unless the items of a user stand in one list; then each element is a row.

    Attributes
    ----------
    count : int
        The number of rows.
    """

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self.form = "Parquet"
        self._read = f"read_parquet({quoted(glob.escape(str(file.path)))}, binary_as_string = true)"
        try:
            with connect() as connection:
                described = connection.execute(f"DESCRIBE SELECT * FROM {self._read}").fetchall()
                self.count = int(
                    connection.execute(
                        f"SELECT sum(num_rows) FROM parquet_file_metadata({quoted(glob.escape(str(file.path)))})"
                    ).fetchall()[0][0]
                )
                types = {name: str(kind) for name, kind, *_ in described}
                lists = [name for name, kind in types.items() if kind.endswith("[]")]
                flat = [name for name, kind in types.items() if not _is_nested(kind)]
                self.unnested = bool(
                    not find_item(flat) and find_item(lists) and not find(flat, WORDS["value"])
                )
                self._names = [*flat, *lists] if self.unnested else flat
                if not 0 < len(self._names) <= MAX_COLUMNS:
                    raise InputError(f"{file.name} needs from 1 to {MAX_COLUMNS:,} columns of plain values.")
                inner = [types[name].removesuffix("[]") for name in self._names]
                self.kinds = [
                    "whole" if kind in WHOLE else "fraction" if kind in FRACTIONS else "text"
                    for kind in inner
                ]
                self._lists = set(lists) if self.unnested else set()
                self.titles = unique_titles(self._names)
                left = [name for name in types if name not in self._names]
                if left:
                    self.notes.append(
                        f"Columns of {file.name} that hold lists or objects were left out: {', '.join(left)[:200]}."
                    )
                wanted = self.source(connection, range(len(self.titles)))
                step = max(1, self.count // SAMPLED)
                shown = connection.execute(
                    f"(SELECT * FROM {wanted} LIMIT 100) UNION ALL (SELECT * FROM {wanted} LIMIT 100 "
                    f"OFFSET {max(0, self.count - 100) if step > 1 else self.count})"
                ).fetchall()
        except duckdb.Error as error:
            raise InputError(
                f"{file.name} is not a Parquet file that can be read, or it is damaged. Get it again."
            ) from error
        self.rows = [[_shown(cell) for cell in row] for row in shown]

    def source(self, connection: duckdb.DuckDBPyConnection, columns: Sequence[int]) -> str:
        """Return what stands behind FROM to read columns: numbers as such, other things as text."""
        inner, outer = [], []
        for at, column in enumerate(columns):
            name = '"' + self._names[column].replace('"', '""') + '"'
            inner.append(f"{f'unnest({name})' if self._names[column] in self._lists else name} AS n{at}")
            kind = {"whole": "BIGINT", "fraction": "DOUBLE"}.get(self.kinds[column])
            outer.append(
                f"CAST(n{at} AS {kind}) AS c{at}"
                if kind
                else f"coalesce(CAST(n{at} AS VARCHAR), '') AS c{at}"
            )
        return f"(SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {self._read}))"


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT"))


def _shown(cell: object) -> str:
    if isinstance(cell, float):
        return "" if cell != cell else f"{cell:.15g}"
    return "" if cell is None else str(cell)
