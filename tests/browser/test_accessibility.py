"""Every page against axe-core, by keyboard alone, and with reduced motion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from pages.components.navigation import PAGES
from tests.browser.steps import go, listed, settled, train

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
# A picture that is drawn by plotly, with what a screen reader says of it.
CHARTS = """() => [...document.querySelectorAll('.js-plotly-plot')].map(chart =>
  chart.closest('[aria-label]')?.getAttribute('aria-label') ?? '')"""
# Fields of text show it by the border of what holds them, in the primary colour.
FOCUS = """() => {
  let element = document.activeElement;
  for (let level = 0; level < 5 && element; level += 1, element = element.parentElement) {
    const style = getComputedStyle(element);
    if (style.outlineStyle !== 'none' || style.boxShadow !== 'none') return true;
    if (level && style.borderTopWidth !== '0px' && style.borderTopColor === 'rgb(67, 56, 202)') return true;
  }
  return false;
}"""
ENDLESS = """() => document.getAnimations()
  .filter(motion => motion.effect.getComputedTiming().iterations === Infinity)
  .map(motion => motion.effect.target.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def run(browser: Browser, address: str) -> str:
    return train(browser, address, model="biased", epochs="3")


def opened(page: Page, address: str, run: str) -> Iterator[str]:
    """Open one page after the other, each with something on it, and yield their names."""
    shown = {
        "train": {"run": run},
        "recommend": {"run": run, "listener": "7"},
        "present": {"run": run, "listener": "7"},
        "vote": {"run": run, "listener": "7"},
        "artist": {"artist": "1"},
        "listener": {"listener": "7"},
    }
    for row in PAGES:
        go(page, address, "" if row.name == "app" else row.name, **shown.get(row.name, {}))
        yield row.name


def violations(page: Page, rules: list[str]) -> list[str]:
    """Return what axe-core finds by these rules, or by all if there are none, one line for each element."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found: dict[str, Any] = page.evaluate("options => axe.run(options)", options)
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


# The dark theme has other colours and the same elements.
@pytest.mark.parametrize(
    ("scheme", "rules"), [("light", []), ("dark", ["color-contrast", "link-in-text-block"])]
)
def test_axe_finds_nothing_on_any_page_and_charts_have_words(
    browser: Browser, address: str, run: str, scheme: Literal["light", "dark"], rules: list[str]
) -> None:
    # axe is put into the page as a script, which its policy would refuse
    context = browser.new_context(color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for name in opened(page, address, run):
        page.evaluate(AXE)
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 900})
            settled(page)
            found[f"{name} at {width}"] = violations(page, rules)
        found[f"{name}, charts"] = [words for words in page.evaluate(CHARTS) if len(words) < 20]
        page.set_viewport_size({"width": 1280, "height": 900})
    context.close()
    assert {place: lines for place, lines in found.items() if lines} == {}


def walk(page: Page, role: str, name: str) -> None:
    """Press Tab until the element has the focus, which must be seen on the way."""
    target = page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    expect(target).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {name}.")


def test_the_keyboard_alone_leads_from_home_to_the_list_of_a_listener(page: Page, address: str) -> None:
    go(page, address)
    walk(page, "link", "Recommend")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Recommend")).to_be_visible()
    settled(page)
    walk(page, "combobox", "Listener")
    page.keyboard.press("Control+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    settled(page)
    assert "listener=7" in page.url
    expect(listed(page)).to_have_count(10)


def test_nothing_moves_on_and_on_for_readers_who_want_less_motion(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    for name in ("", "train", "explore"):
        page.goto(f"{address}/{name}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate(ENDLESS) == []
    context.close()
