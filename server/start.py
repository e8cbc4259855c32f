"""Startup and shutdown of the server."""

from __future__ import annotations

import asyncio
import logging
import platform
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.concurrency import run_in_threadpool

from pages.components.session import session
from pages.components.shell import sign_in
from recsys import __version__
from recsys.storage.dataset_store import forget_expired
from recsys.system import event_log, memory

PAUSE = 30.0  # seconds
STREAMLIT = Path(st.__file__).parent


@asynccontextmanager
async def lifespan(app: object) -> AsyncIterator[dict[str, Any] | None]:
    """Write events from now on, keep memory low, and train the recommended model before the first visit."""
    event_log.write_events()
    # The sample is trained before there is a visit, which Streamlit warns of.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel(logging.ERROR)
    event_log.note(
        "server started",
        version=__version__,
        python=platform.python_version(),
        streamlit=version("streamlit"),
        sign_in=sign_in.wanted(),
    )
    memory.keep_heaps_few()
    await run_in_threadpool(session.train_on_sample)
    memory.settle()
    giving_back = asyncio.create_task(_tidy())
    yield None
    giving_back.cancel()
    event_log.note("server stopped")


async def _tidy() -> None:
    """Return free memory to the system now and then, and delete data that was held long enough."""
    while True:
        await asyncio.sleep(PAUSE)
        await run_in_threadpool(memory.give_back)
        await run_in_threadpool(forget_expired)


def page_failed(error: Exception) -> bool:
    """Note where a page failed, and say in a sentence what to do; return that Streamlit need not.

    Streamlit reads the value of a control in its own code, and fails there if a browser sends one that the control
    does not offer.
    """
    event_log.note("page failed", error=type(error).__name__, place=(event_log.places(error) or ["?"])[-1])
    innermost = traceback.extract_tb(error.__traceback__)[-1:]
    if innermost and STREAMLIT in Path(innermost[0].filename).parents:
        st.error("A control on this page was sent a value that it does not offer. Reload the page to go on.")
    else:
        st.error("This part of the page failed because of a fault in this program. Reload the page to go on.")
    return True
