"""Report on the rows of an upload."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from recsys.data.dataset import Dataset

MAX_EXAMPLES = 100


@dataclass(eq=False)
class Report:
    """Numbers of rows by their fate.

    Attributes
    ----------
    rows, used : int
        How many rows were read, blank ones aside, and how many of them count.
    refused, dropped : Counter
        How many rows could not be used, and how many were left out on purpose, by reason.
    examples : list of (file, line, value, reason)
        The first refused rows, at most `MAX_EXAMPLES`.
    repeated : int
        How many rows were about a pair that another row is about, too.
    notes : list of str
        What was guessed, left out or put together, a sentence each.
    progress : float
        How much is read, 0 to 1, as far as that is known.
    problem : str
        Why the whole cannot be used; empty if it can.
    dataset : Dataset or None
        What can be used, unless there is a problem.
    """

    rows: int = 0
    used: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[str, int, str, str]] = field(default_factory=list)
    repeated: int = 0
    notes: list[str] = field(default_factory=list)
    progress: float = 0.0
    problem: str = ""
    dataset: Dataset | None = None

    @property
    def left_out(self) -> int:
        """The number of refused rows."""
        return self.refused.total()

    def note(self, sentence: str) -> None:
        """Add a sentence, once."""
        if sentence and sentence not in self.notes:
            self.notes.append(sentence)

    def refuse(self, reason: str, count: int = 1) -> None:
        """Count rows that cannot be used."""
        if count:
            self.rows += count
            self.refused[reason] += count

    def drop(self, reason: str, count: int) -> None:
        """Count rows that are left out on purpose."""
        if count:
            self.rows += count
            self.dropped[reason] += count

    def table(self) -> pd.DataFrame:
        """Return the first refused rows: columns `file`, `line`, `value` and `reason`."""
        return pd.DataFrame(self.examples, columns=["file", "line", "value", "reason"]).astype(
            {"file": str, "value": str, "reason": str}
        )

    def sentences(self) -> list[str]:
        """Return what has to be known of the data besides its origin, for readers who do not see the report."""
        said = []
        if self.left_out * 2 > self.rows:
            said.append(f"More than half of the rows could not be used: {self.left_out:,} of {self.rows:,}.")
        for file, line, value, reason in self.examples[:1]:
            said.append(
                f"The first row that could not be used: {file}, line {line:,}: {value[:60]!r}, {reason}."
            )
        return [*said, *self.notes]
