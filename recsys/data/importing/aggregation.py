"""Aggregation of tables: DuckDB reads the rows of each and adds them up, and labels are cleaned here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.dataset import History
from recsys.data.importing.base import Columns, Table
from recsys.data.importing.database import connect
from recsys.data.importing.expressions import NOTATION_NOTES, POINT, SIGNS, Row, find_notation, row_of
from recsys.data.importing.history import history_of
from recsys.data.importing.pairs import MISSING, PROBLEMS, Labels, Pairs, halves, labels_array, within
from recsys.data.importing.readers.csv import CsvTable
from recsys.data.importing.report import MAX_EXAMPLES, Report
from recsys.data.interactions import Interactions
from recsys.data.nouns import Nouns
from recsys.errors import InputError

MAX_ROWS = 200_000_000
BATCH = 1 << 20
WAIT = 0.02  # seconds between two looks at a query
LARGE = 8 << 20  # bytes of a file
SAMPLED = 100_000  # rows of such a file by which it is told how often a pair stands in it
HARDLY = 0.01  # the share of them, at most, whose pair stands before
MOST_COMPARED = 50  # files of which each is looked for in the others


class Aggregator:
    """Adds up tables, one after another, on a connection of its own."""

    def __init__(self, columns: Columns, nouns: Nouns, report: Report, most_pairs: int) -> None:
        self.columns, self.nouns, self.report = columns, nouns, report
        self.pairs = Pairs(most_pairs, columns.repeats)
        self.connection = connect()
        self._pool = ThreadPoolExecutor(1)
        self._kept = 0
        self.users = self.items = 0

    def close(self) -> None:
        """Stop what is going on."""
        self.connection.interrupt()
        self._pool.shutdown()
        self.connection.close()

    def progress(self) -> float:
        """Return how much of the file is read, 0 to 1."""
        return max(0.0, min(1.0, self.connection.query_progress() / 100))

    def in_background(self, work: Any) -> Iterator[None]:
        """Do something in another thread, yielding until it is done."""
        task = self._pool.submit(work)
        while not task.done():
            yield
            try:
                task.exception(WAIT)
            except TimeoutError:
                continue
        try:
            task.result()
        except duckdb.Error as error:
            raise InputError(f"The data cannot be read: {str(error).splitlines()[0][:300]}.") from error

    def read(self, table: Table, columns: Columns, listener: str) -> None:
        """Add up all rows of a table."""
        listener_code = None if columns.user else self.pairs.users.code(listener)
        notation = self._notation(table, columns)
        row = row_of(table, columns, notation, self.nouns)
        grouped = self._repeats(table, columns, row)
        before = self.report.used
        source = table.source(self.connection, row.columns)
        self._add(table, columns, row, source, listener_code, grouped)
        mended, refused, count = table.finish(self.connection, row.columns)
        if mended:
            self.report.note(
                "Rows with stray quotation marks or without their last columns were read all the same: "
                f"{len(mended):,}."
            )
            self.connection.register("mended", _as_arrow(mended, len(row.columns)))
            self._add(table, columns, row, "(SELECT * FROM mended)", listener_code, mended=True)
        for one in refused[: max(0, MAX_EXAMPLES - len(self.report.examples))]:
            self.report.examples.append((table.name, one.line, one.text[:200], one.reason))
        for one in refused:
            self.report.refuse(one.reason)
        if count > len(refused):
            self.report.refuse(refused[-1].reason, count - len(refused))
        if self.report.rows > MAX_ROWS:
            raise InputError(f"There are more than {MAX_ROWS:,} rows. Use a part of them.")
        if self.report.used > before:
            for note in table.notes:
                self.report.note(note)
            self.report.note(NOTATION_NOTES.get(notation, ""))

    def _notation(self, table: Table, columns: Columns) -> str:
        """Find how the numbers are written; the whole column is asked where a sample has points or commas."""
        if not columns.value or table.kind(table.titles.index(columns.value)) != "text":
            return POINT
        cells = table.column(columns.value)
        separator = table.dialect.delimiter if isinstance(table, CsvTable) else ","
        odd = [cell for cell in cells if SIGNS & set(cell)]
        if not odd or (separator != ";" and all(re.fullmatch(r"[^,]*\.[^,.]*", cell) for cell in odd)):
            return POINT
        source = table.source(self.connection, [table.titles.index(columns.value)])
        shapes = self.connection.execute(
            f"SELECT any_value(c0) FROM {source} GROUP BY regexp_replace(c0, '[1-9]', '1', 'g') LIMIT 1000"
        ).fetchall()
        return find_notation([shape for (shape,) in shapes], separator)

    def _repeats(self, table: Table, columns: Columns, row: Row) -> bool:
        """Say whether DuckDB is to add the rows up: not where the first rows have hardly a pair twice."""
        if row.time or columns.repeats == "last" or table.file.path.stat().st_size < LARGE:
            return True
        source = table.source(self.connection, row.columns)
        pair = f"{row.user}, {row.item}" if row.user else row.item
        ((different,),) = self.connection.execute(
            f"SELECT count(DISTINCT hash({pair})) FROM (FROM {source} LIMIT {SAMPLED})"
        ).fetchall()
        return bool(different < SAMPLED * (1 - HARDLY))

    def _add(
        self,
        table: Table,
        columns: Columns,
        row: Row,
        source: str,
        listener: int | None,
        grouped: bool = True,
        mended: bool = False,
    ) -> None:
        """Add up the rows of a source: one group for each user, item, month and reason."""
        last = columns.repeats == "last"
        monthly = bool(row.time) and not last
        ordered = last and not row.time
        if ordered:
            line = "line" if table.has_lines else "row_number() OVER ()"
            source = f"(SELECT *, {line} AS ordinal FROM {source})"
        user, time = row.user or "NULL", row.time or "NULL"
        keys = ["r"] + (["u"] if row.user else []) + ["i"] + (["m"] if monthly else [])
        label = "CASE WHEN r < 0 THEN NULL ELSE {0}0 END AS {0}" if columns.drops else "{0}0 AS {0}"
        inner = (
            f"SELECT *, {label.format('u')}, {label.format('i')}, {_month() if monthly else 'NULL'} AS m "
            f"FROM (SELECT *, {row.reason} AS r FROM (SELECT *, {user} AS u0, {row.item} AS i0, {row.number} AS x, "
            f"{time} AS t FROM {source}))"
        )
        value = "sum(x)"
        if last:
            value = "arg_max(x, coalesce(t, 0))" if row.time else "arg_max(x, ordinal)"
        times = ("first", "last") if row.time else ()
        spans = ", min(t) AS first, max(t) AS last" if row.time else ""
        groups = ", ".join(keys)
        select = f"SELECT {groups}, {value} AS s, count(*) AS n{spans} FROM ({inner}) GROUP BY {groups}"
        if not grouped:
            select = f"SELECT {groups}, x AS s, 1 AS n FROM ({inner})"
        report, pairs = self.report, self.pairs
        bad = False
        here = Pairs(pairs.most, columns.repeats)
        used, months_before = 0, len(pairs.months)
        for batch in _in_tables(self.connection.sql(select).to_arrow_reader(BATCH // 8)):
            r, n = np.asarray(batch.column("r")), np.asarray(batch.column("n"))
            if columns.drops:
                for code in np.unique(r[r < 0]).tolist():
                    report.drop(row.reasons[code], int(n[r == code].sum()))
                keep = r >= 0
                batch, r, n = batch.filter(pa.array(keep)), r[keep], n[keep]
            items = pairs.items.encode(batch.column("i"))
            users = pairs.users.encode(batch.column("u")) if row.user else np.full(len(r), listener, np.int64)
            again = self._titles_again(table, columns, users, items)
            if again is not None:
                report.drop("the titles again", int(n[again].sum()))
                users, items, r, n, batch = _without(again, users, items, r, n, batch)
            blank = items == MISSING
            if blank.any() and (row.user or row.value) and isinstance(table, CsvTable):
                blank &= ((users == MISSING) | (not row.user)) & ((r == 2) | (not row.value))
                users, items, r, n, batch = _without(blank, users, items, r, n, batch)
            good = (r == 0) & (users >= 0) & (items >= 0)
            if not good.all():
                bad = True
                self._count_refused(users, items, r, n, row)
            used += int(n[good].sum())
            codes, sums = (users << 32 | items)[good], np.asarray(batch.column("s"))[good]
            span = [np.asarray(batch.column(side).fill_null(0), np.int64)[good] for side in times]
            here.add(codes, sums, np.column_stack(span) if span else None)
            if monthly:
                months = np.asarray(batch.column("m").fill_null(-1), np.int16)[good]
                pairs.months.append((codes, months, sums))
        if not self._keep(table, here, used):
            del pairs.months[months_before:]
        if bad:
            self._show_refused(table, row, inner, mended)

    def _keep(self, table: Table, here: Pairs, used: int) -> bool:
        """Add the pairs of a table, unless all of its rows stand in others; return whether they were added."""
        pairs, report = self.pairs, self.report
        here.gather()
        if self._kept and self._kept < MOST_COMPARED and len(here) > 1:
            pairs.compact()
            here.compact()
            if within(here, pairs):
                report.drop("the same rows as in other files", used)
                report.note(
                    f"All rows of {table.name} stand in other files, too. They were not counted twice."
                )
                return False
        self._kept += 1
        report.rows += used
        report.used += used
        pairs.add(here.keys, here.values, here.times)
        return True

    def _titles_again(
        self, table: Table, columns: Columns, users: Any, items: Any
    ) -> NDArray[np.bool_] | None:
        """Return where the titles stand between the rows, as where files were joined."""
        if not (isinstance(table, CsvTable) and table.named and columns.user):
            return None
        first = [table.first[table.titles.index(title)].strip() for title in (columns.user, columns.item)]
        codes = [
            labels.codes.get(label)
            for labels, label in zip((self.pairs.users, self.pairs.items), first, strict=True)
        ]
        return None if None in codes else (users == codes[0]) & (items == codes[1])

    def _count_refused(
        self, users: NDArray[Any], items: NDArray[Any], r: NDArray[Any], n: NDArray[Any], row: Row
    ) -> None:
        left = np.ones(len(r), bool)
        for codes, noun in ((users, self.nouns.user), (items, self.nouns.item)):
            for code, reason in PROBLEMS.items():
                here = left & (codes == code) & (r != 1)
                self.report.refuse(reason.format(noun), int(n[here].sum()))
                left &= ~here
        for code in np.unique(r[left & (r > 0)]).tolist():
            self.report.refuse(row.reasons[code], int(n[left & (r == code)].sum()))

    def _show_refused(self, table: Table, row: Row, inner: str, mended: bool) -> None:
        """Find the first refused rows again, with their lines."""
        report, pairs = self.report, self.pairs
        room = MAX_EXAMPLES - len([one for one in report.examples if one[0] == table.name])
        if room <= 0 or len(report.examples) >= 10 * MAX_EXAMPLES:
            return
        tests = ["r > 0"]
        for labels, name, column in ((pairs.users, "bad_users", "u"), (pairs.items, "bad_items", "i")):
            wrong = labels.problems()
            if column == "u" and not row.user:
                continue
            tests.append(f"{column} IS NULL")
            if wrong:
                self.connection.register(name, pa.table({"label": labels_array(wrong)}))
                tests.append(f"CAST({column} AS VARCHAR) IN (SELECT label FROM {name})")
        line = "line" if table.has_lines or mended else "row_number() OVER ()"
        source = inner.replace("SELECT *, ", f"SELECT *, {line} AS place, ", 1)
        value = f"CAST({row.value} AS VARCHAR)" if row.value else "''"
        broken = "broken" if table.has_broken and not mended else "NULL"
        rows = self.connection.execute(
            f"SELECT place, u, i, {value}, r, {broken} FROM ({source}) "
            f"WHERE r >= 0 AND ({' OR '.join(tests)}) LIMIT {room}"
        ).fetchall()
        if not table.has_lines and not mended:
            lines = table.lines([place for place, *_ in rows])
        else:
            lines = [place for place, *_ in rows]
        for place, (_, user, item, text, reason, raw) in zip(lines, rows, strict=True):
            blanks = isinstance(table, CsvTable)
            shown, why = _first_problem(user, item, text, int(reason), raw, row, pairs, self.nouns, blanks)
            if why:
                report.examples.append((table.name, int(place), str(shown)[:200], why))
        report.examples = sorted(report.examples, key=lambda example: example[:2])[:MAX_EXAMPLES]

    def finish(self, names: dict[str, str]) -> tuple[Interactions | None, History | None]:
        """Return the pairs under their sorted labels, and their times."""
        pairs, report = self.pairs, self.report
        pairs.gather()
        self.users, self.items = map(_different, halves(pairs.keys))
        if self.users < 2 or self.items < 2:
            report.repeated = report.used - len(pairs.keys)
            return None, None
        (users, user_places, user_changes), (items, item_places, item_changes) = (
            pairs.users.sorted(),
            pairs.items.sorted(),
        )
        joined = [*pairs.users.joined, *pairs.items.joined]
        if joined:
            shown = ", ".join(repr(label) for label in joined[:3])
            report.note(
                f"Names that differ only in blanks around them or in how Unicode writes a letter were put together: "
                f"{len(joined):,} ({shown[:120]})."
            )
        if user_changes or item_changes:
            report.note(f"Ids such as 12.0 were taken for 12: {user_changes + item_changes:,}.")
        pairs.place(user_places, item_places)
        keys, times = pairs.keys, pairs.times
        report.repeated = report.used - len(keys)
        self.users, self.items = map(_different, halves(keys))
        if self.users < 2 or self.items < 2:
            return None, None
        if (user_places < 0).any() or (item_places < 0).any():
            report.note(
                "An id that is no number, among numbers only, was taken for a missing one, and its rows left out."
            )
        shown_names = items.astype(str).to_numpy(object)
        for label, name in names.items():
            code = pairs.items.codes.get(label)
            if code is not None and item_places[code] >= 0 and name:
                shown_names[item_places[code]] = name
        interactions = Interactions.from_codes(*halves(keys), pairs.values, users, items, shown_names)
        history = None
        if times is not None and times.any():
            history = history_of(interactions, keys, times, pairs.months, user_places, item_places)
        return interactions, history


def _in_tables(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Yield what a reader gives in larger pieces, as each has its different labels looked up."""
    waiting: list[pa.RecordBatch] = []
    for batch in reader:
        waiting.append(batch)
        if sum(map(len, waiting)) >= BATCH:
            yield pa.Table.from_batches(waiting)
            waiting.clear()
    if waiting:
        yield pa.Table.from_batches(waiting)


