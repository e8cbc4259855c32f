"""Names of items: from a column beside their ids, or from a file of their own."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.data.importing.aggregation import Aggregator
from recsys.data.importing.base import Columns, Table
from recsys.data.importing.expressions import POINT, row_of
from recsys.data.importing.formats import movielens
from recsys.data.importing.formats.generic import find_name
from recsys.data.importing.pairs import MAX_LABEL, Labels
from recsys.data.importing.schema import Survey
from recsys.data.importing.titles import plain


def find_names(
    found: Survey, columns: Columns, reader: Aggregator, tables: Sequence[tuple[Table, Columns]]
) -> dict[str, str]:
    """Return names by the labels of items: from a column beside them, or from a file of their own."""
    names: dict[str, str] = {}
    several = 0
    for table, its in tables:
        if not its.name:
            continue
        row = row_of(table, its, POINT, reader.nouns)
        source = table.source(reader.connection, row.columns)
        rows = reader.connection.execute(
            "SELECT i, arg_max(n, (c, n)), count(*) FROM (SELECT i, n, count(*) AS c FROM "
            f"(SELECT {row.item} AS i, trim({row.name}) AS n FROM {source}) "
            "WHERE n NOT IN ('', '\\N') GROUP BY i, n) GROUP BY i"
        ).fetchall()
        if len(rows) > 2 and sum(count > 1 for *_, count in rows) * 4 > len(rows):
            reader.report.note(
                f"{its.name!r} was not taken for the name of {reader.nouns.items}: many have several."
            )
            continue
        several += sum(count > 1 for *_, count in rows)
        for label, name, _ in rows:
            names.setdefault(_clean(label), name[:MAX_LABEL])
    if several:
        reader.report.note(
            f"{reader.nouns.items.capitalize()} with several names, of which the usual one is shown: {several:,}."
        )
    if found.names is not None and not names:
        table = found.names
        if table.file.file in movielens.NAMES:
            places = list(movielens.NAMES[table.file.file])
        else:
            item = next(title for title in table.titles if plain(title) == plain(columns.item))
            name = find_name([title for title in table.titles if title != item], item, alone=True)
            places = [table.titles.index(item), table.titles.index(name)]
        rows = reader.connection.execute(
            f"SELECT c0, c1 FROM {table.source(reader.connection, places)}"
        ).fetchall()
        names = {_clean(label): str(name).strip() for label, name in rows if name}
        reader.report.note(f"Names of {reader.nouns.items} were read from {table.name}.")
    return names


def _clean(label: object) -> str:
    labels = Labels()
    labels.code(label)
    return next(iter(labels.codes), "")
