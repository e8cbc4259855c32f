"""Cost of `spark-train` by step: seconds, bytes shuffled, peak memory; `python -m benchmarks.spark_scale FOLDER`.

With `--executors 1 2 4` on standalone clusters of this machine with as many executors. Needs requirements-spark.txt and
Java. Writes benchmarks/spark.json; a size that is there is measured again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.spark_cluster import CONF, ENVIRONMENT, running
from benchmarks.synthetic import make

# Before the first iteration: whether there are pairs at all, then the blocks of users and of items.
JOBS_BEFORE = 3

RESULTS = Path(__file__).with_name("spark.json")
# pairs, users, items
SIZES = {
    "1M": (1_000_000, 20_000, 10_000),
    "10M": (10_000_000, 200_000, 50_000),
    "100M": (100_000_000, 2_000_000, 200_000),
}
USUAL = ("1M", "10M")


def write_pairs(path: Path, n_pairs: int, n_users: int, n_items: int) -> None:
    """Write made-up pairs as Parquet, if they are not there yet."""
    if not path.exists():
        data = make(n_pairs, n_users, n_items)
        table = {"user": data.user_codes, "item": data.item_codes, "plays": data.values}
        pq.write_table(pa.table(table), path)


def measure(
    path: Path, out: Path, events: Path, arguments: list[str], workers: Sequence[int]
) -> dict[str, Any]:
    """Train in a process of its own and return what it took.

    Parameters
    ----------
    path, out : Path
        The pairs, and the folder of the run.
    events : Path
        Folder of Spark's logs.
    arguments : list of str
        For `spark-train`.
    workers : sequence of int
        Numbers of the processes of a cluster's workers.
    """
    events.mkdir(parents=True, exist_ok=True)
    logging = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
    }
    before = set(events.iterdir())
    command = [sys.executable, "-m", "recsys", "spark-train", str(path), "--out", str(out), "--json"]
    process = subprocess.Popen(  # noqa: S603
        [*command, *settings(logging), *arguments],
        env=os.environ | (ENVIRONMENT | {"PYSPARK_PYTHON": sys.executable} if workers else {}),
        stdout=subprocess.PIPE,
        text=True,
    )
    with watched(process.pid, workers) as use:
        said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(process.returncode)
    answer = json.loads(said)["result"]
    (log,) = set(events.iterdir()) - before
    result = {
        "pairs": answer["pairs"],
        "users": answer["users"],
        "items": answer["items"],
        "settings": answer["settings"],
        "seconds": {step: round(taken, 1) for step, taken in answer["seconds"].items()},
        "figures": answer["figures"],
        "peak_mb": dict(use.peak),
    } | read_events(log, answer["settings"]["epochs"])
    if workers:
        result["executors"] = {
            "number": len(workers),
            "largest_mb": use.largest_executor,
            "cpu_seconds": round(sum(use.executor_cpu.values()), 1),
        }
    return result


def settings(conf: dict[str, str]) -> list[str]:
    """Return Spark's settings as words of a command."""
    return [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]


class Process(NamedTuple):
    """A process at some moment; memory that is shared counts for each process that has it."""

    number: int
    parent: int
    program: str
    megabytes: int
    cpu_seconds: float


