"""Make up a run of any size as it would come from elsewhere, prepare and open it, and measure both.

    python -m benchmarks.large_run FOLDER --users 10000000 --items 1000000 --pairs 50000000

Writes the run into FOLDER unless there is one. What is prepared goes to the cache folder (RECSYS_CACHE).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.errors import InputError
from recsys.scale.external_runs import ExternalRun, IndexBuild, is_indexed, read_manifest
from recsys.scale.external_runs.index_build import index_folder

ROWS_IN_PART = 250_000
TASTES = 64
OWN_TASTE = 0.75  # of what a listener plays
HIDDEN = 6  # of so many pairs of a listener one is hidden
FLAT, FALL = 10.0, 0.9  # popularity falls with (rank + FLAT) ** -FALL
SYLLABLES = re.findall(
    r"\w+",
    "ka mo ri zu be fjö lé ñan sør wal tić dra pho eli ško umé vår gła chi quo nys bel tor maï rux oly han dée fin gre",
)
NOUNS = re.findall(
    r"\w+",
    "Falcon River Engine Lantern Ghost Harbour Mirror Satellite Orchid Wolf Parade Signal Garden Thunder Velvet Comet "
    "Island Machine Sparrow Winter Canyon Empire Feather Hollow Anchor Meadow Static Tiger Union Voyage",
)
PATTERNS = (
    "{0} {1}",
    "The {0} {1}s",
    "{0} & the {1}s",
    "{1} of {0}",
    "DJ {0} {1}",
    "{0}'s {1}",
    "{1} {0} Orchestra",
    "Los {1}s {0}",
    "{0} and {1}",
    "{1}, {0}!",
    "MC {0}-{1}",
    "{0}{1}",
)


def made_up_names(codes: NDArray[np.int64]) -> list[str]:
    """Return an artist's name for each code; the first million or so differ."""
    n = len(SYLLABLES)
    names = []
    for code in codes.tolist():
        rest, first = divmod(code, n)
        rest, second = divmod(rest, n)
        rest, noun = divmod(rest, len(NOUNS))
        rest, pattern = divmod(rest, len(PATTERNS))
        third = SYLLABLES[rest % n] if rest else ""
        name = f"{SYLLABLES[first]}{SYLLABLES[second]}{third}".capitalize()
        names.append(PATTERNS[pattern].format(name, NOUNS[noun]))
    return names


