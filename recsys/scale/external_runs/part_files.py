"""Parquet files of an external run: schema, checks and reading in batches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.errors import InputError

BATCH_ROWS = 1 << 16
WRITE_AGAIN = "Write the run anew."
COLUMNS = {
    "items": {
        "code": "whole numbers",
        "id": "text",
        "name": "text",
        "listeners": "whole numbers",
        "plays": "numbers",
        "factors": "lists",
    },
    "users": {"code": "whole numbers", "id": "text", "factors": "lists"},
    "known": {"user": "whole numbers", "item": "whole numbers", "value": "numbers"},
    "hidden": {"user": "whole numbers", "item": "whole numbers", "value": "numbers"},
}


def part_paths(folder: Path, kind: str) -> list[Path]:
    """Return the files of a kind, in their order.

    Raises
    ------
    InputError
        If there is none; only the hidden pairs may have none.
    """
    parts = sorted((folder / kind).glob("part-*.parquet"))
    if not parts and (kind != "hidden" or not (folder / kind).is_dir()):
        raise InputError(f"{kind}/ has no part-*.parquet. {WRITE_AGAIN}")
    return parts


@contextmanager
def open_part(part: Path, kind: str) -> Iterator[pq.ParquetFile]:
    """Open a file and check its schema; turn errors, of reading it as well, into an `InputError`."""
    try:
        with pq.ParquetFile(part, pre_buffer=False, buffer_size=1 << 20) as file:
            schema = file.schema_arrow
            for name, words in COLUMNS[kind].items():
                if name not in schema.names or not _IS[words](schema.field(name).type):
                    found = str(schema.field(name).type)[:80] if name in schema.names else "missing"
                    raise InputError(
                        f"{part_label(part)}: the column {name} must be {words}; it is {found}. {WRITE_AGAIN}"
                    )
            yield file
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{part_label(part)} cannot be read: it is damaged, or no Parquet. {WRITE_AGAIN}"
        ) from error


def _is_lists(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and pa.types.is_floating(kind.value_type)


_IS = {
    "whole numbers": pa.types.is_integer,
    "numbers": lambda kind: pa.types.is_floating(kind) or pa.types.is_integer(kind),
    "text": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
    "lists": _is_lists,
}


def integers(column: pa.Array) -> NDArray[np.int64]:
    """Return a column of whole numbers; int64 array."""
    return column.to_numpy(zero_copy_only=False).astype(np.int64, copy=False)


def part_label(part: Path) -> str:
    """Return the name of a file for messages: folder and file."""
    return f"{part.parent.name}/{part.name}"
