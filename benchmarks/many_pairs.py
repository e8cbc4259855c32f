"""Bring many pairs to the dashboard, and measure what a reader waits for at each click and what memory it takes.

    python -m benchmarks.many_pairs FOLDER --pairs 20000000 --users 140000 --items 100000

Writes made-up plays as Parquet in 20 parts into FOLDER unless they are there, lets a server offer them, and goes
through Explore, Train and Recommend in a real browser on the same machine. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import Page, expect

from benchmarks.load import memory
from benchmarks.synthetic import make
from recsys.data.dataset import OFFERED
from tests.browser.serving import open_browser, start
from tests.browser.steps import choose, go, pick, settled, state

PARTS = 20
HOURS = 3 * 3_600_000.0  # milliseconds; patience for what takes long


def write(folder: Path, pairs: int, users: int, items: int) -> None:
    """Write made-up plays in parts, each of other listeners."""
    data = make(pairs, users, items)
    folder.mkdir(parents=True)
    for part in range(PARTS):
        rows = slice(part * pairs // PARTS, (part + 1) * pairs // PARTS)
        columns = {
            "user": data.user_codes[rows],
            "artist": data.item_codes[rows],
            "plays": data.values[rows].round(),
        }
        pq.write_table(pa.table(columns), folder / f"part-{part:02}.parquet")


class Clicks:
    """Does things in the browser and notes how long each takes, and the server's memory."""

    def __init__(self, page: Page, server: int) -> None:
        self.page, self.server = page, server
        self.seconds: dict[str, list[float]] = {}
        self.memory: dict[str, dict[str, int]] = {}

    def click(self, what: str, how: Any, *given: Any) -> None:
        """Do something, wait until the page stands still, and note it."""
        started = time.monotonic()
        how(*given)
        settled(self.page)
        taken = round(time.monotonic() - started, 2)
        self.seconds.setdefault(what, []).append(taken)
        self.memory[what] = {"now": round(memory(self.server)), "most": round(memory(self.server, "VmHWM"))}
        print(f"{what}: {taken} s, {self.memory[what]} MB", file=sys.stderr, flush=True)

    def figures(self) -> dict[str, Any]:
        """Return seconds and megabytes, by what was done."""
        return {
            what: {
                "first": taken[0],
                "then": statistics.median(taken[1:] or taken),
                "memory_mb": self.memory[what],
            }
            for what, taken in self.seconds.items()
        }


def measure(page: Page, address: str, server: int, name: str, settings: str) -> dict[str, Any]:
    """Read, explore, train and recommend."""
    clicks = Clicks(page, server)
    expect.set_options(timeout=120_000)

    def read() -> None:
        page.locator(f".st-key-use-{OFFERED}{name} button").click()
        state(page, "In use", HOURS / 1000)

    def train() -> None:
        page.goto(f"{address}/train?data={OFFERED}{name}&{settings}")
        state(page, "Done", HOURS / 1000)

    def search(part: str) -> None:
        field = page.get_by_placeholder("Part of a name")
        field.fill(part)
        field.press("Enter")

    go(page, address, "data")
    clicks.click("read", read)
    clicks.click("Explore", choose, page, "Explore")
    for _ in range(3):
        for tab in page.get_by_role("tab").all():
            clicks.click(f"Explore, {tab.inner_text()}", tab.click)
        clicks.click("Train", choose, page, "Train")
        clicks.click("Explore", choose, page, "Explore")
    for part in ("12", "345", "6"):
        clicks.click("Explore, search", search, part)
    clicks.click(f"train {settings}", train)
    for turn in range(3):
        clicks.click("Recommend", choose, page, "Recommend")
        for listener in range(4):
            clicks.click("Recommend, another listener", pick, page, str(1_000 * turn + 37 * listener + 1))
        clicks.click("Train, with a run", choose, page, "Train")
        clicks.click("Explore, with a run", choose, page, "Explore")
    return clicks.figures()


def main() -> None:
    """Write what is not there, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=20_000_000)
    parser.add_argument("--users", type=int, default=140_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--settings", default="model=implicit&factors=64&epochs=10")
    parser.add_argument("--only-write", action="store_true")
    options = parser.parse_args()
    name = f"plays-{options.pairs}"
    if not (options.folder / name).exists():
        write(options.folder / name, options.pairs, options.users, options.items)
    if options.only_write:
        return
    with tempfile.TemporaryDirectory() as cache, open_browser() as browser:
        server, address = start(Path(cache), RECSYS_DATA=str(options.folder))
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            print(json.dumps(measure(page, address, server.pid, name, options.settings), indent=1))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
