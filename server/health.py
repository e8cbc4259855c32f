"""How the server is, for machines; people find the same on the page `/health`."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pages.components.session import session


async def _health(request: Request) -> JSONResponse:
    return JSONResponse(await run_in_threadpool(session.health), headers={"Cache-Control": "no-store"})


ROUTE = Route("/health.json", _health)
