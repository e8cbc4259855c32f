"""Validation of all rows of an upload, and a dataset of the valid ones.

DuckDB reads the rows and adds them up; here labels are cleaned, pairs put together, and everything that was
left out, guessed or changed is reported. Memory grows with the number of different pairs and labels, never with
the number of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recsys.data.dataset import Dataset
from recsys.data.importing.aggregation import Aggregator
from recsys.data.importing.base import Columns, Table
from recsys.data.importing.item_names import find_names
from recsys.data.importing.report import Report
from recsys.data.importing.schema import Survey
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
        listeners = _listeners([table for table, _ in tables])
        for at, ((table, its), listener) in enumerate(zip(tables, listeners, strict=True)):
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


def _listeners(tables: Sequence[Table]) -> list[str]:
    """Name the listener of each file, for those that have no column for it: by folder if there are several."""
    folders = [table.file.folders for table in tables]
    shared = 0
    while len(set(folders)) > 1 and len({folder[: shared + 1] for folder in folders}) == 1:
        shared += 1
    names = [folder[shared] if len(folder) > shared else "" for folder in folders]
    if len(set(filter(None, names))) < 2 and not (any(names) and not all(names)):
        names = [""] * len(tables)
    return [name or table.file.stem for name, table in zip(names, tables, strict=True)]
