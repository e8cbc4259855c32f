"""Actions of a reader on any page, for all browser tests: open it, wait, follow a link, read a table."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from pages.components import navigation
from recsys.data.nouns import MUSIC
from recsys.models import MODELS

ROW = 35  # pixels, of a table
MENU = [MUSIC.fill(page.label) for page in navigation.menu()]
# What was just clicked asks for its run of the page in tasks of its own, which come before the browser idles.
IDLE = "() => new Promise(done => requestAnimationFrame(() => requestIdleCallback(done, {timeout: 1000})))"
READ_ROWS = """table => [...table.querySelectorAll('tbody tr')].map(row =>
  [...row.querySelectorAll('td')].map(cell => cell.innerText))"""
READ_LIST = """list => [...list.children].map(row => {
  const button = row.querySelector('div > button');
  return [button.innerText, button.title.split(', score ').pop(), row.querySelector('b').className === 'hit',
    [...row.querySelectorAll('small button')].map(reason => reason.innerText)];
})"""
# What stands out at the right, or whose text does not fit; tables, tabs and Compare's choices scroll by themselves.
WIDER_THAN_THE_PAGE = """() => {
  const wide = document.documentElement.clientWidth;
  const main = document.querySelector('[data-testid=stMain]');
  const own = '[data-testid=stDataFrame], [data-testid=stElementToolbar], [role=tablist], .modebar, '
    + '.st-key-compare-choice [data-testid=stButtonGroup]';
  const found = main.scrollWidth > main.clientWidth ? ['the page scrolls sideways'] : [];
  for (const element of main.querySelectorAll('p, h1, h2, h3, button, svg, [data-testid=stMetricValue] *')) {
    if (element.closest(own)) continue;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const cut = style.overflow === 'hidden' && element.scrollWidth > element.clientWidth + 1;
    if (box.width && (box.right > wide + 1 || box.left < -1 || cut))
      found.push(`${element.tagName} ${element.textContent.slice(0, 40)} ${box.left} ${box.right}`);
  }
  return found;
}"""


def go(page: Page, address: str, name: str = "", **query: str) -> None:
    """Open a page by its address."""
    page.goto(f"{address}/{name}?" + "&".join(f"{key}={value}" for key, value in query.items()))
    settled(page)


def settled(page: Page) -> None:
    """Wait until the page stands still: not before what was just clicked has begun."""
    page.evaluate(IDLE)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def title(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_visible()


def choose(page: Page, name: str) -> None:
    """Follow a link of the menu."""
    page.get_by_test_id("stPageLink").get_by_role("link", name=name).first.click()
    title(page, name)
    settled(page)


def table(page: Page, place: int = 0) -> Locator:
    found = page.get_by_test_id("stDataFrame").nth(place)
    expect(found.locator("td").first).to_be_attached()
    return found


def rows(found: Locator) -> list[list[str]]:
    """Read the rows of a table that are in view, once they stand still: their text follows the picture late."""
    before: list[list[str]] = []
    for _ in range(40):
        now: list[list[str]] = found.evaluate(READ_ROWS)
        if now and now == before:
            return now
        before = now
        found.page.wait_for_timeout(300)
    raise AssertionError(f"The table does not stand still: {before}")


def listed(page: Page, label: str = "Recommended") -> Locator:
    """Find the names in a ranked list."""
    return page.get_by_role("list", name=label).locator("li > div > button")


def entries(page: Page, label: str = "Recommended") -> list[tuple[str, float, bool, list[str]]]:
    """Read a ranked list: name, score as it is told under the mouse, whether it is a hit, and reasons."""
    expect(listed(page, label).first).to_be_visible()
    found = page.get_by_role("list", name=label).evaluate(READ_LIST)
    return [(name, float(score), hit, reasons) for name, score, hit, reasons in found]


def names(found: Locator) -> Locator:
    """Find the cells of the first column."""
    return found.locator("tbody td:first-child")


def click_name(found: Locator, row: int, left: float) -> None:
    """Click a name in a table; it begins that many pixels from the left."""
    found.scroll_into_view_if_needed()
    found.click(position={"x": left, "y": ROW * (row + 1.5)})


def slide(page: Page, label: str, key: str) -> None:
    """Move a slider to one of its ends; again, if it was just being replaced by another one."""
    slider = page.get_by_role("slider", name=label)
    for _ in range(5):
        slider.press(key)
        settled(page)
        if slider.input_value() == slider.get_attribute("max" if key == "End" else "min"):
            return
    raise AssertionError(f"{label} does not move.")


def state(page: Page, name: str, seconds: float = 60) -> None:
    """Wait for the badge that says how the training stands."""
    badge = page.locator(".stMarkdownBadge", has_text=name)
    expect(badge).to_be_visible(timeout=seconds * 1000)


def choose_model(page: Page, name: str) -> None:
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=MODELS[name].label, exact=True).click()
    for label, setting in (("Latent features", "factors"), ("Epochs", "epochs")):
        slider = page.get_by_role("slider", name=label)
        expect(slider).to_have_attribute("aria-valuetext", f"{MODELS[name].defaults[setting]:g}")
    settled(page)


def train(browser: Browser, address: str, **query: str) -> str:
    """Train by a link and return the name of the run."""
    page = browser.new_page()
    go(page, address, "train", **query)
    expect(page.locator(".stMarkdownBadge", has_text="Done")).to_be_visible(timeout=120_000)
    page.wait_for_url(re.compile("run="))
    name = re.findall(r"run=(\w+)", page.url)[0]
    page.close()
    return name


def train_here(page: Page, address: str, **query: str) -> None:
    """Train by a link."""
    go(page, address, "train", **query)
    state(page, "Done")
    settled(page)
    page.wait_for_url(re.compile("run=.*fingerprint="))


def select_first(page: Page) -> None:
    """Select the first row of the table of runs."""
    select_run(page, 0)


def select_run(page: Page, row: int) -> None:
    """Select a row of the table of runs."""
    runs = table(page)
    runs.scroll_into_view_if_needed()
    runs.click(position={"x": 16, "y": ROW * (row + 1.5)})
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    settled(page)


def menu(page: Page) -> list[str]:
    """Read the menu: the names of its links, the dataset last."""
    texts = page.locator(".st-key-menu").get_by_test_id("stPageLink").all_inner_texts()
    texts.append(page.locator(".st-key-dataset button").inner_text())
    return [re.sub(r"^\w+\s+", "", text).replace("expand_more", "").strip() for text in texts]


def pick(page: Page, listener: str) -> None:
    box = page.get_by_role("combobox", name="Listener")
    box.evaluate("box => box.scrollIntoView({block: 'center'})")  # its list closes when the page scrolls
    page.evaluate(IDLE)
    box.fill(listener)
    box.press("Enter")
    settled(page)


def upload(page: Page, name: str, content: bytes) -> None:
    page.locator("input[type=file]:not(.st-key-frame *)").set_input_files(
        FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    )
