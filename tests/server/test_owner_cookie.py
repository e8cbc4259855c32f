"""The cookie of the owner."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from server.headers import Headers
from server.owner_cookie import OwnerCookie
from tests.server.asgi import ask


async def _answer(request: Request) -> Response:
    return HTMLResponse("<p>") if request.url.path == "/" else JSONResponse({})


APP = Starlette(
    routes=[Route("/{path:path}", _answer)], middleware=[Middleware(Headers), Middleware(OwnerCookie)]
)
SECRET = "0123456789abcdef" * 2


def test_a_new_browser_gets_a_secret_that_no_script_reads():
    first, second = (ask(APP, "/").header("Set-Cookie") for _ in range(2))
    assert re.fullmatch("encore_owner=[0-9a-f]{32}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", first)
    assert first != second
    assert ask(APP, "/").header("Cache-Control") == "private, no-cache"
    assert ask(APP, "/", scheme="https").header("Set-Cookie").endswith("; Secure")


def test_a_browser_that_is_known_keeps_its_secret():
    assert f"encore_owner={SECRET};" in ask(APP, "/", Cookie=f"encore_owner={SECRET}").header("Set-Cookie")


@pytest.mark.parametrize("sent", ["", "x", SECRET.upper(), SECRET + "0", "../../etc"])
def test_what_is_no_secret_is_replaced(sent):
    given = ask(APP, "/", Cookie=f"encore_owner={sent}").header("Set-Cookie")
    assert f"encore_owner={sent};" not in given
    assert "encore_owner=" in given


def test_only_pages_set_it():
    assert ask(APP, "/health.json").header("Set-Cookie") == ""
