"""OpenID Connect middleware: audit log, refused sign-ins, and the return to the requested page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import AUTH_COOKIE_NAME, get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value

from pages.components.shell import sign_in
from pages.components.shell.sign_in import REFUSED
from recsys.system import event_log

UPLOADS = "/_stcore/upload_file/"
LOGIN, CALLBACK, LOGOUT = "/auth/login", "/oauth2callback", "/auth/logout"
SIGNED_IN = b"_streamlit_user="
WANTED = "encore_wanted"


class SignedInUploads:
    """Takes files from those who signed in alone, where sign-in is on; pages draw nothing for others anyway."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_upload = scope["type"] == "http" and UPLOADS in scope["path"]
        if is_upload and sign_in.wanted() and not _is_signed_in(HTTPConnection(scope).cookies):
            await PlainTextResponse("Sign in first.", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_signed_in(cookies: Mapping[str, str]) -> bool:
    """Tell whether the cookie of sign-in is there, whole, unexpired and signed by this server."""

    def part(name: str) -> bytes | None:
        value = cookies.get(name)
        return decode_signed_value(get_cookie_secret(), name, value.encode("latin-1")) if value else None

    try:
        told = json.loads(get_cookie_with_chunks(part, AUTH_COOKIE_NAME) or b"{}")
    except (ValueError, RuntimeError):
        return False
    return isinstance(told, dict) and told.get("is_logged_in") is True


class SigningIn:
    """Sits before Streamlit's own addresses of sign-in, which answer with a redirect and no word of how it went."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        path = scope["path"] if scope["type"] == "http" else ""
        if not path.endswith((LOGIN, CALLBACK, LOGOUT)):
            await self.app(scope, receive, send)
            return
        asked = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path.endswith(LOGIN):
                    _keep(headers, asked.get(b"referer", ""), asked.get(b"host", ""))
                elif path.endswith(CALLBACK):
                    _called_back(message, headers, scope["query_string"].decode("latin-1"), asked)
                else:
                    event_log.note("signed out")
            await send(message)

        await self.app(scope, receive, answer)


def _keep(headers: MutableHeaders, page: str, host: str) -> None:
    """Keep the page that was wanted, in a cookie, until the visitor comes back."""
    try:
        parts = urlsplit(page)
    except ValueError:
        return
    if parts.netloc == host and len(page) < 2_000:
        wanted = parts.path + (f"?{parts.query}" if parts.query else "")
        headers.append("Set-Cookie", f"{WANTED}={quote(wanted)}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")


def _called_back(message: Message, headers: MutableHeaders, query: str, asked: dict[bytes, str]) -> None:
    """Note how it went; send those who were let in where they wanted to go, and tell others."""
    fields = parse_qs(query)
    if not fields.keys() & {"code", "error"}:
        return  # back from signing out at the provider
    let_in = any(
        name.lower() == b"set-cookie" and value.startswith(SIGNED_IN) and b"Max-Age=0" not in value
        for name, value in message["headers"]
    )
    event_log.note("signed in" if let_in else "sign-in refused")
    if not let_in:
        headers["Location"] = f"{headers.get('Location', '/')}?{REFUSED}=1"
        return
    wanted = unquote(cookie_parser(asked.get(b"cookie", "")).get(WANTED, ""))
    # a page of this server: a path, and not one that browsers take for another host
    if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable():
        headers["Location"] = quote(wanted, safe="/?&=%+,:;@!$'()*~-._")
        headers.append("Set-Cookie", f"{WANTED}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
