"""Many readers at once while models train: what each waits, and what the server's memory does.

    python -m benchmarks.load                 40 readers, 2 trainings, 60 seconds; then 200 visits one after another
    python -m benchmarks.load --arriving 0    the same, all 40 in one instant
    python -m benchmarks.load --flooders 1    the same beside one who starts trainings as fast as they are answered
    python -m benchmarks.load --mixed --readers 10 --seconds 1800 --visits 0

Each reader is a websocket session as a browser holds one: it comes within the first five seconds, opens Explore or
Recommend, reads for one to five seconds, and goes on to another listener or page. Two more watch a training and ask
for its curve as the page tells them to. Prints how long a page took (median, 95th percentile), what went wrong, and
the server's resident memory: before, at its highest, and after the sessions are gone. Beside a flooder someone else
trains, again and again, and it is said how long they waited for their first epoch.

`--mixed` is what people do all day: readers open all pages, train models of their own and leave after two minutes for
others to come, and in a real browser a reader uploads a file, uses it, trains, recommends, compares, and begins anew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.browser import steps
from tests.browser.serving import open_browser, serve

TARGET_SECONDS, TARGET_GROWTH, TARGET_WAIT = 1.0, 0.15, 20.0
# Streamlit keeps what a visitor left behind for two minutes, for a browser that comes back.
FORGET = 150.0
TRAINING = "data=sample&model=implicit&epochs=5000&factors=64&seed={seed}"
WAIT = 120.0
READING = (1.0, 5.0)
STAY = 120.0  # seconds of a visit, in mixed use
SAMPLES = 20  # of the memory, in mixed use
USUAL = ("explore?data=sample", "recommend?data=sample&run={run}&listener={listener}")
MIXED = (  # Recommend twice, for most come for that
    *USUAL,
    "?data=sample",
    "artist?data=sample&artist={artist}",
    "train?data=sample&model={model}&epochs={epochs}&factors=16&seed={listener}",
    "sweep?data=sample",
    "recommend?data=sample&run={run}&listener={listener}",
    "present?data=sample&run={run}&listener={listener}",
    "new_listener?data=sample&run={run}",
    "compare?data=sample&run={run}",
    "map?data=sample&run={run}&artist={artist}",
    "data?data=sample",
    "health",
)
TRAINED = ("implicit", "biased", "funk", "article")


@dataclass
class Story:
    """Results of all readers together."""

    seconds: list[float] = field(default_factory=list)
    problems: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        """Return the pages drawn and how long they took."""
        return {
            "pages": len(self.seconds),
            "median_seconds": round(statistics.median(self.seconds), 3),
            "p95_seconds": round(statistics.quantiles(self.seconds, n=20)[-1], 3),
            "problems": dict(self.problems),
        }


class Visitor:
    """A session with the server."""

    def __init__(self, socket: ClientConnection, story: Story) -> None:
        self.socket, self.story = socket, story
        self.polls: dict[str, float] = {}
        self.query = ""

    async def visit(self, page: str, query: str) -> None:
        """Open a page and wait until it is drawn."""
        message = BackMsg()
        message.rerun_script.page_name, message.rerun_script.query_string = page, query
        self.polls.clear()
        started = time.monotonic()
        await self._send(message)
        self.story.seconds.append(time.monotonic() - started)

    async def poll(self) -> None:
        """Draw anew what asked to be drawn anew: the page says how often."""
        fragment, interval = next(iter(self.polls.items()), ("", 0.5))
        await asyncio.sleep(interval)
        if fragment:
            message = BackMsg()
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            message.rerun_script.query_string = self.query
            await self._send(message)

    async def _send(self, message: BackMsg) -> None:
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(WAIT):
            while True:
                answer = ForwardMsg()
                received = await self.socket.recv()
                assert isinstance(received, bytes)  # noqa: S101 - for mypy
                answer.ParseFromString(received)
                kind = answer.WhichOneof("type")
                if kind == "script_finished":
                    # a page that is drawn again at once says so by other numbers
                    if answer.script_finished in (
                        ForwardMsg.FINISHED_SUCCESSFULLY,
                        ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
                    ):
                        return
                    if answer.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                        self.story.problems["a page does not compile"] += 1
                        return
                elif kind == "new_session":
                    # a page that is drawn whole says anew what is to be drawn again and again
                    if not answer.metadata.run.fragment_ids:
                        self.polls.clear()
                elif kind == "stop_auto_rerun":
                    for fragment in answer.stop_auto_rerun.fragment_ids:
                        self.polls.pop(fragment, None)
                elif kind == "auto_rerun":
                    self.polls[answer.auto_rerun.fragment_id] = answer.auto_rerun.interval
                elif kind == "page_info_changed":
                    self.query = answer.page_info_changed.query_string
                elif kind == "delta" and answer.delta.new_element.WhichOneof("type") == "exception":
                    self.story.problems[answer.delta.new_element.exception.message[:200] or "exception"] += 1


@dataclass(frozen=True)
class Reading:
    """Behaviour of readers: the addresses they open, and how they come, read and leave."""

    run: str
    addresses: tuple[str, ...] = USUAL
    arriving: float = 0.0
    reading: tuple[float, float] = (0.0, 0.0)
    stay: float = float("inf")

    def choose(self, random: random.Random) -> tuple[str, str]:
        """Return a page and a query."""
        wanted = random.choice(self.addresses).format(
            run=self.run,
            listener=random.randrange(1, 2_000),
            artist=random.randrange(1, 1_000),
            model=random.choice(TRAINED),
            epochs=random.randrange(5, 60),
        )
        page, _, query = wanted.partition("?")
        return page, query


async def read(address: str, until: float, story: Story, seed: int, how: Reading) -> None:
    """Go from page to page until the time is over."""
    choose = random.Random(seed)  # noqa: S311 - not for secrets
    # people come one by one, and not all in the same moment
    await asyncio.sleep(choose.uniform(0, how.arriving))
    while time.monotonic() < until:
        leaves = min(until, time.monotonic() + how.stay * choose.uniform(0.5, 1.5))
        try:
            async with _session(address) as socket:
                visitor = Visitor(socket, story)
                while time.monotonic() < leaves:
                    await visitor.visit(*how.choose(choose))
                    await asyncio.sleep(choose.uniform(*how.reading))
        except Exception as error:  # whatever it is, it is a finding
            story.problems[f"{type(error).__name__}: {error}"[:200]] += 1
            return


async def watch(address: str, until: float, story: Story, seed: int) -> None:
    """Train, and look at the curve until the time is over."""
    try:
        async with _session(address) as socket:
            visitor = Visitor(socket, story)
            await visitor.visit("train", TRAINING.format(seed=seed))
            while time.monotonic() < until:
                await visitor.poll()
    except Exception as error:  # whatever it is, it is a finding
        story.problems[f"{type(error).__name__}: {error}"[:200]] += 1


async def flood(address: str, until: float, story: Story, seed: int) -> None:
    """Start long trainings without end, each in a visit of its own, from one network address."""
    number = 0
    while time.monotonic() < until:
        try:
            async with _session(address, f"203.0.113.{seed % 250}") as socket:
                number += 1
                await Visitor(socket, story).visit("train", TRAINING.format(seed=10_000 * seed + number))
        except Exception as error:  # whatever it is, it is a finding
            story.problems[f"{type(error).__name__}: {error}"[:200]] += 1


async def wait_for_a_turn(address: str, until: float, waited: list[float]) -> None:
    """Train a small model again and again, and note after how many seconds it had ended its few epochs."""
    seed = 500
    while time.monotonic() < until:
        seed += 1
        began = time.monotonic()
        async with _session(address, "198.51.100.1") as socket:
            visitor = Visitor(socket, Story())
            await visitor.visit("train", f"data=sample&model=funk&epochs=3&factors=8&seed={seed}")
            while visitor.polls and time.monotonic() - began < WAIT:
                await visitor.poll()
        waited.append(round(time.monotonic() - began, 1))


def _session(address: str, visitor: str = "") -> connect:
    """Open a session, as a visitor of this network address whom a proxy brings."""
    stream = address.replace("http", "ws") + "/_stcore/stream"
    headers = {"X-Forwarded-For": visitor} if visitor else {}
    return connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None, additional_headers=headers)


async def train(address: str) -> str:
    """Train a model as a visitor does; return the name of the run."""
    async with _session(address) as socket:
        visitor = Visitor(socket, Story())
        await visitor.visit("train", "data=sample&model=implicit&epochs=20&factors=64&seed=1")
        while visitor.polls:
            await visitor.poll()
            await visitor.visit("train", visitor.query)
        return dict(part.split("=") for part in visitor.query.lstrip("?").split("&"))["run"]


def memory(pid: int, which: str = "VmRSS") -> float:
    """Return the resident memory of a process in MB; VmHWM: the most it ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(which))


