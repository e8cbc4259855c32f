"""Cookie by which the server knows a browser again: set with each page, and out of the reach of scripts."""

from __future__ import annotations

import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.components.session.browser_identity import COOKIE, is_secret

YEAR = 365 * 24 * 3600  # seconds


class OwnerCookie:
    """Sets the cookie with each HTML page; a browser that has one keeps it, for another year."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        known = HTTPConnection(scope).cookies.get(COOKIE, "")
        secret = known if is_secret(known) else secrets.token_hex(16)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("Content-Type", "").startswith("text/html"):
                    value = f"{COOKIE}={secret}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax"
                    headers.append("Set-Cookie", value)
                    headers["Cache-Control"] = "private, no-cache"  # no proxy hands it to another browser
            await send(message)

        await self.app(scope, receive, answer)
