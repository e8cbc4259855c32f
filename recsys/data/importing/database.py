"""The one DuckDB of this process, which reads files and adds up rows."""

from __future__ import annotations

import os
from functools import cache

import duckdb

from recsys.system.atomic_files import ScratchFolder

MAX_THREADS = 8


def connect() -> duckdb.DuckDBPyConnection:
    """Return a connection with temporary tables of its own; it takes no tables from Python by their names."""
    connection = _database().cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "temp_directory": str(_spilled().path),
            "threads": min(os.cpu_count() or 1, MAX_THREADS),
        }
    )


@cache
def _spilled() -> ScratchFolder:
    return ScratchFolder()
