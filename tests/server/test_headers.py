"""Security headers."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.headers import Headers, SameOrigin, policy
from tests.server.asgi import ask, finish


async def _answer(request: Request) -> Response:
    answer = Response("content", headers={"Cache-Control": "public", "X-Frame-Options": "ALLOWALL"})
    answer.set_cookie("plain", "secure")
    answer.set_cookie("careful", "1", secure=True)
    return answer


APP = Starlette(routes=[Route("/{path:path}", _answer)], middleware=[Middleware(Headers)])


def test_every_answer_has_them_once():
    answer = ask(APP, "/")
    for name in ("Content-Security-Policy", "Permissions-Policy"):
        assert answer.header(name)
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Referrer-Policy") == "same-origin"
    assert answer.header("X-Frame-Options") == "SAMEORIGIN"


def test_scripts_come_from_here_alone_and_none_stands_in_a_page():
    allowed = dict(part.split(" ", 1) for part in policy().split("; "))
    assert "unsafe-inline" not in allowed["script-src"]
    assert allowed["script-src"].count("sha256-") == 1
    assert allowed["frame-ancestors"] == allowed["base-uri"] == allowed["connect-src"] == "'self'"
    assert allowed["object-src"] == allowed["frame-src"] == "'none'"
    assert "http" not in policy()


@pytest.mark.parametrize(("scheme", "secure"), [("http", 1), ("https", 2)])
def test_cookies_travel_over_tls_alone_where_the_visitor_came_that_way(scheme, secure):
    cookies = [value for name, value in ask(APP, "/", scheme=scheme).headers if name == "set-cookie"]
    assert sum(cookie.endswith("; Secure") for cookie in cookies) == secure
    assert all(cookie.count("; Secure") <= 1 for cookie in cookies)


def test_a_proxy_says_how_the_visitor_came():
    answer = ask(APP, "/", **{"X-Forwarded-Proto": "https"})
    assert [value.endswith("; Secure") for name, value in answer.headers if name == "set-cookie"] == [
        True,
        True,
    ]


def test_nobody_on_the_way_keeps_what_a_visitor_downloads():
    assert ask(APP, "/media/0123.csv").header("Cache-Control") == "private, no-store"
    assert ask(APP, "/static/media/font.woff2").header("Cache-Control") == "public"


def opens(**headers: str) -> bool:
    """Try to open a websocket."""
    done: list[str] = []

    async def reached(scope: dict, receive: object, send: object) -> None:
        done.append("reached")

    async def send(message: dict) -> None:
        done.append(message["type"])

    scope = {
        "type": "websocket",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    finish(SameOrigin(reached)(scope, send, send))
    return done == ["reached"]


@pytest.mark.parametrize("origin", ["http://encore.example:8501", "https://encore.example:8501"])
def test_a_page_of_this_server_opens_a_websocket(origin):
    assert opens(host="encore.example:8501", origin=origin)
    assert opens(host="encore.example:8501")


@pytest.mark.parametrize(
    "origin",
    [
        "http://encore.example",
        "http://encore.example:9999",
        "http://localhost:9999",
        "http://encore.example:8501.evil.example",
        "https://evil.example",
        "null",
        "",
    ],
)
def test_a_page_of_another_origin_opens_none(origin):
    assert not opens(host="encore.example:8501", origin=origin)