def processes() -> dict[int, Process]:
    """Return all processes by number."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, after = path.read_text().rsplit(")", 1)
        except OSError:  # it has ended
            continue
        number, program = before.split(" (", 1)
        fields = after.split()  # from field 3 of proc(5) on
        megabytes = round(int(fields[21]) * page / 2**20)
        cpu_seconds = (int(fields[11]) + int(fields[12])) / tick
        found[int(number)] = Process(int(number), int(fields[1]), program, megabytes, cpu_seconds)
    return found


def below(top: int, found: dict[int, Process]) -> Iterator[Process]:
    """Yield a process and all that it started."""
    for process in found.values():
        above = process.number
        while above not in (0, top):
            above = found[above].parent if above in found else 0
        if above:
            yield process


class Use:
    """Memory and CPU seconds that processes have used so far.

    Attributes
    ----------
    peak : Counter
        MB of the command and all below it, by program.
    largest_executor : int
        Most MB of an executor, with its Python.
    executor_cpu : dict of int to float
        CPU seconds of each process of the executors.
    """

    def __init__(self) -> None:
        self.peak = Counter[str]()
        self.largest_executor = 0
        self.executor_cpu: dict[int, float] = {}

    def look(self, command: int, workers: Sequence[int]) -> None:
        """Look at what runs now."""
        found = processes()
        sizes = Counter[str]()
        for process in below(command, found):
            sizes["java" if process.program == "java" else "python"] += process.megabytes
        self.peak |= sizes
        for worker in workers:
            executor = [process for process in below(worker, found) if process.number != worker]
            self.largest_executor = max(self.largest_executor, sum(process.megabytes for process in executor))
            self.executor_cpu |= {process.number: process.cpu_seconds for process in executor}


@contextmanager
def watched(command: int, workers: Sequence[int]) -> Iterator[Use]:
    """Look twice a second at what a command and the executors below workers use."""
    use, done = Use(), threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            use.look(command, workers)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield use
    finally:
        done.set()
        thread.join()


def read_events(log: Path, epochs: int) -> dict[str, Any]:
    """Read from Spark's log of events what each step shuffled and computed, and what an iteration takes."""
    step_of: dict[int, str] = {}
    iterating: set[int] = set()
    shuffled, computed, began = Counter[str](), Counter[str](), []
    in_iterations = 0.0
    files = sorted(log.glob("events_*")) if log.is_dir() else [log]
    for line in (line for file in files for line in file.open()):
        event = json.loads(line)
        if event["Event"] == "SparkListenerJobStart":
            step = event["Properties"].get("spark.job.description", "other")
            step_of |= dict.fromkeys(event["Stage IDs"], step)
            if step == "train" and "spark.jobGroup.id" in event["Properties"]:
                began.append(event["Submission Time"] / 1000)
                # each iteration starts two jobs, after the few that make the blocks
                if len(began) > JOBS_BEFORE:
                    iterating |= set(event["Stage IDs"])
        elif event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            step = step_of.get(event["Stage ID"], "other")
            metrics = event["Task Metrics"]
            shuffled[step] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            computed[step] += metrics["Executor CPU Time"]
            if event["Stage ID"] in iterating:
                in_iterations += metrics["Executor CPU Time"]
    turns = [
        later - earlier for earlier, later in zip(began[JOBS_BEFORE:], began[JOBS_BEFORE + 2 :], strict=False)
    ]
    return {
        "shuffled_mb": {step: round(size / 1e6, 1) for step, size in shuffled.items()},
        "java_cpu_seconds": {step: round(size / 1e9, 1) for step, size in computed.items()},
        "iteration_seconds": round(median(turns), 2) if turns else None,
        "iteration_cpu_seconds": round(in_iterations / 1e9 / epochs, 2),
    }


def compare(run: Path, other: Path) -> dict[str, Any]:
    """Say how two runs on the same pairs differ."""
    tables = [
        {name: pq.read_table(folder / name) for name in ("known", "hidden", "users", "items")}
        for folder in (run, other)
    ]
    factors = {
        name: [np.stack(table[name]["factors"].to_numpy()) for table in tables] for name in ("users", "items")
    }
    return {
        "same_split": all(tables[0][name].equals(tables[1][name]) for name in ("known", "hidden")),
        "equal_factors": all(np.array_equal(a, b) for a, b in factors.values()),
        "largest_difference_of_factors": float(max(np.abs(a - b).max() for a, b in factors.values())),
        "largest_factor": float(max(np.abs(a).max() for a, _ in factors.values())),
    }


@contextmanager
def place(master: str, executors: int, memory: str) -> Iterator[tuple[list[str], list[int]]]:
    """Yield where to train, in words for `spark-train`, and the processes of the workers of a cluster.

    Parameters
    ----------
    master : str
        Where, if no executors are asked for.
    executors : int
        How many a cluster shall have, which is started here; 0 for no cluster.
    memory : str
        Heap of an executor.
    """
    if not executors:
        yield ["--master", master], []
        return
    conf = CONF | {
        "spark.executor.memory": memory,
        "spark.sql.shuffle.partitions": "8",  # as in a local session
    }
    with (
        tempfile.TemporaryDirectory(prefix="encore-cluster-") as folder,
        running(Path(folder), executors, memory) as cluster,
    ):
        yield ["--master", cluster.address, *settings(conf)], [worker.pid for worker in cluster.workers]


def main() -> None:
    """Measure the sizes that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for data, runs and logs")
    parser.add_argument("--size", choices=SIZES, action="append", help="1M and 10M, if none is given")
    parser.add_argument("--factors", type=int, action="append")
    parser.add_argument("--epochs", default="4")
    parser.add_argument("--master", default="local[2]")
    parser.add_argument(
        "--executors",
        type=int,
        nargs="+",
        default=[0],
        help="numbers of executors, with a core each: a standalone cluster of this machine for each number",
    )
    parser.add_argument("--memory", default="4g", help="heap of the driver and of each executor")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for size in options.size or USUAL:
        path = options.folder / f"{size}.parquet"
        write_pairs(path, *SIZES[size])
        for factors in options.factors or (32, 128):
            first: Path | None = None
            for executors in options.executors:
                out = options.folder / (f"run-{size}-{factors}" + (f"-{executors}" if executors else ""))
                (out / "run.json").unlink(missing_ok=True)
                arguments = ["--factors", str(factors), "--epochs", options.epochs]
                arguments += settings({"spark.driver.memory": options.memory})
                with place(options.master, executors, options.memory) as (where, workers):
                    result = measure(path, out, options.folder / "events", [*where, *arguments], workers)
                if first:
                    result["beside_first"] = compare(out, first)
                first = first or out
                name = f"{size}, k = {factors}" + (f", executors = {executors}" if executors else "")
                results[name] = result
                RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
