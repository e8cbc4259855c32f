"""Index of item and user labels of an external run: lookup and search on disk, with SQLite."""

from __future__ import annotations

import queue
import sqlite3
import unicodedata
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.errors import InputError

# The trigram index answers queries of this length or more; shorter ones scan all names.
MIN_INDEXED_CHARS = 3
LISTENED = 100_000
MAX_CONNECTIONS = 4
MAX_QUERY_CHARS = 100
ROWS_PER_TRANSACTION = 50_000
LAST = "\U0010ffff"
# Letters without a Unicode decomposition, and their usual spelling in ASCII.
SPELLED = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\N{LATIN SMALL LETTER DOTLESS I}": "i",
        "ħ": "h",
        "ŋ": "n",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    }
)
TABLES = """
CREATE TABLE items (code INTEGER PRIMARY KEY, rank INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL,
                    folded TEXT NOT NULL, listeners INTEGER NOT NULL, plays REAL NOT NULL);
CREATE TABLE users (code INTEGER PRIMARY KEY, id TEXT NOT NULL);
CREATE VIRTUAL TABLE names USING fts5(folded, content='', columnsize=0, tokenize='trigram case_sensitive 1');
"""


def normalize(text: str) -> str:
    """Return the search form of a name: without accents, case and repeated spaces."""
    text = " ".join(text.replace("\0", " ").split())
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part)).translate(SPELLED)


