"""Attacks in a real browser and by hand-made requests."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.browser.steps import go, settled, title, upload

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    "[a](javascript:alert(3))",
    "=cmd|'/c calc'!A0",
    "![x](https://evil.example/x.png)",
)


def open_session(address: str, origin: str | None) -> ClientConnection:
    place = urlsplit(address)
    return connect(f"ws://{place.netloc}/_stcore/stream", origin=origin, subprotocols=["streamlit"])


def session(connection: ClientConnection) -> str:
    """Run the page once and return what the server calls this session."""
    asked = BackMsg()
    asked.rerun_script.query_string = ""
    connection.send(asked.SerializeToString())
    while True:
        told = ForwardMsg()
        told.ParseFromString(connection.recv(timeout=30))
        if told.WhichOneof("type") == "new_session":
            return told.new_session.initialize.session_id


def ask(address: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Send a request just as it is written, `..` and all."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    with contextlib.closing(connection):
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_names_that_want_to_be_more_than_text_stay_text(page: Page, address: str):
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url) if "evil.example" in request.url else None)
    rows = [
        f'"{HOSTILE[user % 5]} {user}","{HOSTILE[item % 5]} {item}",{1 + (user * item) % 9}'
        for user in range(45)
        for item in range(45)
    ]
    go(page, address, "data")
    upload(page, f"{HOSTILE[0]}.csv", "\n".join(["user,artist,plays", *rows]).encode())
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_text("In use: <img src=x onerror=alert(1)>")).to_be_visible()
    for name in ("Explore", "Train"):
        page.get_by_test_id("stPageLink").get_by_role("link", name=name).first.click()
        title(page, name)
        settled(page)
        for view in ("Listeners", "Scenes", "Relations", "Artists") if name == "Explore" else ():
            page.locator(".st-key-view").get_by_text(view, exact=True).click()
            page.wait_for_url(re.compile(f"view={view.lower()}"))
            settled(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile("run="))
    expect(page.locator(".stMarkdownBadge", has_text="Done")).to_be_visible()
    page.get_by_test_id("stPageLink").get_by_role("link", name="Recommend").first.click()
    title(page, "Recommend")
    settled(page)
    expect(page.locator(".ranked-list li").first).to_be_visible()
    settled(page)
    assert asked == []


def test_no_script_that_gets_into_a_page_runs(browser: Browser, address: str):
    page = browser.new_page()  # one that may complain
    go(page, address)
    refused = page.evaluate(
        """() => new Promise(resolve => {
          document.addEventListener('securitypolicyviolation', event => resolve(event.effectiveDirective));
          const script = document.createElement('script');
          script.textContent = 'window.stolen = 1';
          document.body.append(script);
          setTimeout(() => resolve('ran'), 5000);
        })"""
    )
    assert refused == "script-src-elem"
    assert page.evaluate("window.stolen") is None
    page.close()


@pytest.mark.parametrize(
    "path",
    [
        "/app/static/../app.py",
        "/app/static/%2e%2e/app.py",
        "/app/static/..%2fapp.py",
        "/app/static/..%5capp.py",
        "/app/static//etc/passwd",
        "/static/../../../../../etc/passwd",
        "/component/x/../../app.py",
        "/_stcore/bidi-components/live_chart/../../app.py",
        "/media/../app.py",
    ],
)
def test_no_path_leads_out_of_its_folder(address: str, path: str):
    status, content = ask(address, "GET", path)
    assert status in (400, 404)
    assert b"import" not in content
    assert b"root:" not in content


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null"])
def test_no_page_of_another_origin_opens_a_session(address: str, origin: str):
    with pytest.raises(InvalidStatus, match="403"), open_session(address, origin):
        pass
    with open_session(address, address) as connection:
        assert session(connection)


def test_uploads_need_a_session_and_its_token(address: str):
    with urllib.request.urlopen(f"{address}/_stcore/health") as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    token = cookie.partition("=")[2]
    body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\na,b\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x"
    with open_session(address, address) as connection:
        path = f"/_stcore/upload_file/{session(connection)}/one"
        assert ask(address, "PUT", path, body, Content_Type=kind)[0] == 403
        assert ask(address, "DELETE", path)[0] == 403
        known = {"Content_Type": kind, "Cookie": cookie, "X_Xsrftoken": token}
        assert ask(address, "PUT", f"/_stcore/upload_file/{'0' * 36}/one", body, **known)[0] == 400
        assert ask(address, "PUT", path, b"", **known, Content_Length=str(300 << 20))[0] == 413
        assert ask(address, "PUT", path, body, **known)[0] == 204
        assert b"a,b" not in ask(address, "GET", path)[1]


def test_the_health_of_the_server_says_nothing_of_its_visitors(address: str):
    status, content = ask(address, "GET", "/health.json")
    assert status == 200
    assert set(json.loads(content)) == {"uptime", "memory", "work", "held", "data", "free", "versions"}
    assert ask(address, "POST", "/health.json")[0] == 405
