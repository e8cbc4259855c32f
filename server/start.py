"""What happens when the server starts and ends."""

from __future__ import annotations

import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from starlette.concurrency import run_in_threadpool

from pages.components import signin, state
from recsys import __version__, events, memory


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
    memory.give_back_what_is_free()
    await run_in_threadpool(state.runs)
    yield None
    events.note("server stopped")


def page_failed(error: Exception) -> None:
    """Tell where a page failed; Streamlit tells the visitor that it did."""
    events.note("page failed", error=type(error).__name__, place=(events.places(error) or ["?"])[-1])
