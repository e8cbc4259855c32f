"""A run trained elsewhere, from its folder to lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.large_run import write
from tests.browser.serving import serve
from tests.browser.steps import WIDER_THAN_THE_PAGE, choose, entries, go, listed, menu, settled, title


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve with one large run in the folder of runs."""
    place = tmp_path_factory.mktemp("large")
    write(place / "runs" / "spark", 3_000, 2_000, 40_000, 16)
    with serve(place / "cache", RECSYS_RUNS=str(place / "runs")) as address:
        yield address


def test_a_run_is_prepared_opened_and_recommends(page: Page, large: str, browser: Browser) -> None:
    go(page, large, "data")
    page.get_by_role("button", name="Prepare").click()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="In use: Made-up run")).to_be_visible()
    settled(page)
    assert menu(page)[-1] == "Made-up run"

    choose(page, "Recommend")
    page.get_by_role("button", name="Any listener").click()
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    settled(page)
    page.wait_for_url(re.compile("data=run-spark&listener=u"))
    link = page.url
    plays, recommended = listed(page, "Played").all_inner_texts(), entries(page)
    assert plays
    assert len(recommended) == 10
    assert not set(plays) & {row[0] for row in recommended}

    field = page.get_by_role("textbox", name="Listener")
    field.press_sequentially("x")
    expect(page.get_by_role("heading", name="Recommended")).to_have_count(0)
    field.fill("u0000")
    offered = page.locator(".st-key-similar button").nth(1)
    label = offered.inner_text()
    offered.click()
    expect(field).to_have_value(label)
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    page.wait_for_url(re.compile(f"listener={label}"))
    settled(page)
    page.go_back()
    expect(field).to_have_value(re.findall(r"listener=(\w+)", link)[0])
    expect(listed(page).first).to_have_text(recommended[0][0])
    assert page.url == link

    other = browser.new_page()
    other.goto(link)
    settled(other)
    assert entries(other) == recommended
    other.close()

    choose(page, "You")
    page.get_by_role("textbox", name="Find an artist").fill("sor")
    page.locator(".st-key-newcomer-found button").first.click()
    expect(page.get_by_text("without training").last).to_be_visible()
    expect(page.locator("[class*='st-key-open-'] button:visible")).to_have_count(10)
    choose(page, "Train")
    expect(page.get_by_text("was trained elsewhere")).to_be_visible()


def test_it_fits_a_phone(page: Page, large: str) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    go(page, large, "data")
    expect(page.get_by_text("Imported runs")).to_be_visible()
    if (prepare := page.get_by_role("button", name="Prepare")).count():
        prepare.click()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="In use: Made-up run")).to_be_visible()
    for name in ("Explore", "Recommend", "You"):
        choose(page, name)
        assert page.evaluate(WIDER_THAN_THE_PAGE) == [], name
    page.locator(".st-key-dataset button").click()
    page.get_by_role("link", name="Change the dataset").click()
    title(page, "Data")
    settled(page)
    expect(page.get_by_role("heading", name="In use: Made-up run")).to_be_visible()
    assert page.evaluate(WIDER_THAN_THE_PAGE) == [], "Data"
