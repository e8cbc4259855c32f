"""Explore in a real browser: a month, a listener and a tag are found without leaving it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.steps import WIDER_THAN_THE_PAGE, click_name, go, rows, settled, table, title


def test_a_click_on_a_month_shows_what_was_new_in_it(page: Page, address: str) -> None:
    go(page, address, "explore", view="time")
    bar = page.locator(".st-key-by-month-new .bars .point path").nth(1)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**when=2023-02**")
    settled(page)
    page.get_by_text("New ones only").click()
    settled(page)
    assert {row[4][:7] for row in rows(table(page))} == {"2023-02"}
    expect(page.get_by_role("combobox", name="Year or month")).to_have_value("February 2023")
    page.get_by_role("combobox", name="Year or month").click()
    page.get_by_role("option", name="2024", exact=True).click()
    settled(page)
    assert {row[4][:4] for row in rows(table(page))} == {"2024"}
    page.set_viewport_size({"width": 400, "height": 800})
    settled(page)
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_listener_is_found_by_an_id(page: Page, address: str) -> None:
    go(page, address, "explore", view="listeners")
    page.get_by_text("Unusual only").click()
    page.wait_for_url("**unusual=true**")
    settled(page)
    field = page.get_by_role("combobox", name="Find a listener")
    field.fill("27")
    page.get_by_role("option", name="27", exact=True).click()
    title(page, "Listener")
    expect(page.get_by_role("combobox", name="Listener")).to_have_value("27")
    page.go_back()
    title(page, "Explore")
    settled(page)
    assert "view=listeners" in page.url
    expect(page.get_by_role("switch", name="Unusual only")).to_be_checked()
    expect(page.get_by_role("combobox", name="Find a listener")).to_be_visible()
    expect(page.get_by_role("combobox", name="Find a listener")).to_have_value("")


def test_back_from_an_artist_leads_to_the_artists_that_were_chosen(page: Page, address: str) -> None:
    go(page, address, "explore", search="low", listeners="1..500")
    chosen = rows(table(page))
    click_name(table(page), 0, 180)
    title(page, "Artist")
    settled(page)
    page.go_back()
    title(page, "Explore")
    settled(page)
    assert rows(table(page)) == chosen


def test_a_tag_beyond_the_scenes_chooses_its_artists(page: Page, address: str) -> None:
    go(page, address, "explore")
    field = page.get_by_role("combobox", name="Scene")
    field.fill("shoega")
    page.get_by_role("option", name="dream pop and shoegaze", exact=True).click()
    expect(
        page.get_by_text(
            re.compile(r"^\d+ of 2,188 artists \(tag “dream pop and shoegaze”\) have .* of all plays")
        )
    ).to_be_visible()
    settled(page)
    assert "tag=dream" in page.url
    page.locator(".st-key-choice").get_by_role("button", name="dream pop and shoegaze").click()
    expect(page.get_by_text("2,188 of 2,188 artists")).to_be_visible()
    assert "tag=" not in page.url


def test_the_listener_of_an_address_is_the_one_that_is_recommended_to(page: Page, address: str) -> None:
    go(page, address, "listener", listener="7")
    page.get_by_role("link", name="See what is recommended").click()
    title(page, "Recommend")
    expect(page.get_by_role("list", name="Recommended")).to_be_visible()
    picker = page.get_by_role("combobox", name="Listener")
    expect(picker).to_have_value("7")
    page.get_by_role("button", name="Clear value").click()
    expect(page.get_by_role("list", name="Recommended")).to_have_count(0)
    settled(page)
    expect(picker).to_have_value("")
    assert "listener=" not in page.url
