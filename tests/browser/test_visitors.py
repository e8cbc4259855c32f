"""Two people at one server: each sees what is theirs, and what the other passes on."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.steps import go, rows, select_first, settled, state, table, train_here, upload

SMALL = {"model": "funk", "factors": "2", "epochs": "5"}
COOKIE = "encore_owner"


def secret(context: BrowserContext) -> str:
    return next((cookie["value"] for cookie in context.cookies() if cookie["name"] == COOKIE), "")


def save_a_run(page: Page, address: str) -> None:
    """Train, and save what came of it."""
    train_here(page, address, **SMALL)
    select_first(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
    settled(page)


def test_saved_runs_belong_to_a_browser_and_a_link_shows_the_curve(
    page: Page, browser: Browser, address: str
) -> None:
    save_a_run(page, address)
    assert re.fullmatch("[0-9a-f]{32}", secret(page.context))
    tab = page.context.new_page()
    go(tab, address, "train")
    assert [row[0] for row in rows(table(tab))].count("true") == 1
    tab.close()

    other = browser.new_context()
    try:
        stranger = other.new_page()
        go(stranger, address, "train")
        expect(stranger.get_by_text("Import a run")).to_be_visible()
        settled(stranger)
        shown = stranger.get_by_test_id("stDataFrame")
        assert not shown.count() or "true" not in [row[0] for row in rows(table(stranger))]
        assert secret(other) != secret(page.context)
        stranger.goto(page.url)
        state(stranger, "Done")
        expect(stranger.get_by_role("button", name="Delete")).to_have_count(0)
    finally:
        other.close()


def test_two_tabs_that_open_at_once_have_one_owner(page: Page, address: str) -> None:
    tab = page.context.new_page()
    for place in (page, tab):
        place.goto(f"{address}/train?" + "&".join(f"{name}={value}" for name, value in SMALL.items()))
    for place in (page, tab):
        state(place, "Done")
        settled(place)
    save_a_run(page, address)
    go(tab, address, "train")
    assert [row[0] for row in rows(table(tab))].count("true") == 1


def test_own_data_is_kept_on_purpose_for_this_browser_alone(
    page: Page, browser: Browser, address: str
) -> None:
    lines = [f"{user},Mine {(user + item) % 30},{item + 1}" for user in range(30) for item in range(9)]
    go(page, address, "data")
    upload(page, "mine.csv", ("user,artist,plays\n" + "\n".join(lines)).encode())
    page.get_by_role("button", name="Use this data").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("heading", name="Kept for you")).to_be_visible()
    page.wait_for_url(re.compile("data=kept-"))
    page.reload()
    settled(page)
    expect(page.get_by_role("heading", name="In use: mine.csv")).to_be_visible()

    other = browser.new_context()
    try:
        stranger = other.new_page()
        stranger.goto(page.url)
        expect(stranger.get_by_role("alert")).to_contain_text("it may be another browser's, or deleted")
        expect(stranger.get_by_role("heading", name="In use: Generated sample")).to_be_visible()
        expect(stranger.get_by_text("Mine")).to_have_count(0)
    finally:
        other.close()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="Kept for you")).to_have_count(0)


def test_own_data_and_its_runs_outlive_a_reload_for_this_browser(
    page: Page, browser: Browser, address: str
) -> None:
    lines = [f"{user},Mine {(user + item) % 30},{item + 1}" for user in range(60) for item in range(12)]
    go(page, address, "data")
    upload(page, "server-mine.csv", ("user,artist,plays\n" + "\n".join(lines)).encode())
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_text("stays on this server for 24 hours")).to_be_visible()
    page.wait_for_url(re.compile("data=held-"))
    page.reload()
    settled(page)
    expect(page.get_by_role("heading", name="In use: server-mine.csv")).to_be_visible()
    data = re.findall(r"data=(held-\w+)", page.url)[0]
    go(page, address, "train", data=data, **SMALL)
    state(page, "Done")
    settled(page)
    go(page, address, "train", data=data)
    assert len(rows(table(page))) >= 1

    other = browser.new_context()
    try:
        stranger = other.new_page()
        go(stranger, address, "data", data=data)
        expect(stranger.get_by_role("heading", name="In use: Generated sample")).to_be_visible()
        expect(stranger.get_by_text("server-mine.csv")).to_have_count(0)
    finally:
        other.close()
    go(page, address, "data", data=data)
    page.get_by_role("button", name="Delete now").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("heading", name="In use: Generated sample")).to_be_visible()


def test_who_came_by_a_link_cannot_steer_the_training(page: Page, browser: Browser, address: str) -> None:
    go(page, address, "train", model="funk", epochs="1000", factors="256")
    page.wait_for_url(re.compile("run="))
    other = browser.new_context()
    try:
        stranger = other.new_page()
        stranger.goto(page.url)
        expect(stranger.locator(".stMarkdownBadge").first).to_be_visible()
        for name in ("Pause", "Cancel"):
            expect(stranger.get_by_role("button", name=name, exact=True)).to_have_count(0)
    finally:
        other.close()