def write(folder: Path, users: int, items: int, pairs: int, factors: int = 64, seed: int = 0) -> None:
    """Write a run in which listeners have tastes and few artists have most listeners; in bounded memory.

    Parameters
    ----------
    folder : Path
        Made; must not be there.
    users, items, pairs, factors : int
        `pairs` are those wanted, known and hidden: a listener who draws an artist twice has fewer.
    seed : int
        Same seed, same run.
    """
    for kind in ("items", "users", "known", "hidden"):
        (folder / kind).mkdir(parents=True)
    tastes = max(1, min(TASTES, items // 16))
    random = np.random.default_rng([seed, 0])
    codes = random.permutation(items)  # of the artist at each place by popularity
    directions = _unit(random.normal(size=(tastes, factors)))
    common = _unit(random.normal(size=factors))
    listeners, plays = np.zeros(items, np.int64), np.zeros(items)
    counted = {"known": 0, "hidden": 0}
    for part, first in enumerate(range(0, users, ROWS_IN_PART)):
        count = min(ROWS_IN_PART, users - first)
        random = np.random.default_rng([seed, 1, part])
        taste = random.integers(tastes, size=count)
        noise = random.standard_normal((count, factors), np.float32) * (0.2 / factors**0.5)
        _write_factors(
            folder / f"users/part-{part:05}.parquet",
            first,
            {"id": [f"u{(first + at) * 7_919 % 10**8:08}" for at in range(count)]},
            (0.8 * directions[taste] + 0.5 * common + noise).astype(np.float32),
        )
        user, item, value = _pairs(random, taste, tastes, pairs / users, codes)
        hidden = (random.random(len(user)) < 1 / HIDDEN) & (
            np.bincount(user, minlength=count)[user] >= HIDDEN
        )
        np.add.at(listeners, item[~hidden], 1)
        np.add.at(plays, item[~hidden], value[~hidden])
        for kind, keep in (("known", ~hidden), ("hidden", hidden)):
            table = {
                "user": (user[keep] + first).astype(np.int32),
                "item": item[keep].astype(np.int32),
                "value": value[keep],
            }
            pq.write_table(pa.table(table), folder / f"{kind}/part-{part:05}.parquet")
            counted[kind] += int(keep.sum())
    ranks = np.empty(items, np.int64)
    ranks[codes] = np.arange(items)
    for part, first in enumerate(range(0, items, ROWS_IN_PART)):
        block = np.arange(first, min(first + ROWS_IN_PART, items))
        random = np.random.default_rng([seed, 2, part])
        noise = random.standard_normal((len(block), factors), np.float32) * (0.3 / factors**0.5)
        length = 0.95 * (1 + ranks[block] / FLAT) ** -0.2
        _write_factors(
            folder / f"items/part-{part:05}.parquet",
            first,
            {
                "id": [f"a{code}" for code in block],
                "name": made_up_names(block),
                "listeners": listeners[block],
                "plays": plays[block],
            },
            (length[:, None] * (0.8 * directions[ranks[block] % tastes] + 0.5 * common + noise)).astype(
                np.float32
            ),
        )
    story = {
        "format": 1,
        "model": "als",
        "title": "Made-up run",
        "target": "preference, about 0 to 1",
        "settings": {"factors": factors, "alpha": 20.0, "regularization": 80.0, "epochs": 15, "seed": seed},
        "split": {"hidden": f"1 in {HIDDEN}", "seed": seed},
        "figures": {"ndcg@10": 0.1234, "recall@10": 0.0987, "coverage@10": 0.3, "users": min(users, 20_000)},
        "users": users,
        "items": items,
        "pairs": sum(counted.values()),
        "factors": factors,
        "spark": {"regParam": 0.01},
        "versions": {"benchmarks.large_run": "1"},
        "created": "2026-11-24T12:00:00+00:00",
    }
    (folder / "run.json").write_text(json.dumps(story))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _pairs(
    random: np.random.Generator, taste: NDArray[np.int64], tastes: int, mean: float, codes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Draw what listeners with these tastes play: rows of users, in order, item codes and plays."""
    items = len(codes)
    counts = np.minimum(1 + random.geometric(1 / max(mean, 1.01), len(taste)), items // 2)
    user = np.repeat(np.arange(len(taste)), counts)
    low, high = FLAT ** (1 - FALL), (items + FLAT) ** (1 - FALL)
    rank = ((low + random.random(len(user)) * (high - low)) ** (1 / (1 - FALL)) - FLAT).astype(np.int64)
    own = random.random(len(user)) < OWN_TASTE
    rank[own] += taste[user[own]] - rank[own] % tastes
    item = codes[np.clip(rank, 0, items - 1)]
    pairs = np.unique(user * items + item)
    user, item = np.divmod(pairs, items)
    return user, item, np.ceil(random.lognormal(3, 1.3, len(user))).astype(np.float32)


def _write_factors(path: Path, first: int, columns: dict[str, Any], factors: NDArray[np.float32]) -> None:
    rows, k = factors.shape
    offsets = pa.array(np.arange(0, rows * k + 1, k, dtype=np.int32))
    table = {
        "code": np.arange(first, first + rows, dtype=np.int32),
        **columns,
        "factors": pa.ListArray.from_arrays(offsets, pa.array(factors.ravel())),
    }
    pq.write_table(pa.table(table), path, row_group_size=ROWS_IN_PART, use_dictionary=False)


def memory() -> dict[str, float]:
    """Return what this process holds, in megabytes: of its own, and mapped from files (which others can share)."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")}


def forget(folder: Path) -> None:
    """Let the operating system drop what it keeps of these files in memory, as if they had never been read."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def prepare(folder: Path) -> dict[str, float]:
    """Prepare the run; return seconds, and the most memory of the process's own in megabytes."""
    work, most, started = IndexBuild(read_manifest(folder)), 0.0, time.perf_counter()
    lap, doing, laps = started, "", {}
    while True:
        try:
            work.step()
        except StopIteration:
            break
        most = max(most, memory()["RssAnon"])
        if work.doing != doing:
            now = time.perf_counter()
            laps[doing], lap, doing = now - lap, now, work.doing
    laps[doing] = time.perf_counter() - lap
    print({name: round(seconds, 1) for name, seconds in laps.items() if name}, file=sys.stderr)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - started, "own memory": most, "peak with mapped files": peak}


