"""What happens when the server starts and ends."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from starlette.concurrency import run_in_threadpool

from pages.components import signin, state
from recsys import __version__, events, memory

PAUSE = 30.0  # seconds


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[dict[str, Any] | None]:
    """Write events from now on, keep memory low, and compile the kernels before anybody waits for them."""
    events.write_events()
    events.note(
        "server started",
        version=__version__,
        python=platform.python_version(),
        streamlit=version("streamlit"),
        sign_in=signin.wanted(),
    )
    memory.keep_heaps_few()
    await run_in_threadpool(state.runs)
    giving_back = asyncio.create_task(_give_back_memory())
    yield None
    giving_back.cancel()
    events.note("server stopped")


async def _give_back_memory() -> None:
    """Return what is free to the system now and then: what visitors left behind is spread over the whole heap."""
    while True:
        await asyncio.sleep(PAUSE)
        await run_in_threadpool(memory.give_back)


def page_failed(error: Exception) -> None:
    """Tell where a page failed; Streamlit tells the visitor that it did."""
    events.note("page failed", error=type(error).__name__, place=(events.places(error) or ["?"])[-1])
