"""Layouts of tables that are known by their titles: a row of facts for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.data.importing.base import Columns, Drop, Table
from recsys.data.nouns import MUSIC, Nouns

SHORTEST = 30_000  # milliseconds, from which on services count a stream
SHORT = "played for less than 30 seconds"


@dataclass(frozen=True)
class Layout:
    """A layout of a table that is known by its titles.

    Attributes
    ----------
    NAME : str
        What it is called.
    needs : tuple of str
        Titles that it has.
    item, user, time, name : tuple of str
        Titles of a role, the first one that is there. The item has to be there, and the time if it has titles.
    value : str
        Title of the plays or ratings; empty if each row is one play.
    least : tuple of str
        Titles of the time played, in milliseconds; shorter plays are left out.
    no_item : str
        What a row without an item is, where that is usual; else such rows are refused.
    only : (str, tuple of str, str) or None
        A title, what stands there in rows that are plays, and what the other rows are.
    pattern : str
        A regular expression whose first group is the item.
    words : Nouns
        What users, items and values are called.
    rated : bool
        Whether values are ratings.
    """

    NAME: str
    needs: tuple[str, ...]
    item: tuple[str, ...]
    user: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    value: str = ""
    least: tuple[str, ...] = ()
    no_item: str = ""
    only: tuple[str, tuple[str, ...], str] | None = None
    pattern: str = ""
    words: Nouns = MUSIC
    rated: bool = False

    def columns(self, table: Table) -> Columns | None:
        """Return the roles of columns if the table has the titles."""
        titles = table.titles
        item = _first(self.item, titles)
        time = _first(self.time, titles)
        if not item or not set(self.needs) <= set(titles) or bool(time) < bool(self.time):
            return None
        drops = []
        least = _first(self.least, titles)
        if self.no_item:
            drops.append(Drop(item, "trim({}) = ''", self.no_item))
        if least:
            drops.append(Drop(least, f"try_cast({{}} AS DOUBLE) < {SHORTEST}", SHORT))
        if self.only and self.only[0] in titles:
            title, wanted, reason = self.only
            allowed = ", ".join(f"'{word}'" for word in ("", *wanted))
            drops.append(Drop(title, f"lower(trim({{}})) NOT IN ({allowed})", reason))
        user = _first(self.user, titles)
        return Columns(
            item=item,
            user=user if user and table.column(user) else "",
            value=self.value,
            name=_first(self.name, titles),
            time=time,
            repeats="last" if self.rated else "sum",
            drops=tuple(drops),
            pattern=self.pattern,
            rated=self.rated,
        )

    def nouns(self, columns: Columns) -> Nouns:
        """Return the words for users, items and values."""
        return self.words


def _first(wanted: Sequence[str], titles: Sequence[str]) -> str:
    return next((title for title in wanted if title in titles), "")
