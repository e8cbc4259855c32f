"""The Map page: where artists lie, and what the latent features stand for."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.serving import serve
from tests.browser.steps import go, listed, rows, settled, table, title, train

MAKING = 240_000  # milliseconds that the map may take on a busy machine
MAP = ".live-chart-plot[aria-label^='Map of artists,']"


@pytest.fixture(scope="module")
def run(browser: Browser, address: str) -> str:
    return train(browser, address, model="implicit", factors="16", epochs="5")


def drawn(page: Page) -> Locator:
    """Wait for the map, before which a simpler picture is shown."""
    plot = page.locator(MAP)
    expect(plot).to_be_visible(timeout=MAKING)
    page.wait_for_function("map => document.querySelector(map)?._fullData?.length > 0", arg=MAP)
    settled(page)
    return plot


def points(plot: Locator) -> int:
    return plot.evaluate("plot => plot._fullData.reduce((sum, trace) => sum + (trace.x?.length ?? 0), 0)")


def test_artists_are_laid_out_found_and_opened(page: Page, address: str, run: str) -> None:
    go(page, address, "map", run=run)
    plot = drawn(page)
    assert points(plot) > 1_500
    span = "plot => plot._fullLayout.xaxis.range[1] - plot._fullLayout.xaxis.range[0]"
    whole = plot.evaluate(span)

    page.get_by_role("textbox", name="Find an artist").first.fill("metallica")
    page.locator(".st-key-map-found").get_by_text("Metallica", exact=True).click()
    expect(page.get_by_role("link", name="Open Metallica")).to_be_visible()
    expect(listed(page, "Similar to Metallica")).to_have_count(8)
    page.wait_for_function(
        "([map, whole]) => { const { range } = document.querySelector(map)._fullLayout.xaxis;"
        " return range[1] - range[0] < whole / 2; }",
        arg=[MAP, whole],
    )
    settled(page)
    plot.scroll_into_view_if_needed()
    settled(page)  # names that would touch are hidden once it has its place
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x + 3, y)
    page.mouse.move(x, y, steps=3)
    expect(plot.locator(".hoverlayer").get_by_text("Metallica").first).to_be_visible()
    page.mouse.click(x, y)
    title(page, "Artist")
    expect(page.get_by_role("heading", level=2, name="Metallica", exact=True)).to_be_visible()


TOUCHING = """plot => {
  const names = [...plot.querySelectorAll('g.annotation')].filter(name => name.style.visibility !== 'hidden')
    .map(name => [name.textContent, name.querySelector('.annotation-text-g').getBoundingClientRect()]);
  const whole = plot.getBoundingClientRect();
  const cut = names.filter(([, box]) => box.left < whole.left || box.right > whole.right);
  const pairs = names.flatMap(([name, a], at) => names.slice(at + 1).filter(([, b]) =>
    a.right >= b.left && a.left <= b.right && a.bottom >= b.top && a.top <= b.bottom).map(([other]) => [name, other]));
  return [names.length, cut, pairs];
}"""


def test_on_a_phone_the_map_is_in_the_first_screen_and_no_name_touches_another(
    page: Page, address: str, run: str
) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    go(page, address, "map", run=run)
    plot = drawn(page)
    place = plot.bounding_box()
    assert place is not None
    assert place["y"] < 400
    number, cut, touching = plot.evaluate(TOUCHING)
    assert number > 8
    assert cut == touching == []


def test_latent_features_are_told_by_the_artists_at_their_ends(page: Page, address: str, run: str) -> None:
    go(page, address, "map", run=run)
    drawn(page)
    page.get_by_role("tab", name="What the latent features mean").click()
    ends = [{row[0] for row in rows(table(page, place))} for place in range(2)]
    assert all(len(end) >= 5 for end in ends)
    assert not ends[0] & ends[1]


def test_a_model_without_features_says_so(page: Page, address: str, browser: Browser) -> None:
    run = train(browser, address, model="popular")
    go(page, address, "map", run=run)
    expect(page.get_by_role("button", name="Train another model").first).to_be_visible()


def test_the_real_data_is_laid_out(page: Page, browser: Browser, tmp_path: Path, lastfm_folder: Path) -> None:
    with serve(tmp_path / "cache", RECSYS_LASTFM=str(lastfm_folder)) as address:
        run = train(browser, address, data="lastfm", model="implicit", factors="32", epochs="8")
        go(page, address, "map", data="lastfm", run=run, listener="1236")
        plot = drawn(page)
        assert points(plot) > 10_000
        names = plot.evaluate("plot => plot._fullData.map(trace => trace.name)")
        assert {"Played", "Recommended"} <= {name.partition(" (")[0] for name in names if name}
        page.goto("about:blank")  # before the server goes, which the page would complain about
