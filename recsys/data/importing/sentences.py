"""Sentences about an upload: what was done with it, and why it cannot be used."""

from __future__ import annotations

from collections import Counter

from recsys.data.importing.base import Columns, Table
from recsys.data.importing.readers.text_dialect import is_number
from recsys.data.importing.report import Report
from recsys.data.importing.schema import Survey, listeners
from recsys.data.importing.titles import EVENTS, ROLES, plain
from recsys.data.nouns import Nouns


def add_notes(
    report: Report, found: Survey, columns: Columns, tables: list[Table], others: dict[str, str], nouns: Nouns
) -> None:
    """Say what was done and what may not be expected."""
    roles = {role: getattr(columns, role) for role in ROLES}
    if columns.guessed:
        told = ", ".join(f"{title} is the {role}" for role, title in roles.items() if title)
        report.note(f"The columns have no titles; their roles were guessed by their shape: {told}.")
    if columns.rated:
        report.note(f"The numbers in {columns.value!r} were taken for ratings.")
    if not columns.value:
        report.note("Each row counts as one.")
    unused = [
        title
        for title in found.table.titles
        if title not in columns.titles and not _is_id(title) and is_number(found.table.column(title))
    ]
    if unused:
        report.note(f"Columns of numbers that are not used: {', '.join(unused)[:200]}.")
    explained = {drop.title for drop in columns.drops}
    for title in found.table.titles:
        kinds = sorted(set(found.table.column(title)))
        if (
            plain(title) in EVENTS
            and title not in explained
            and 1 < len(kinds) <= 20
            and not is_number(kinds)
        ):
            report.note(f"Rows of several kinds count alike; {title} says {', '.join(kinds)[:100]}.")
    if not columns.user:
        report.note(
            f"No column says whose rows these are: each file or folder is taken for one {nouns.user}."
        )
        files = Counter(listeners(tables)) if len(tables) > 1 else {}
        joined = [f"{name} ({count:,} files)" for name, count in files.items() if count > 1]
        if joined:
            more = " and more" if joined[5:] else ""
            report.note(f"Put together as one {nouns.user}: {', '.join(joined[:5])}{more}.")
    if len(tables) > 1:
        report.note(f"{len(tables):,} files were read together.")
    why = list(others.values())
    if why:
        report.note(
            f"Files that were not read: {len(why):,}. {' '.join(why[:3])}" + (" And more." if why[3:] else "")
        )


def _is_id(title: str) -> bool:
    return plain(title).endswith(("id", "mbid", "number", "index")) or plain(title) in (
        "year",
        "month",
        "day",
        "unnamed0",
        "",
    )


def find_problem(
    report: Report, users: int, items: int, columns: Columns, nouns: Nouns, found: Survey
) -> str:
    """Say why this cannot be used, if it cannot."""
    most = (
        f" Most rows were refused: {report.left_out:,} of {report.rows:,}."
        if report.left_out * 2 > report.rows
        else ""
    )
    if report.rows == 0:
        return "There is no row in it."
    if report.used == 0:
        return "No row can be used: see why below, and choose other columns."
    if users < 2:
        lost = f" Not read: {' '.join(list(found.others.values())[:2])}" if found.others else ""
        return (
            f"All rows are of a single {nouns.user}, and a recommender learns from what many have in common. "
            f"Say which column tells them apart, or put several people's files, in a folder for each, into one "
            f"zip.{most}{lost}"
            if not columns.user
            else f"All rows are of a single {nouns.user}. A recommender needs at least two.{most}"
        )
    if items < 2:
        return f"All rows are about a single {nouns.item}. A recommender needs at least two.{most}"
    return ""


def origin_of(found: Survey, columns: Columns, report: Report) -> str:
    """Say in sentences where the data came from and what was done to it."""
    said = [f"Read from {found.title}."]
    if report.repeated:
        by_time = "by time " if columns.time else ""
        how = f"of which the last {by_time}counts" if columns.repeats == "last" else "added up"
        said.append(f"Repeated rows, {how}: {report.repeated:,}.")
    if report.left_out:
        why = "; ".join(f"{reason}: {count:,}" for reason, count in report.refused.most_common(5))
        said.append(f"Rows that could not be used: {report.left_out:,} of {report.rows:,} ({why}).")
    if report.dropped:
        said += [f"Left out, {reason}: {count:,}." for reason, count in report.dropped.items()]
    return " ".join(said)