async def memories(pid: int, until: float) -> list[float]:
    """Return the memory that a process has from now until then, twice a second."""
    found = [memory(pid)]
    while time.monotonic() < until:
        await asyncio.sleep(0.5)
        found.append(memory(pid))
    return found


def bring(address: str, until: float) -> dict[str, Any]:
    """In a real browser, bring data, use it, train, recommend and compare, again and again; return what was done."""
    rounds, problems = 0, Counter[str]()
    expect.set_options(timeout=1000 * WAIT)
    with open_browser() as browser:
        while time.monotonic() < until:
            try:
                with browser.new_context() as visit:
                    _bring_once(visit.new_page(), address, rounds)
                rounds += 1
            except Exception as error:  # whatever it is, it is a finding
                problems[f"{type(error).__name__}: {error}"[:400]] += 1
    return {"rounds": rounds, "problems": dict(problems)}


def _bring_once(page: Page, address: str, number: int) -> None:
    rows = "".join(
        f"u{user},Artist {(user * 3 + at * (1 + user % 5) + number) % 80},{1 + (at * user) % 90}\n"
        for user in range(200)
        for at in range(30)
    )
    steps.go(page, address, "data")
    steps.upload(page, f"mine {number}.csv", f"user,artist,plays\n{rows}".encode())
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_role("heading", name=f"In use: mine {number}.csv")).to_be_visible()
    steps.settled(page)
    steps.choose(page, "Explore")
    steps.choose(page, "Train")
    page.get_by_role("button", name="Train", exact=True).click()
    steps.state(page, "Done", WAIT)
    steps.choose(page, "Recommend")
    for user in range(3):
        steps.pick(page, f"u{user * 7}")
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    steps.choose(page, "Compare")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("95 % confidence interval")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)