def measure(folder: Path, times: int) -> dict[str, Any]:
    """Open the run, cold and warm, and measure what a reader waits for, in milliseconds."""
    random = np.random.default_rng(1)
    source = read_manifest(folder)
    forget(index_folder(source))
    found: dict[str, Any] = {"before": memory()}
    started = time.perf_counter()
    run = ExternalRun(source)
    found["open"] = 1000 * (time.perf_counter() - started)
    found["opened"] = memory()

    def waits(work: Callable[[], object], times: int) -> dict[str, float]:
        taken = []
        for _ in range(times):
            started = time.perf_counter()
            work()
            taken.append(1000 * (time.perf_counter() - started))
        return {
            name: float(np.percentile(taken, at)) for name, at in (("p50", 50), ("p95", 95), ("max", 100))
        }

    def rank() -> None:
        run.recommend(int(random.integers(run.n_users)), 20)

    def search() -> None:
        name = run.names[int(random.integers(run.n_items))]
        begin = int(random.integers(max(1, len(name) - 4)))
        run.named(name[begin : begin + int(random.integers(3, 9))], 8)

    def short_search() -> None:
        name = run.names[int(random.integers(run.n_items))]
        run.named(name[: int(random.integers(1, 3))], 8)

    def look_up() -> None:
        run.users_from(run.user(int(random.integers(run.n_users)))[:5], 20)

    def new_listener() -> None:
        codes = random.choice(run.n_items, 5, replace=False)
        run.scores(run.fold_in(codes, np.full(5, 100.0)))

    work = {
        "rank": rank,
        "search": search,
        "search for one or two letters": short_search,
        "listeners by the beginning of an id": look_up,
        "new listener": new_listener,
        "similar artists": lambda: run.similar(int(random.integers(run.n_items))),
    }
    found["first list, cold"] = waits(rank, 1)
    found["first search, cold"] = waits(search, 1)
    found["warm"] = {name: waits(what, times) for name, what in work.items()}
    found["after"] = memory()
    cold = []
    for _ in range(5):
        run.close()
        del run
        forget(index_folder(source))
        run = ExternalRun(source)
        cold.append({"rank": waits(rank, 1)["p50"], "search": waits(search, 1)["p50"]})
    found["cold"] = cold
    return found


def main() -> None:
    """Write a run if there is none, prepare it, and measure it; each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=2_000_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--times", type=int, default=200, help="how often each thing is measured")
    parser.add_argument("--only", choices=["write", "prepare", "measure"])
    options = parser.parse_args()
    if options.only == "write":
        write(options.folder, options.users, options.items, options.pairs, options.factors)
    elif options.only == "prepare":
        print(json.dumps(prepare(options.folder), indent=1))
    elif options.only == "measure":
        print(json.dumps(measure(options.folder, options.times), indent=1))
    else:
        steps = ["write", "prepare", "measure"]
        try:
            if is_indexed(read_manifest(options.folder)):
                steps.remove("prepare")
            steps.remove("write")
        except InputError:
            pass
        for step in steps:
            print(f"{step}:", flush=True)
            started = time.perf_counter()
            subprocess.run(  # noqa: S603 - this very program
                [sys.executable, "-m", "benchmarks.large_run", *sys.argv[1:], "--only", step], check=True
            )
            print(f"{time.perf_counter() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
