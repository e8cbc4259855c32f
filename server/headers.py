"""Security headers: browsers allow the pages no more than the app needs."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INDEX = Path(st.__file__).parent / "static" / "index.html"


@cache
def policy() -> str:
    """Return the Content-Security-Policy.

    Scripts come from here alone. Streamlit writes a script into its page, which is known by its hash; gives the
    live chart its script as a blob; and writes styles into elements. plotly.js makes functions from text where it
    draws by WebGL (Explore, Map), hence unsafe-eval, which runs no script that stands in a page.
    """
    inline = re.findall(r"<script>(.*?)</script>", INDEX.read_text(encoding="utf-8"), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    allowed = {
        "default-src": ["'self'"],
        "script-src": ["'self'", "blob:", "'unsafe-eval'", *(f"'sha256-{known}'" for known in hashes)],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "frame-src": ["'none'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
    }
    return "; ".join(f"{what} {' '.join(places)}" for what, places in allowed.items())


# What a page of charts and tables never asks of a browser.
REFUSED = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation",
    "gyroscope", "hid", "idle-detection", "magnetometer", "microphone", "midi", "payment",
    "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip


class Headers:
    """Adds the headers to every answer, and lets cookies travel over TLS only where the visitor came that way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.fixed = {
            "Content-Security-Policy": policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",  # for browsers that do not know frame-ancestors
            # addresses name runs and listeners
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in REFUSED),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.fixed)
                if "/media/" in scope["path"] and "/static/" not in scope["path"]:
                    headers["Cache-Control"] = "private, no-store"  # a visitor's own downloads
                if scope["scheme"] == "https" or (b"x-forwarded-proto", b"https") in scope["headers"]:
                    message["headers"] = [_secure(name, value) for name, value in message["headers"]]
            await send(message)

        await self.app(scope, receive, answer)


def _secure(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"set-cookie" and b"secure" not in value.lower().split(b"; ")[1:]:
        value += b"; Secure"
    return name, value


class SameOrigin:
    """Lets no page of another origin open a websocket, one on another port of this host included.

    Streamlit compares the names of hosts alone, and lets every page on the visitor's own machine in. Its settings
    `server.enableCORS` and `server.corsAllowedOrigins` hold here too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "websocket" and not self._fine(RequestHeaders(scope=scope)):
            await send({"type": "websocket.close", "code": 1008})
            return
        await self.app(scope, receive, send)

    @staticmethod
    def _fine(headers: RequestHeaders) -> bool:
        origin = headers.get("origin")
        if origin is None or not st.get_option("server.enableCORS"):
            return True  # not a browser, or the operator wants it so
        allowed = [str(known).rstrip("/") for known in st.get_option("server.corsAllowedOrigins")]
        return origin in allowed or origin.partition("://")[2] == headers.get("host")
