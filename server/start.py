"""What happens when the server starts and ends."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from starlette.concurrency import run_in_threadpool

from pages.components.session import session
from pages.components.shell import sign_in
from recsys import __version__
from recsys.system import event_log, memory

PAUSE = 30.0  # seconds


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[dict[str, Any] | None]:
    """Write events from now on, keep memory low, and compile the kernels before anybody waits for them."""
    event_log.write_events()
    event_log.note(
        "server started",
        version=__version__,
        python=platform.python_version(),
        streamlit=version("streamlit"),
        sign_in=sign_in.wanted(),
    )
    memory.keep_heaps_few()
    await run_in_threadpool(session.runs)
    giving_back = asyncio.create_task(_give_back_memory())
    yield None
    giving_back.cancel()
    event_log.note("server stopped")


async def _give_back_memory() -> None:
    """Return what is free to the system now and then: what visitors left behind is spread over the whole heap."""
    while True:
        await asyncio.sleep(PAUSE)
        await run_in_threadpool(memory.give_back)


def page_failed(error: Exception) -> None:
    """Tell where a page failed; Streamlit tells the visitor that it did."""
    event_log.note("page failed", error=type(error).__name__, place=(event_log.places(error) or ["?"])[-1])
