"""Sign-in by OpenID Connect, in a real browser, at a provider that lies where it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from tests.browser.provider import Provider
from tests.browser.serving import serve
from tests.browser.steps import choose, go, settled, title

REFUSED = "Signing in did not work"


class Door(NamedTuple):
    address: str
    provider: Provider
    log: Path

    def events(self) -> list[str]:
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [json.loads(line)["event"] for line in lines]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("signing-in")
    with Provider() as provider:
        secrets = provider.secrets_file(folder)
        # a refused token is a warning of Streamlit's, with its traceback
        with serve(folder, may_fail=True, STREAMLIT_SECRETS_FILES=str(secrets)) as address:
            yield Door(address, provider, folder / "server.log")


@pytest.fixture(autouse=True)
def _honest(door: Door) -> Iterator[None]:
    yield
    door.provider.claims, door.provider.forged, door.provider.refuses = {}, False, False


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()


def shows_nothing(page: Page) -> None:
    """Nothing but the way in is on the page."""
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_test_id("stPageLink")).to_have_count(0)
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    expect(page.get_by_test_id("stMetric")).to_have_count(0)


def test_in_and_out(page: Page, door: Door):
    go(page, door.address)
    shows_nothing(page)
    sign_in(page)
    expect(page.get_by_role("button", name="Wilma <b>Wren</b>")).to_be_visible()
    choose(page, "Explore")
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert cookies["_streamlit_user"]["httpOnly"]
    assert cookies["_streamlit_user"]["sameSite"] == "Lax"
    page.get_by_role("button", name="Wilma <b>Wren</b>").click()
    expect(page.get_by_text("wilma@")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    shows_nothing(page)
    expect(page.get_by_text(REFUSED)).to_have_count(0)
    go(page, door.address, "data")
    shows_nothing(page)
    assert {"signed in", "signed out"} <= set(door.events())
    written = door.log.read_text()
    assert "Wilma" not in written
    assert "example.org" not in written


@pytest.mark.parametrize("name", ["recommend", "present", "artist", "train", "health"])
def test_a_link_shows_nothing_before_sign_in(page: Page, door: Door, name: str):
    go(page, door.address, name, listener="7", artist="1")
    shows_nothing(page)


def test_a_link_leads_to_its_page_after_sign_in(page: Page, door: Door):
    go(page, door.address, "artist", artist="1")
    shows_nothing(page)
    sign_in(page)
    title(page, "Artist")
    settled(page)
    assert "artist=1" in page.url
    expect(page.get_by_test_id("stMetric").first).to_be_visible()
    assert "artist=1" not in door.log.read_text()


LIES = {
    "forged": lambda provider: setattr(provider, "forged", True),
    "meant for somebody else": lambda provider: provider.claims.update(aud="another"),
    "expired": lambda provider: provider.claims.update(exp=int(time.time()) - 600),
    "by another issuer": lambda provider: provider.claims.update(iss="https://example.org"),
    "of another sign-in": lambda provider: provider.claims.update(nonce="another"),
    "refused by the person": lambda provider: setattr(provider, "refuses", True),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_right_lets_nobody_in(page: Page, door: Door, lie: str):
    LIES[lie](door.provider)
    before = door.events().count("sign-in refused")
    go(page, door.address)
    sign_in(page)
    expect(page.get_by_text(REFUSED)).to_be_visible()
    shows_nothing(page)
    assert door.events().count("sign-in refused") == before + 1


def test_a_cookie_made_by_hand_lets_nobody_in(page: Page, door: Door):
    go(page, door.address)
    cookie = json.dumps({"is_logged_in": True, "origin": door.address, "sub": "17", "provider": "default"})
    page.context.add_cookies([{"name": "_streamlit_user", "value": cookie, "url": door.address}])
    go(page, door.address, "explore")
    shows_nothing(page)
