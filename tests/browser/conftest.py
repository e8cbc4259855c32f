"""A browser, the real app, and a page that does not put up with errors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError, expect

from tests.browser.publishing import Publisher
from tests.browser.serving import open_browser, serve

# Streamlit looks for its server below each page's own address first, and goes on at the root.
EXPECTED = re.compile(r"/\w+/_stcore/(health|host-config)$")

expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test here once more where it fails in CI, whose machines are at times too busy for a browser."""
    if os.environ.get("CI"):
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def publisher() -> Iterator[Publisher]:
    """Stand in for the place where the Last.fm data is published."""
    with Publisher() as publisher:
        yield publisher


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, publisher: Publisher) -> Iterator[str]:
    """Start the real app, with nothing in its cache folder."""
    with serve(tmp_path_factory.mktemp("cache"), RECSYS_LASTFM_URL=publisher.url) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Keep what is fetched and compiled, the same in each test; what a person leaves is cleared after each."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Open a page in a fresh browser; errors on it fail the test."""
    problems: list[str] = []

    def told(message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED.search(message.location["url"]):
            problems.append(f"{message.text} ({message.location['url']})")

    def failed(error: WebError) -> None:
        problems.append(str(error.error))

    context.on("console", told)
    context.on("weberror", failed)
    page = context.new_page()
    yield page
    forget(context)
    context.remove_listener("console", told)
    context.remove_listener("weberror", failed)
    assert problems == []


def forget(context: BrowserContext) -> None:
    """Close all pages and clear cookies and storage."""
    context.set_offline(False)
    for page in context.pages:
        if page.url.startswith("http"):
            page.evaluate("localStorage.clear()")
        page.close()
    context.clear_cookies()
