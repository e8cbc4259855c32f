"""A table of the reader's own: who played what, how often."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import IO, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from recsys.datasets.base import Dataset
from recsys.errors import InputError
from recsys.interactions import Interactions

# in order of preference; compared in lower case and without spaces, _ and -
COLUMNS = {
    "user": ("userid", "user", "listenerid", "listener", "username"),
    "item": ("artistid", "itemid", "item", "artist", "artistname"),
    "value": ("plays", "playcount", "weight", "count", "value", "rating"),
    "name": ("artistname", "itemname", "name", "artist"),
}
MOST_ROWS = 20_000_000


def read_table(source: str | Path | IO[bytes], name: str = "The table") -> Dataset:
    """Read a table of plays with a header: CSV, TSV or Parquet.

    Needs a column for the user, one for the artist and one for the plays, and takes one for
    the artist's name; `COLUMNS` lists what they may be called. Rows for the same user and
    artist are added up.

    Parameters
    ----------
    source : path or binary file
        UTF-8 text separated by commas, semicolons or tabs (tab-separated values are taken as
        they stand, quotation marks included), or Parquet.
    name : str
        What to call it, where `source` is no path.

    Raises
    ------
    InputError
        If it cannot be read, a column is missing, or a row has a label missing or plays that
        are not a number above 0.
    """
    if isinstance(source, str | Path):
        try:
            with Path(source).open("rb") as file:
                return _read(file, Path(source).name, str(source))
        except OSError as error:
            raise InputError(f"{source} cannot be read: {error.strerror or error}.") from error
    return _read(source, name, name)


def _read(file: IO[bytes], name: str, key: str) -> Dataset:
    file.seek(0)
    content = file.read()
    read = _parquet if content.startswith(b"PAR1") else _text
    table = _checked(read(content, name))
    pairs = _one_row_a_pair(table)
    added = len(table) - len(pairs)
    return Dataset(
        key=key,
        title=name,
        origin=f"Read from {name}." + (f" Repeated rows added up: {added:,}." if added else ""),
        licence="The file states none.",
        interactions=Interactions.from_frame(pairs),
    )


def _text(content: bytes, name: str) -> pd.DataFrame:
    """Read text; each column is text, none is missing."""
    uneven: list[pc.InvalidRow] = []

    def stop(row: pc.InvalidRow) -> str:
        uneven.append(row)
        return "error"

    try:
        header = re.split("[\r\n]", content.decode("utf-8-sig"), maxsplit=1)[0]
        separator = max("\t;,", key=header.count)
        quote: str | Literal[False] = False if separator == "\t" else '"'
        titles = next(csv.reader([header], delimiter=separator, quoting=csv.QUOTE_MINIMAL), [])
        places = _places(titles, name)
        table = pc.read_csv(
            io.BytesIO(content),
            # in one thread, for only then it knows the number of an uneven row
            pc.ReadOptions(
                use_threads=False, skip_rows=1, column_names=[str(at) for at in range(len(titles))]
            ),
            pc.ParseOptions(
                delimiter=separator, quote_char=quote, newlines_in_values=True, invalid_row_handler=stop
            ),
            pc.ConvertOptions(
                include_columns=[str(place) for place in places.values()],
                column_types={str(place): pa.string() for place in places.values()},
                strings_can_be_null=False,  # there are artists called NA and None
            ),
        )
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(name) from error
    except pa.ArrowInvalid as error:
        if uneven:
            row = uneven[0]
            raise InputError(
                f"Row {row.number - 1} has {row.actual_columns} columns where the header has "
                f"{row.expected_columns}: {row.text[:80]!r}."
            ) from error
        raise _unreadable(name) from error
    return table.rename_columns(list(places)).to_pandas()


def _parquet(content: bytes, name: str) -> pd.DataFrame:
    """Read Parquet; each column becomes text, empty where it is missing."""
    try:
        parquet = pq.ParquetFile(io.BytesIO(content))
        if parquet.metadata.num_rows > MOST_ROWS:
            raise InputError(f"{name} has more than {MOST_ROWS:,} rows. Use a part of it.")
        titles = parquet.schema_arrow.names
        places = _places(titles, name)
        table = parquet.read(columns=[titles[place] for place in places.values()])
        columns = {role: table[titles[place]].cast(pa.string()) for role, place in places.items()}
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name) from error
    return pa.table(columns).to_pandas().fillna("")


def _unreadable(name: str) -> InputError:
    return InputError(f"{name} is neither Parquet nor a table in UTF-8 text. Save it as one of these.")


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    """Turn text into labels and numbers, or say which row is wrong."""
    table = table.apply(lambda column: column.str.strip())
    for column, noun in (("user", "listener"), ("item", "artist")):
        empty = (table[column] == "").to_numpy()
        if empty.any():
            raise InputError(
                f"Row {empty.argmax() + 1}: the {noun} is missing. Fill it in or remove the row."
            )
        if table[column].str.fullmatch("0|-?[1-9][0-9]{0,17}").all():
            table[column] = table[column].astype("int64")
    plays = pd.to_numeric(table["value"], errors="coerce").to_numpy(np.float64)
    bad = ~(np.isfinite(plays) & (plays > 0))
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"Row {row + 1}: plays must be a number above 0, not {table['value'].iloc[row][:80]!r}."
        )
    table["value"] = plays
    if "name" in table:
        table["name"] = table["name"].where(table["name"] != "")
    return table


def _one_row_a_pair(table: pd.DataFrame) -> pd.DataFrame:
    how = {column: "sum" if column == "value" else "first" for column in ("value", "name") if column in table}
    return table.groupby(["user", "item"], as_index=False, sort=False).agg(how)


def _places(titles: list[str], name: str) -> dict[str, int]:
    """Find the column of each role by its title."""
    plain = [re.sub(r"[\s_-]", "", title).lower() for title in titles]
    places: dict[str, int] = {}
    for role, known in COLUMNS.items():
        for title in known:
            if title in plain and plain.index(title) not in places.values():
                if plain.count(title) > 1:
                    raise InputError(f"{name} has two columns called {title!r}. Rename or remove one.")
                places[role] = plain.index(title)
                break
        else:
            if role != "name":
                noun = {"user": "listener", "item": "artist", "value": "play count"}[role]
                shown = ", ".join(titles)[:200]
                raise InputError(
                    f"{name} has no column for the {noun}, only {shown!r}. Call it {COLUMNS[role][0]!r} or "
                    f"one of {', '.join(COLUMNS[role][1:])}."
                )
    return places
