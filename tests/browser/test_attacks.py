"""A second visitor, who speaks the protocol by hand, against what belongs to the first and to the server."""

from __future__ import annotations

import contextlib
import json
import math
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.protocol import Session, state
from tests.browser.provider import Provider
from tests.browser.serving import serve
from tests.browser.steps import go, settled, upload
from tests.browser.test_strangers import ask

COOKIE = "encore_owner"
ROWS = "user,artist,plays\n" + "\n".join(
    f"{user},Mine {(user + item) % 30},{item + 1}" for user in range(30) for item in range(9)
)
KIND = "multipart/form-data; boundary=x"
BODY = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\na,b\r\n--x--\r\n'
OFFERED = "A control on this page was sent a value that it does not offer."


@pytest.fixture(scope="module")
def forgiving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the app where a fault may stand in its log."""
    with serve(tmp_path_factory.mktemp("attacked"), may_fail=True) as address:
        yield address


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Start the app where visitors have to sign in."""
    folder = tmp_path_factory.mktemp("closed")
    with Provider() as provider:
        secrets = provider.secrets_file(folder)
        with serve(folder, may_fail=True, STREAMLIT_SECRETS_FILES=str(secrets)) as address:
            yield address, folder


def token(address: str) -> dict[str, str]:
    with urllib.request.urlopen(f"{address}/_stcore/health") as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    return {"Content_Type": KIND, "Cookie": cookie, "X_Xsrftoken": cookie.partition("=")[2]}


@pytest.mark.parametrize("name", ["server-anything.csv", "sample.csv", "kept-0123456789ab.csv"])
def test_the_name_of_a_file_makes_it_no_public_data(page: Page, browser: Browser, address: str, name: str):
    go(page, address, "data")
    upload(page, name, ROWS.encode())
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_role("heading", name=f"In use: {name}")).to_be_visible()
    settled(page)
    assert "data=server" not in page.url
    other = browser.new_context()
    with contextlib.closing(other):
        stranger = other.new_page()
        for key in (name, "upload"):
            go(stranger, address, "data", data=key)
            expect(stranger.get_by_role("heading", name="In use: Generated sample")).to_be_visible()


def test_no_script_reads_the_cookie_of_the_owner(page: Page, address: str):
    go(page, address)
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert COOKIE not in page.evaluate("document.cookie")
    go(page, address, "train")
    (again,) = [cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE]
    assert again["value"] == cookie["value"]


@pytest.mark.parametrize(
    "page_name", ["train", "sweep", "compare", "recommend", "new_listener", "data", "map"]
)
def test_values_that_no_control_offers_get_a_sentence(forgiving: str, page_name: str):
    values = {
        "slider": {"double_array_value": [math.nan]},
        "number_input": {"double_value": math.inf},
        "selectbox": {"string_value": "no such choice"},
        "button_group": {"int_array_value": [10**6]},
        "multiselect": {"string_array_value": ["no such choice"]},
        "checkbox": {"string_value": "yes"},
        "text_input": {"double_value": math.nan},
        "radio": {"int_value": 10**6},
        "file_uploader": {"string_value": "no file"},
        "arrow_data_frame": {"string_value": "{"},
    }
    with Session(forgiving) as session:
        session.run(page_name, "model=popular")
        found = {kind: names[:3] for kind, names in session.widgets.items() if kind in values}
        for kind, names in found.items():
            for name in names:
                session.run(page_name, "model=popular", state(name, **values[kind]))
                kinds = [kind for kind, _ in session.texts]
                assert "exception" not in kinds, (name, session.texts)
    with Session(forgiving) as session:
        session.run(page_name, "model=popular")
        assert not [text for text in session.texts if OFFERED in text[1]]


def test_huge_numbers_and_choices_start_no_training(forgiving: str):
    with Session(forgiving) as session:
        session.run("train", "model=article")
        sliders = [name for name in session.widgets["bidi_component"] if "-slider-" in name]
        assert sliders
        for name in sliders:
            for value in ("1e12", "nan", 1e12, [], None):
                moved = json.dumps([{"event": "moved", "value": {"value": value, "final": True}}])
                event = state(f"$$STREAMLIT_INTERNAL_KEY_{name}__events", json_trigger_value=moved)
                session.run("train", "model=article", event)
                assert not session.texts, (name, value)
    work = json.loads(ask(forgiving, "GET", "/health.json")[1])["work"]["trainings"]
    assert work["failed"] == 0


def test_who_has_not_signed_in_uploads_nothing(closed: tuple[str, Path]):
    address, _ = closed
    with Session(address) as session:
        session.run("data")
        path = f"/_stcore/upload_file/{session.id}/one"
        known = token(address)
        assert ask(address, "PUT", path, BODY, **known) == (403, b"Sign in first.")
        assert ask(address, "DELETE", path, **known) == (403, b"Sign in first.")
        for other in ("/%5fstcore/upload%5ffile/", "/train/_stcore/upload_file/", "/_stcore//upload_file/"):
            assert ask(address, "PUT", f"{other}{session.id}/one", BODY, **known)[0] in (403, 404, 405), other
        forged = known | {"Cookie": known["Cookie"] + '; _streamlit_user={"is_logged_in":true}'}
        assert ask(address, "PUT", path, BODY, **forged)[0] == 403


@pytest.mark.parametrize("page_name", ["", "train", "sweep", "compare", "data", "explore", "health"])
def test_who_has_not_signed_in_gets_no_control_but_the_way_in(closed: tuple[str, Path], page_name: str):
    def known() -> list[int]:
        work = json.loads(ask(closed[0], "GET", "/health.json")[1])["work"]
        return [sum(counts.values()) - counts["queued"] for counts in work.values()]

    before = known()
    with Session(closed[0]) as session:
        session.run(page_name, "model=popular&epochs=1")
        assert list(session.widgets) == ["button"]
        assert len(session.widgets["button"]) == 1
    assert known() == before


def test_a_visitor_cannot_name_the_kept_data_of_another(page: Page, browser: Browser, address: str):
    go(page, address, "data")
    upload(page, "mine.csv", ROWS.encode())
    page.get_by_role("button", name="Use this data").click()
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url("**data=kept-*")
    other = browser.new_context()
    with contextlib.closing(other):
        stranger = other.new_page()
        stranger.goto(page.url)
        settled(stranger)
        expect(stranger.get_by_text("mine.csv")).to_have_count(0)
        expect(stranger.get_by_role("button", name="Delete")).to_have_count(0)


def test_a_visitor_puts_no_file_into_the_visit_of_another_without_its_name(address: str):
    with Session(address) as one, Session(address) as other:
        one.run("data")
        other.run("data")
        assert one.id != other.id
        assert len(one.id) == 36
        guessed = one.id[:-1] + ("0" if one.id[-1] != "0" else "1")
        assert ask(address, "PUT", f"/_stcore/upload_file/{guessed}/x", BODY, **token(address))[0] == 400