class LabelIndexWriter:
    """Writer of the index; it can be searched after `index_items` and `index_users`.

    Raises
    ------
    InputError
        If this Python's SQLite cannot search for parts of names.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            # No journal: an unfinished file is discarded.
            self._database.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
            )
            self._database.executescript(TABLES)
        except sqlite3.OperationalError as error:
            self.close()
            raise InputError(
                f"The SQLite of this Python, {sqlite3.sqlite_version}, cannot search for parts of names. It takes "
                "SQLite 3.34 or later with FTS5: use another Python."
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add_items(self, rows: Iterable[tuple[int, int, str, str, str, int, float]]) -> None:
        """Write items: code, rank (1 for the most listeners), id, name, folded name, listeners, plays."""
        self._add("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def add_users(self, rows: Iterable[tuple[int, str]]) -> None:
        """Write users: code and id."""
        self._add("INSERT INTO users VALUES (?, ?)", rows)

    def _add(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(statement, rows)
        self._database.execute("COMMIT")

    def index_items(self, count: int) -> Iterator[int]:
        """Index items by id, by rank and by parts of their names; yield the number done.

        Raises
        ------
        InputError
            If an id occurs twice.
        """
        self._unique("items", "artist")
        self._database.execute("CREATE UNIQUE INDEX items_by_rank ON items (rank, folded)")
        self._database.execute("CREATE INDEX items_by_name ON items (folded, rank)")
        # In the order of their ranks: the search then finds those with most listeners first, and need not sort.
        for first in range(1, count + 1, ROWS_PER_TRANSACTION):
            self._add(
                "INSERT INTO names (rowid, folded) SELECT rank, folded FROM items "
                "WHERE rank BETWEEN ? AND ? ORDER BY rank",
                [(first, first + ROWS_PER_TRANSACTION - 1)],
            )
            yield min(first + ROWS_PER_TRANSACTION - 1, count)

    def index_users(self) -> None:
        """Index users by id.

        Raises
        ------
        InputError
            If an id occurs twice.
        """
        self._unique("users", "listener")

    def _unique(self, table: str, noun: str) -> None:
        try:
            self._database.execute(f"CREATE UNIQUE INDEX {table}_by_id ON {table} (id)")
        except sqlite3.IntegrityError as error:
            twice = self._database.execute(
                f"SELECT id FROM {table} GROUP BY id HAVING count(*) > 1 LIMIT 1"  # noqa: S608 - two known words
            ).fetchone()
            raise InputError(
                f"{table}/: two rows have the id {twice[0][:80]!r}. Give each {noun} an id of its own, and write "
                "the run anew."
            ) from error


class LabelIndex:
    """Reader of the index, for any number of threads; `MAX_CONNECTIONS` of them read at a time."""

    def __init__(self, path: Path) -> None:
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        for _ in range(MAX_CONNECTIONS):
            self._idle.put(sqlite3.connect(address, uri=True, check_same_thread=False))
            self._rows(
                "SELECT 1 FROM items LIMIT 1"
            )  # opens the file, which then stays readable even if it is deleted
        self._closed = weakref.finalize(self, _close_all, self._idle)

    def close(self) -> None:
        """Close the file."""
        self._closed()

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        database = self._idle.get()
        try:
            yield database
        finally:
            self._idle.put(database)

    def _rows(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        with self._database() as database:
            return database.execute(statement, given).fetchall()

    def items(self, codes: Iterable[int]) -> pd.DataFrame:
        """Describe some items.

        Returns
        -------
        DataFrame
            Columns `item` (id), `artist` (name), `listeners`, `plays` and `popularity_rank` (1 for the most
            listeners); indexed by the codes, in their order.
        """
        wanted = [int(code) for code in codes]
        marks = ",".join("?" * len(wanted))
        rows = self._rows(
            f"SELECT code, id, name, listeners, plays, rank FROM items WHERE code IN ({marks})",  # noqa: S608
            *wanted,
        )
        columns = ["code", "item", "artist", "listeners", "plays", "popularity_rank"]
        return pd.DataFrame(rows, columns=columns).set_index("code").loc[wanted]

    def item(self, code: int) -> tuple[str, str]:
        """Return the id and the name of an item.

        Raises
        ------
        IndexError
            If the code is none.
        """
        return self._rows("SELECT id, name FROM items WHERE code = ?", int(code))[0]

    def item_code(self, label: str) -> int | None:
        """Return the code of the item with this id."""
        rows = self._rows("SELECT code FROM items WHERE id = ?", _clean(label))
        return rows[0][0] if rows else None

    def top(self, n: int) -> list[int]:
        """Return the codes of the `n` items with most listeners."""
        return [code for (code,) in self._rows("SELECT code FROM items WHERE rank <= ? ORDER BY rank", n)]

    def search(self, part: str, n: int) -> list[int]:
        """Return the codes of `n` items at most whose name has this part, in any case and with or without accents.

        Those that begin with it come first; among them, and among the others, those with most listeners. One or
        two letters within a name are looked for among the `LISTENED` items with most listeners only.
        """
        wanted = normalize(_clean(part)[:MAX_QUERY_CHARS])
        if not wanted:
            return []
        if len(wanted) >= MIN_INDEXED_CHARS:
            phrase = '"' + wanted.replace('"', '""') + '"'
            statement, keys = (
                "SELECT rowid FROM names WHERE names MATCH ? ORDER BY rowid LIMIT ?",
                (
                    f"^{phrase}",
                    phrase,
                ),
            )
            found = [rank for key in keys for (rank,) in self._rows(statement, key, n)]
        else:
            begins = self._rows(
                "SELECT rank FROM items WHERE folded >= ? AND folded < ? ORDER BY rank LIMIT ?",
                wanted,
                wanted + LAST,
                n,
            )
            within = self._rows(
                "SELECT rank FROM items INDEXED BY items_by_rank WHERE rank <= ? AND instr(folded, ?) "
                "ORDER BY rank LIMIT ?",
                LISTENED,
                wanted,
                n,
            )
            found = [rank for (rank,) in [*begins, *within]]
        ranks = list(dict.fromkeys(found))[:n]
        marks = ",".join("?" * len(ranks))
        codes = dict(self._rows(f"SELECT rank, code FROM items WHERE rank IN ({marks})", *ranks))  # noqa: S608
        return [codes[rank] for rank in ranks]

    def user_code(self, label: str) -> int | None:
        """Return the code of the user with this id."""
        rows = self._rows("SELECT code FROM users WHERE id = ?", _clean(label))
        return rows[0][0] if rows else None

    def user(self, code: int) -> str:
        """Return the id of a user.

        Raises
        ------
        IndexError
            If the code is none.
        """
        return self._rows("SELECT id FROM users WHERE code = ?", int(code))[0][0]

    def users_from(self, beginning: str, n: int) -> list[str]:
        """Return `n` ids of users at most that begin so, in their order."""
        start = _clean(beginning)
        rows = self._rows(
            "SELECT id FROM users WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", start, start + LAST, n
        )
        return [label for (label,) in rows]


def _close_all(idle: queue.LifoQueue[sqlite3.Connection]) -> None:
    while not idle.empty():
        idle.get_nowait().close()


def _clean(text: str) -> str:
    """Return text that SQLite takes: a browser may send half a character."""
    return text.encode("utf-8", "ignore").decode().strip()
