"""A newcomer with a file of their own, who only presses what is offered, ends with the best model in use."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.steps import WIDER_THAN_THE_PAGE, go, settled, title, upload


def two_tastes() -> bytes:
    """Make up 80 listeners of two tastes."""
    random = np.random.default_rng(3)
    rows = [
        f"u{user},Artist {item},{random.integers(1, 50)}"
        for user in range(80)
        for item in range(60)
        if random.random() < (0.6 if user % 2 == item % 2 else 0.05)
    ]
    return "\n".join(["listener,artist,plays", *rows]).encode()


def test_data_of_ones_own_gets_its_best_model_without_being_asked(page: Page, address: str) -> None:
    go(page, address, "data")
    upload(page, "mine.csv", two_tastes())
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_text("Finding the best model")).to_be_visible()
    page.get_by_role("link", name="See all candidates").click()
    title(page, "Train")
    expect(page.locator(".stMarkdownBadge", has_text="The run in use")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("The test part was not looked at.")).to_be_visible()
    page.set_viewport_size({"width": 400, "height": 800})
    page.reload()
    expect(page.locator(".stMarkdownBadge", has_text="The run in use")).to_be_visible()
    settled(page)
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    page.get_by_role("link", name="See what it recommends").click()
    title(page, "Recommend")
    settled(page)
