"""Validation of all rows of an upload, and a dataset of the valid ones.

DuckDB reads the rows and adds them up; here labels are cleaned, pairs put together, and everything that was
left out, guessed or changed is reported. Memory grows with the number of different pairs and labels, never with
the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from recsys.data.dataset import Dataset
from recsys.data.importing.aggregation import Aggregator
from recsys.data.importing.base import Columns
from recsys.data.importing.item_names import find_names
from recsys.data.importing.report import Report
from recsys.data.importing.schema import Survey, listeners
from recsys.data.importing.sentences import add_notes, find_problem, origin_of

MAX_PAIRS = 20_000_000
UNSTATED = "No licence is stated."


def validate(found: Survey, columns: Columns, key: str = "") -> Report:
    """Read everything and report.

    Parameters
    ----------
    found : Survey
        What was uploaded.
    columns : Columns
        The roles of its columns.
    key : str
        Key of the dataset; else its title.

    Raises
    ------
    InputError
        If a file cannot be read to its end, or there is too much for this computer.
    """
    report = Report()
    for _ in validate_steps(found, columns, report, key):
        pass
    return report


def validate_steps(
    found: Survey, columns: Columns, report: Report, key: str = "", most_pairs: int | None = None
) -> Iterator[None]:
    """Read everything in the background, yielding every moment, and fill the report meanwhile."""
    nouns = found.nouns(columns)
    own = {table: found.columns_of(table, columns) for table in found.tables}
    tables = [(table, its) for table, its in own.items() if its is not None]
    reader = Aggregator(columns, nouns, report, MAX_PAIRS if most_pairs is None else most_pairs)
    try:
        people = listeners([table for table, _ in tables])
        for at, ((table, its), listener) in enumerate(zip(tables, people, strict=True)):
            for _ in reader.in_background(
                lambda table=table, its=its, who=listener: reader.read(table, its, who)
            ):
                report.progress = (at + reader.progress()) / len(tables)
                yield
        names: dict[str, str] = {}
        for _ in reader.in_background(lambda: names.update(find_names(found, columns, reader, tables))):
            yield
        others = found.others | {
            table.name: f"{table.name} has not these columns." for table, its in own.items() if its is None
        }
        report.examples.sort(key=lambda example: example[:2])
        add_notes(report, found, columns, [table for table, _ in tables], others, nouns)
        report.progress = 1.0
        interactions, history = reader.finish(names)
        yield
        notes = tuple(report.sentences())
        if report.repeated:
            how = "The last one counts" if columns.repeats == "last" else "They were added up"
            report.note(
                f"Rows about a {nouns.user} and {nouns.item} that an earlier row is about: {report.repeated:,}. {how}."
            )
        report.problem = find_problem(report, reader.users, reader.items, columns, nouns, found)
        if not report.problem and interactions is not None:
            report.dataset = Dataset(
                key=key or found.title,
                title=found.title,
                origin=origin_of(found, columns, report),
                licence=UNSTATED,
                interactions=interactions,
                nouns=nouns,
                notes=notes,
                history=history,
            )
    finally:
        reader.close()
