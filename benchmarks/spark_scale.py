"""Cost of `spark-train` by step: seconds, bytes shuffled, peak memory; `python -m benchmarks.spark_scale FOLDER`.

Needs requirements-spark.txt and Java. Writes benchmarks/spark.json; a size that is there is measured again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

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


def measure(path: Path, out: Path, events: Path, arguments: list[str]) -> dict[str, Any]:
    """Train in a process of its own and return what it took."""
    events.mkdir(parents=True, exist_ok=True)
    logging = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
    }
    conf = [word for name, value in logging.items() for word in ("--conf", f"{name}={value}")]
    before = set(events.iterdir())
    command = [sys.executable, "-m", "recsys", "spark-train", str(path), "--out", str(out), "--json"]
    process = subprocess.Popen([*command, *conf, *arguments], stdout=subprocess.PIPE, text=True)  # noqa: S603
    peak = Counter[str]()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            for name, size in memory_below(process.pid).items():
                peak[name] = max(peak[name], size)

    thread = threading.Thread(target=watch)
    thread.start()
    said, _ = process.communicate()
    done.set()
    thread.join()
    if process.returncode:
        raise SystemExit(process.returncode)
    answer = json.loads(said)
    (log,) = set(events.iterdir()) - before
    return {
        "pairs": answer["pairs"],
        "users": answer["users"],
        "items": answer["items"],
        "settings": answer["settings"],
        "seconds": {step: round(taken, 1) for step, taken in answer["seconds"].items()},
        "figures": answer["figures"],
        "peak_mb": {name: round(size / 1024) for name, size in peak.items()},
    } | read_events(log, answer["settings"]["epochs"])


def memory_below(parent: int) -> Counter[str]:
    """Return the resident kB of a process and of all that it started, by program; what they share counts twice."""
    parents, sizes, names = {}, {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:  # it has ended
            continue
        process = int(lines["Pid"])
        parents[process], names[process] = int(lines["PPid"]), lines["Name"]
        sizes[process] = int(lines.get("VmRSS", "0 kB").split()[0])
    found = Counter[str]()
    for process in parents:
        above = process
        while above not in (0, parent):
            above = parents.get(above, 0)
        if above:
            found["java" if names[process] == "java" else "python"] += sizes[process]
    return found


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


def main() -> None:
    """Measure the sizes that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for data, runs and logs")
    parser.add_argument("--size", choices=SIZES, action="append", help="1M and 10M, if none is given")
    parser.add_argument("--factors", type=int, action="append")
    parser.add_argument("--epochs", default="4")
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--memory", default="4g")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for size in options.size or USUAL:
        path = options.folder / f"{size}.parquet"
        write_pairs(path, *SIZES[size])
        for factors in options.factors or (32, 128):
            out = options.folder / f"run-{size}-{factors}"
            (out / "run.json").unlink(missing_ok=True)
            arguments = ["--master", options.master, "--conf", f"spark.driver.memory={options.memory}"]
            arguments += ["--factors", str(factors), "--epochs", options.epochs]
            results[f"{size}, k = {factors}"] = measure(path, out, options.folder / "events", arguments)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
