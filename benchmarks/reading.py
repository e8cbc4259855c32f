"""Measure how long files of plays take to read, beside DuckDB's own count of the same rows.

    python -m benchmarks.reading [--rows 5000000] [--rounds 3]

Each reading is a process of its own, ours and DuckDB's in turn. The least of the rounds counts, of wall time and of the
processors' time, without the start of Python. Peak memory is the process's, as the operating system tells it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

JSON_SHARE = 5  # so many rows of the others for each line of JSON
BROKEN_EVERY = 1_000
COUNT = "SELECT user, item, sum(TRY_CAST(plays AS DOUBLE)) AS plays FROM {} GROUP BY ALL"
TEXT = "read_csv('{}', header = true, all_varchar = true, ignore_errors = true, store_rejects = {})"


def make(folder: Path, rows: int) -> None:
    """Write made-up plays: counts, where hardly a pair stands twice, and a log, where it stands four times."""
    user, artist = "CAST(floor(random() * {}) AS INT)", "CAST(floor({} + random() * random() * {}) AS INT)"
    for table, users, items in (
        ("counts", user.format(rows // 50), artist.format(0, 50_000)),
        ("log", user.format(rows // 500), artist.format("hash(user) % 9000", 150)),
    ):
        duckdb.execute("SELECT setseed(0.5)")
        duckdb.execute(
            f"CREATE TABLE {table} AS SELECT user, 'Artist ' || {items} AS item, "  # noqa: S608
            f"1 + CAST(random() * 50 AS INT) AS plays FROM (SELECT 'user_' || {users} AS user FROM range({rows}))"
        )
    files = {
        "counts.csv": "counts",
        "counts.parquet": "counts",
        "counts.jsonl": f"(FROM counts LIMIT {rows // JSON_SHARE})",
        "log.csv": "log",
        "log.parquet": "log",
        "log.jsonl": f"(FROM log LIMIT {rows // JSON_SHARE})",
    }
    for name, source in files.items():
        form = "FORMAT json" if name.endswith("l") else "HEADER" if name.endswith("csv") else "FORMAT parquet"
        duckdb.execute(f"COPY {source} TO '{folder / name}' ({form})")
    for name, broken in (("csv", "user_1,Artist, unquoted,3\n"), ("jsonl", '{"user": "user_1", "item":\n')):
        with (folder / f"log.{name}").open() as lines, (folder / f"broken.{name}").open("w") as target:
            for at, line in enumerate(lines):
                target.write(broken if at % BROKEN_EVERY == BROKEN_EVERY // 2 else line)


def read(who: str, path: Path) -> tuple[float, float, int]:
    """Return the seconds that one reading takes, those of the processors, and the number of pairs."""
    if who == "ours":
        from recsys.data.importing.schema import survey
        from recsys.data.sources.load import validate

        began, used = time.perf_counter(), time.process_time()
        found = survey([(path.name, path)])
        dataset = validate(found, found.choose({})).dataset
        pairs = len(dataset.interactions) if dataset else 0
        return time.perf_counter() - began, time.process_time() - used, pairs
    if path.suffix == ".parquet":
        source = f"(SELECT CAST(COLUMNS(*) AS VARCHAR) FROM '{path}')"  # noqa: S608
    elif path.suffix == ".jsonl":
        columns = "{user: 'VARCHAR', item: 'VARCHAR', plays: 'VARCHAR'}"
        source = (
            f"read_json('{path}', format = 'newline_delimited', columns = {columns}, ignore_errors = true)"
        )
    else:
        source = TEXT.format(path, "broken" in path.name)
    began, used = time.perf_counter(), time.process_time()
    table: Any = duckdb.execute(COUNT.format(source)).to_arrow_table()
    return time.perf_counter() - began, time.process_time() - used, int(table.num_rows)


def measure(who: str, path: Path) -> tuple[float, float, int, float]:
    """Return seconds, those of the processors, pairs and peak memory in MB of a reading in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.reading", "--read", who, str(path)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    answer = child.communicate()[0] if child.stdout is None else child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{who} could not read {path.name}.")
    seconds, used, pairs = json.loads(answer)
    return seconds, used, pairs, usage.ru_maxrss / 1024


def main() -> None:
    """Make the files, read each by both, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.make, options.rows)
        return
    if options.read:
        print(json.dumps(read(options.read[0], Path(options.read[1]))))
        return
    print(
        "| file | pairs | seconds | DuckDB | times | processor | DuckDB | times | MB | DuckDB |\n|"
        + " --- |" * 10
    )
    with tempfile.TemporaryDirectory() as folder:
        # in a process of its own: a child's peak memory is never below that of its parent
        command = [sys.executable, "-m", "benchmarks.reading", "--rows", str(options.rows), "--make", folder]
        subprocess.run(command, check=True)  # noqa: S603
        for path in sorted(Path(folder).iterdir()):
            rounds = [[measure(who, path) for who in ("ours", "duckdb")] for _ in range(options.rounds)]
            ours, theirs = (
                [min(column) for column in zip(*one, strict=True)] for one in zip(*rounds, strict=True)
            )
            cells = [path.name, f"{ours[2]:,}"]
            for kind in (0, 1):
                cells += [f"{ours[kind]:.2f}", f"{theirs[kind]:.2f}", f"{ours[kind] / theirs[kind]:.2f}"]
            print(f"| {' | '.join([*cells, f'{ours[3]:,.0f}', f'{theirs[3]:,.0f}'])} |", flush=True)


if __name__ == "__main__":
    main()