async def measure(address: str, pid: int, options: argparse.Namespace) -> dict[str, Any]:
    """Let them come, and count."""
    run = await train(address)
    warm, addresses = Story(), MIXED if options.mixed else USUAL
    quickly = Reading(run, addresses)
    warming = 40 if options.mixed else 5
    await asyncio.gather(
        *(read(address, time.monotonic() + warming, warm, seed, quickly) for seed in range(3))
    )
    if options.mixed:  # what a first upload and a first comparison bring along stays
        await asyncio.to_thread(bring, address, time.monotonic() + 1)
        await asyncio.sleep(FORGET)
    before = memory(pid)
    together, watching = Story(), Story()
    how = Reading(run, addresses, options.arriving, READING, STAY if options.mixed else float("inf"))
    until = time.monotonic() + options.seconds
    everyone = [read(address, until, together, seed, how) for seed in range(options.readers)]
    everyone += [watch(address, until, watching, seed + 100) for seed in range(options.trainings)]
    flooding, waited = Story(), list[float]()
    everyone += [flood(address, until, flooding, seed + 200) for seed in range(options.flooders)]
    everyone += [wait_for_a_turn(address, until, waited)] if options.flooders else []
    browser = asyncio.create_task(asyncio.to_thread(bring, address, until)) if options.mixed else None
    held, *_ = await asyncio.gather(memories(pid, until), asyncio.gather(*everyone))
    brought = await browser if browser else {}
    await asyncio.sleep(FORGET)
    after = memory(pid)
    one_by_one = Story()
    for seed in range(options.visits):
        await read(address, time.monotonic() + 0.01, one_by_one, seed, quickly)
    await asyncio.sleep(FORGET if options.visits else 0)
    apart = len(held) / SAMPLES
    return {
        "readers": options.readers,
        "trainings": options.trainings,
        "seconds": options.seconds,
        "together": together.figures(),
        "trainings_problems": dict(watching.problems),
        "flooders": options.flooders,
        "trainings_of_flooders": len(flooding.seconds),
        "seconds_another_waited": waited,
        "one_by_one": one_by_one.figures() if options.visits else {},
        "memory_mb": {
            "before": round(before),
            "highest": round(max(held)),
            "afterwards": round(after),
            f"after {options.visits} more visits": round(memory(pid)),
        },
        "load_average": os.getloadavg(),
    } | (
        {
            "in_a_browser": brought,
            "highest_mb_by_part": [
                round(max(held[int(at * apart) : max(int((at + 1) * apart), 1)])) for at in range(SAMPLES)
            ],
        }
        if options.mixed
        else {}
    )


def main() -> int:
    """Measure and print; 1 if something went wrong or took too long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=40)
    parser.add_argument("--trainings", type=int, default=2)
    parser.add_argument("--flooders", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--visits", type=int, default=200)
    parser.add_argument(
        "--arriving", type=float, default=READING[1], help="seconds within which readers come"
    )
    parser.add_argument("--mixed", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as address:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        found = asyncio.run(measure(address, int(children[0]), options))
        print(json.dumps(found, indent=1), flush=True)  # before the server's log is looked at
    held = list(found["memory_mb"].values())
    fine = (
        not found["together"]["problems"]
        and not found["trainings_problems"]
        and not found.get("in_a_browser", {}).get("problems")
        and found["together"]["p95_seconds"] <= TARGET_SECONDS
        and max(found["seconds_another_waited"], default=0.0) <= TARGET_WAIT
        and max(held[2:]) <= (1 + TARGET_GROWTH) * held[0]
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
