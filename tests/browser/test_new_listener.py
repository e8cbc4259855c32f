"""The New listener page: a few artists in, a list out, and what one says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.serving import serve
from tests.browser.steps import WIDER_THAN_THE_PAGE, go, settled, train


@pytest.fixture(scope="module")
def run(browser: Browser, address: str) -> str:
    return train(browser, address, model="implicit", factors="32", epochs="10")


def offered(page: Page) -> Locator:
    """Find the names of the recommended artists."""
    return page.locator("[class*='st-key-open-'] button:visible")


def search(page: Page, part: str, name: str) -> None:
    """Type a part of a name and choose the artist."""
    field = page.get_by_role("textbox", name="Find an artist")
    field.fill(part)
    page.locator(".st-key-newcomer-found").get_by_text(name, exact=True).click()
    expect(field).to_have_value("")
    settled(page)


def say(page: Page, verdict: str, row: int) -> str:
    """Click one of the buttons of a row, wait until the artist has left the list, and return its name."""
    name = offered(page).nth(row).inner_text()
    page.locator(f"[class*='st-key-{verdict}-'] button:visible").nth(row).click()
    expect(offered(page).filter(has_text=re.compile(f"^{re.escape(name)}$"))).to_have_count(0)
    settled(page)
    return name


def names(page: Page) -> list[str]:
    settled(page)
    expect(offered(page).first).to_be_visible()
    return offered(page).all_inner_texts()


def test_it_opens_with_starting_points(page: Page, address: str) -> None:
    go(page, address, "new_listener")  # as it was called before
    expect(page.get_by_role("heading", level=1, name="You")).to_be_visible()
    expect(page.get_by_role("button", name="Start with these").first).to_be_visible()


def test_a_handful_of_artists_brings_a_list_that_answers(
    page: Page, address: str, run: str, browser: Browser
) -> None:
    go(page, address, "you", run=run)
    search(page, "iron maid", "Iron Maiden")
    search(page, "judas", "Judas Priest")
    first = names(page)
    assert len(first) == 10
    assert not {"Iron Maiden", "Judas Priest"} & set(first)

    liked = say(page, "up", 0)
    hidden = say(page, "hide", 1)
    disliked = say(page, "down", 2)
    known = say(page, "know", 3)
    last = names(page)
    assert len(last) == 10
    assert not {liked, hidden, disliked, known} & set(last)

    other = browser.new_page()
    other.goto(page.url)
    assert names(other) == last
    other.close()

    for gone in (known, disliked, hidden, liked):
        page.get_by_role("button", name="Undo").click()
        expect(offered(page).filter(has_text=re.compile(f"^{re.escape(gone)}$"))).to_have_count(1)
        settled(page)
    assert names(page) == first


def test_a_taste_to_start_from_and_an_artist_of_the_list(page: Page, address: str, run: str) -> None:
    page.set_viewport_size({"width": 400, "height": 900})
    go(page, address, "you", run=run)
    page.get_by_role("button", name="Start with these").first.click()
    before = names(page)
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    offered(page).first.click()
    expect(page.get_by_role("heading", level=2, name=before[0], exact=True)).to_be_visible()
    page.go_back()
    assert names(page) == before


def test_a_model_that_knows_only_its_listeners_says_so(page: Page, address: str, browser: Browser) -> None:
    run = train(browser, address, model="funk", factors="2", epochs="2")
    go(page, address, "you", run=run)
    expect(page.get_by_text("knows only those that it was trained on")).to_be_visible()
    expect(page.get_by_role("button", name="Train another model")).to_be_visible()


def test_a_metal_fan_of_the_real_data_is_recommended_metal(
    page: Page, browser: Browser, tmp_path: Path, lastfm_folder: Path
) -> None:
    with serve(tmp_path / "cache", RECSYS_LASTFM=str(lastfm_folder)) as address:
        run = train(browser, address, data="lastfm", model="implicit", factors="64", epochs="12")
        go(page, address, "you", data="lastfm", run=run)
        for part, name in (("metallica", "Metallica"), ("slayer", "Slayer"), ("iron maid", "Iron Maiden")):
            search(page, part, name)
        metal = {"Megadeth", "Pantera", "Judas Priest", "Black Sabbath", "Motörhead", "Anthrax", "AC/DC"}
        metal |= {"Slipknot", "System of a Down", "Iced Earth", "Sepultura", "Dream Theater", "Testament"}
        metal |= {"Children of Bodom", "In Flames", "Nightwish", "Blind Guardian", "Kreator", "Opeth"}
        assert len(metal & set(names(page))) >= 5
        page.goto("about:blank")  # before the server goes, which the page would complain about
