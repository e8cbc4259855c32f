"""Time of Explore in a real browser: a month is chosen with a click and with the list."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.steps import WIDER_THAN_THE_PAGE, go, rows, settled, table


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
