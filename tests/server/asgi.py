"""Ask a web application in the same process, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message


class Answer(NamedTuple):
    """A response; `headers` in order, names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key == name.lower())


def finish(work: Coroutine[Any, Any, None]) -> None:
    """Run this to its end, in a thread of its own: the tests of the browser keep a loop running in theirs."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def ask(app: ASGIApp, path: str, query: str = "", scheme: str = "http", **headers: str) -> Answer:
    """Send a GET request."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": scheme,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async def work() -> None:
        await app(scope, receive, send)

    finish(work())
    start, *rest = sent
    return Answer(
        start["status"],
        [(name.decode().lower(), value.decode()) for name, value in start["headers"]],
        b"".join(message.get("body", b"") for message in rest),
    )
