"""Many readers at once while models train: what each waits, and what the server's memory does.

    python -m benchmarks.load                 40 readers, 2 trainings, 60 seconds; then 200 visits one after another

Each reader is a websocket session as a browser holds one: it comes within the first five seconds, opens Explore or
Recommend, reads for one to five seconds, and goes on to another listener or page. Two more watch a training and ask
for its curve as the page tells them to. Prints how long a page took (median, 95th percentile), what went wrong, and
the server's resident memory: before, at its highest, and after the sessions are gone.
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

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.browser.serving import serve

TARGET_SECONDS, TARGET_GROWTH = 2.0, 0.2
# Streamlit keeps what a visitor left behind for two minutes, for a browser that comes back.
FORGET = 150.0
TRAINING = "data=sample&model=implicit&epochs=5000&factors=64&seed={seed}"
WAIT = 120.0
READING = (1.0, 5.0)


@dataclass
class Story:
    """What happened to all readers together."""

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


async def read(address: str, until: float, story: Story, seed: int, run: str, pause: bool = True) -> None:
    """Go from page to page until the time is over."""
    choose = random.Random(seed)  # noqa: S311 - not for secrets
    try:
        async with _session(address) as socket:
            visitor = Visitor(socket, story)
            # people come one by one, and not all in the same moment
            await asyncio.sleep(choose.uniform(0, READING[1]) if pause else 0)
            while time.monotonic() < until:
                if choose.random() < 0.5:
                    await visitor.visit("explore", "data=sample")
                else:
                    listener = choose.randrange(1, 2_000)
                    await visitor.visit("recommend", f"data=sample&run={run}&listener={listener}")
                await asyncio.sleep(choose.uniform(*READING) if pause else 0)
    except Exception as error:  # whatever it is, it is a finding
        story.problems[f"{type(error).__name__}: {error}"[:200]] += 1


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


def _session(address: str) -> connect:
    stream = address.replace("http", "ws") + "/_stcore/stream"
    return connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None)


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


async def highest(pid: int, until: float) -> float:
    """Return the most memory that a process had until then."""
    most = 0.0
    while time.monotonic() < until:
        most = max(most, memory(pid))
        await asyncio.sleep(0.5)
    return most


async def measure(
    address: str, pid: int, readers: int, trainings: int, seconds: float, visits: int
) -> dict[str, Any]:
    """Let them come, and count."""
    run = await train(address)
    warm = Story()
    await asyncio.gather(
        *(read(address, time.monotonic() + 5, warm, seed, run, pause=False) for seed in range(3))
    )
    before = memory(pid)
    together = Story()
    until = time.monotonic() + seconds
    everyone = [read(address, until, together, seed, run) for seed in range(readers)]
    watching = Story()
    everyone += [watch(address, until, watching, seed + 100) for seed in range(trainings)]
    most, *_ = await asyncio.gather(highest(pid, until), asyncio.gather(*everyone))
    await asyncio.sleep(FORGET)
    after = memory(pid)
    one_by_one = Story()
    for seed in range(visits):
        await read(address, time.monotonic() + 0.01, one_by_one, seed, run, pause=False)
    await asyncio.sleep(FORGET if visits else 0)
    return {
        "readers": readers,
        "trainings": trainings,
        "seconds": seconds,
        "together": together.figures(),
        "trainings_problems": dict(watching.problems),
        "one_by_one": one_by_one.figures() if visits else {},
        "memory_mb": {
            "before": round(before),
            "highest": round(most),
            "afterwards": round(after),
            f"after {visits} more visits": round(memory(pid)),
        },
        "load_average": os.getloadavg(),
    }


def main() -> int:
    """Measure and print; 1 if something went wrong or took too long."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=40)
    parser.add_argument("--trainings", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--visits", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as address:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        found = asyncio.run(
            measure(
                address, int(children[0]), options.readers, options.trainings, options.seconds, options.visits
            )
        )
    print(json.dumps(found, indent=1))
    memories = list(found["memory_mb"].values())
    fine = (
        not found["together"]["problems"]
        and not found["trainings_problems"]
        and found["together"]["p95_seconds"] <= TARGET_SECONDS
        and max(memories[2:]) <= (1 + TARGET_GROWTH) * memories[0]
    )
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