def _different(codes: NDArray[np.int32]) -> int:
    return int(np.count_nonzero(np.bincount(codes)))


def _month() -> str:
    """Return an expression for the months since January 1970 of a time `t` in seconds."""
    day = "make_timestamp(t * 1000000)"
    return f"CAST(year({day}) * 12 + month({day}) - 23641 AS SMALLINT)"


def _without(mask: NDArray[np.bool_], users: Any, items: Any, r: Any, n: Any, batch: Any) -> tuple[Any, ...]:
    keep = ~mask
    return users[keep], items[keep], r[keep], n[keep], batch.filter(pa.array(keep))


def _as_arrow(rows: Sequence[tuple[int, list[str]]], width: int) -> pa.Table:
    columns = {f"c{at}": pa.array([cells[at] for _, cells in rows], pa.string()) for at in range(width)}
    return pa.table({"line": pa.array([line for line, _ in rows], pa.int64())} | columns)


def _first_problem(
    user: Any,
    item: Any,
    text: str,
    reason: int,
    raw: str | None,
    row: Row,
    pairs: Pairs,
    nouns: Nouns,
    blanks: bool,
) -> tuple[str, str]:
    """Return what to show of a refused row, and why it was refused."""
    if raw is not None:
        return raw, row.reasons[1]
    labels: list[tuple[Any, Labels, str]] = [(item, pairs.items, nouns.item)]
    if row.user:
        labels.insert(0, (user, pairs.users, nouns.user))
    missing = blanks and all(of.code("" if label is None else label) == MISSING for label, of, _ in labels)
    if missing and (row.user or row.value) and (reason == 2 or not row.value):
        return "", ""  # a blank row
    for label, of, noun in labels:
        code = of.code("" if label is None else label)
        if code < 0:
            return ("" if label is None else str(label).strip()), PROBLEMS[code].format(noun)
    return ("" if text is None else text.strip()), row.reasons.get(reason, "")
