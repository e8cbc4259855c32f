"""Plays of one person: read from their own export in any format that an upload may have, or from a pasted list."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from recsys.data.dataset import SECONDS_PER_MONTH
from recsys.data.importing.aggregation import Aggregator
from recsys.data.importing.archives import Source
from recsys.data.importing.item_names import find_names
from recsys.data.importing.report import Report
from recsys.data.importing.schema import survey
from recsys.errors import InputError

MAX_PAIRS = 1_000_000
MAX_NAMES = 5_000
MAX_NAME = 200
# `Radiohead, 120`, `Radiohead: 1,200`, `Radiohead - 120` and `Radiohead (120)`: the name is before the number.
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
COUNTED = re.compile(
    rf"^(?P<name>.+?)(?:\s*[,;:\t]\s*(?P<plays>{_NUMBER})|\s+[-\u2013\u2014]\s+(?P<dashed>{_NUMBER})|\s*\((?P<more>{_NUMBER})\))$"
)
TITLES = re.compile(r"^(?:artists?|bands?|names?)\s*[,;:\t]\s*\w+(?: count)?$", re.IGNORECASE)
MOST_PARTS = 4  # of a name with commas, as Crosby, Stills, Nash & Young
NUMBERED = re.compile(r"^\s*(?:\d{1,4}[.)]|[-*•])\s+")


@dataclass(frozen=True)
class OnePerson:
    """How much one person plays of what.

    Attributes
    ----------
    plays : dict of str to float
        By name, the most played first.
    form : str
        The format it was read as.
    notes : list of str
        What was guessed or left out, a sentence each.
    ages : dict of str to float
        Months from the last play to the newest of all, by name, where a time is known.
    """

    plays: dict[str, float]
    form: str
    notes: list[str] = field(default_factory=list)
    ages: dict[str, float] = field(default_factory=dict)


def read_one_person(sources: list[tuple[str, Source]]) -> OnePerson:
    """Read one person's export.

    Parameters
    ----------
    sources : list of (name, path or binary file)

    Raises
    ------
    InputError
        If nothing in it can be read, or it is about several people.
    """
    found = survey(sources)
    columns = found.choose({})
    report = Report()
    reader = Aggregator(columns, found.nouns(columns), report, MAX_PAIRS)
    try:
        own = [
            (table, its) for table in found.tables if (its := found.columns_of(table, columns)) is not None
        ]
        for table, its in own:
            reader.read(table, its, "one")
        names = find_names(found, columns, reader, own)
        reader.pairs.compact()
        pairs, labels = reader.pairs, reader.pairs.items.codes
        keys, values = pairs.keys, pairs.values
        last = np.zeros(len(keys), np.int64) if pairs.times is None else pairs.times[:, 1]
    finally:
        reader.close()
    people = len(np.unique(keys >> 32))
    if people > 1:
        raise InputError(
            f"This holds the {found.nouns(columns).values} of {people:,} people: import it as a dataset, on the Data "
            "page."
        )
    if not people:
        raise InputError(f"Nothing in {found.title} can be used. {next(iter(report.refused), '')}".strip())
    by_code = {code: str(names.get(label) or label) for label, code in labels.items()}
    plays: dict[str, float] = {}
    ages: dict[str, float] = {}
    months = (last.max() - last) / SECONDS_PER_MONTH
    for code, value, time, age in zip(
        (keys & 0xFFFFFFFF).tolist(), values.tolist(), last.tolist(), months.tolist(), strict=True
    ):
        name = by_code[code]
        plays[name] = plays.get(name, 0.0) + float(value)
        if time:  # 0 is none
            ages[name] = min(ages.get(name, age), age)
    notes = [*report.sentences()]
    if report.left_out:
        notes.append(f"Rows that cannot be used: {report.left_out:,} of {report.rows:,}.")
    return OnePerson(_sorted(plays), found.format.NAME, notes, ages)


def read_names(text: str, known: Callable[[str], bool] = lambda name: False) -> OnePerson:
    """Read a list of names, one a line or all on one line with commas; a number behind a name is its plays.

    Parameters
    ----------
    text : str
    known : callable
        Returns whether there is such a name: on one line, a known name keeps its comma, as `Earth, Wind & Fire` does,
        and the last two may have `and` between them.

    Raises
    ------
    InputError
        If there is no name in it, or there are more than 5,000.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and not COUNTED.match(lines[0].strip()):
        lines = _names_of_line(lines[0], known)
    elif len(lines) > 1 and TITLES.match(lines[0].strip()):
        del lines[0]
    plays: dict[str, float] = {}
    for line in lines:
        name = NUMBERED.sub("", line).strip().strip('"')
        counted = COUNTED.match(name)
        count = float(next(filter(None, counted.groups()[1:])).replace(",", "")) if counted else 0.0
        name = (counted["name"] if counted else name).strip().strip('"')
        if name:
            plays[name[:MAX_NAME]] = plays.get(name[:MAX_NAME], 0.0) + count
    if not plays:
        raise InputError(
            "There is no name in it. Write one on each line, or several with commas between them."
        )
    if len(plays) > MAX_NAMES:
        raise InputError(
            f"There are {len(plays):,} names in it: more than {MAX_NAMES:,}. Take the first ones."
        )
    return OnePerson(_sorted(plays), "a list of names")


def _names_of_line(line: str, known: Callable[[str], bool]) -> list[str]:
    parts = [part.strip() for part in re.split(r"[,;]", line)]
    names = []
    while parts:
        sizes = range(min(MOST_PARTS, len(parts)), 1, -1)
        size = next((size for size in sizes if known(", ".join(parts[:size]))), 1)
        names.append(", ".join(parts[:size]))
        del parts[:size]
    first, between, last = names[-1].rpartition(" and ")
    if between and not known(names[-1]) and known(last):
        names[-1:] = [first.rstrip(), last]
    return names


def _sorted(plays: dict[str, float]) -> dict[str, float]:
    return dict(sorted(plays.items(), key=lambda entry: -entry[1]))
