"""Tables as Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.data.importing.archives import Part
from recsys.data.importing.base import MOST_COLUMNS, PREVIEWED, Batch, Refuse
from recsys.data.importing.readers.text_dialect import unique_titles
from recsys.errors import InputError
from recsys.system.atomic_files import reason

BATCH = 64 << 10
MAGIC = b"PAR1"


class ParquetTable:
    """A Parquet file; lists and the like in it are left out. It knows the number of its `rows`."""

    def __init__(self, part: Part) -> None:
        self.part = part
        try:
            with part.seekable() as file:
                parquet = pq.ParquetFile(file)
                schema = parquet.schema_arrow
                self.places = [
                    place for place, field in enumerate(schema) if not pa.types.is_nested(field.type)
                ]
                if not 0 < len(self.places) <= MOST_COLUMNS:
                    raise InputError(f"{part.name} needs from 1 to {MOST_COLUMNS:,} columns of plain values.")
                self.rows = parquet.metadata.num_rows
                self.names = [schema.names[place] for place in self.places]
                self.titles = unique_titles(self.names)
                first = next(parquet.iter_batches(PREVIEWED), None)
                shown = (
                    [] if first is None else [_text(first.column(place)).to_pylist() for place in self.places]
                )
        except (pa.ArrowException, OSError, NotImplementedError) as error:
            raise _unreadable(part, error) from error
        self._rows = [list(row) for row in zip(*shown, strict=True)]
        self.form = "Parquet"

    def preview(self) -> list[list[str]]:
        """Return the first rows."""
        return self._rows

    def batches(self, columns: Sequence[int], refuse: Refuse) -> Iterator[Batch]:
        """Yield the rows.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        wanted = [self.names[column] for column in columns]
        line = 1
        try:
            with self.part.seekable() as file:
                for batch in pq.ParquetFile(file).iter_batches(BATCH, columns=wanted):
                    arrays = [_text(batch.column(batch.schema.names.index(name))) for name in wanted]
                    yield Batch(arrays, np.arange(line, line + batch.num_rows))
                    line += batch.num_rows
        except (pa.ArrowException, OSError, NotImplementedError) as error:
            raise _unreadable(self.part, error) from error


def _text(array: pa.Array) -> pa.Array:
    """Turn values into text: a whole number without a point, nothing where a value is missing."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_floating(array.type):
        whole = pc.all(pc.equal(pc.floor(array), array)).as_py()
        if whole and (pc.max(pc.abs(array)).as_py() or 0) < 2**53:
            array = array.cast(pa.int64())
    return pc.fill_null(array.cast(pa.string()), "")


def _unreadable(part: Part, error: Exception) -> InputError:
    if isinstance(error, OSError) and error.strerror:
        return InputError(f"{part.name} cannot be read: {reason(error)}")
    return InputError(f"{part.name} is not a Parquet file that can be read, or it is damaged. Get it again.")
