"""The Recommend page: why, what if, show me."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Download, Locator, Page, expect

from tests.browser.serving import serve
from tests.browser.steps import ROW, entries, go, listed, rows, settled, table, title, train


@pytest.fixture(scope="module")
def run(browser: Browser, address: str) -> str:
    return train(browser, address, model="implicit", factors="16", epochs="5")


def recommended(page: Page) -> list[str]:
    expect(listed(page).first).to_be_visible()
    return listed(page).all_inner_texts()


def dial(page: Page) -> Locator:
    return page.get_by_role("slider", name="Familiar or adventurous")


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    settled(page)


def download(page: Page, label: str) -> Download:
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_text(label).click()
    return download.value


def in_address(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_click_on_a_reason_shows_all_of_the_score(page: Page, address: str, run: str) -> None:
    go(page, address, "recommend", run=run, listener="7")
    tab(page, "Export")
    played = set(listed(page, "Played").all_inner_texts())
    place, (artist, told, _, reasons) = next(
        (at, row) for at, row in enumerate(entries(page)) if row[3][0] in played
    )
    row = page.get_by_role("list", name="Recommended").locator("li").nth(place)
    row.get_by_role("button", name=reasons[0], exact=True).click()
    expect(page.get_by_text(f"{artist} because of {reasons[0]}")).to_be_visible()
    added_up = page.get_by_text("The contributions add up to the score").inner_text()
    score = float(re.findall(r"score, (-?[\d.]+)\.", added_up)[0])
    assert score == pytest.approx(told, rel=0.005, abs=1e-3)  # three digits are shown
    chart = page.get_by_test_id("stPlotlyChart")
    expect(chart.locator(".bars .point path").first).to_be_visible()
    parts = chart.locator(".js-plotly-plot").evaluate(
        "plot => plot._fullData.map(trace => Array.from(trace.x).reduce((sum, x) => sum + x, 0))"
    )
    assert sum(parts[:-1]) == pytest.approx(parts[-1], abs=1e-6)
    assert parts[-1] == pytest.approx(score, abs=1e-3)
    chart.hover()
    page.context.set_offline(True)
    with page.expect_download() as picture:
        chart.locator(".modebar-btn").click()
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    page.context.set_offline(False)


def test_the_dial_changes_the_list_and_the_address_and_back_and_forward_go_through_it(
    page: Page, address: str, run: str
) -> None:
    go(page, address, "recommend", run=run, listener="7", n="5", dial="0", variety="0")
    plain = recommended(page)
    assert len(plain) == 5
    dial(page).press("End")
    page.wait_for_url(re.compile("dial=1"))
    expect(listed(page)).not_to_have_text(plain)
    settled(page)
    adventurous = recommended(page)
    expect(
        page.get_by_text(re.compile(r"listeners, 100% adventurous: [\d.]+ \([-+][\d.]+\) hits"))
    ).to_be_visible()
    page.get_by_role("combobox", name="Listener").fill("9")
    page.get_by_role("combobox", name="Listener").press("Enter")
    page.wait_for_url(re.compile("listener=9"))
    expect(listed(page)).not_to_have_text(adventurous)
    settled(page)
    other = recommended(page)
    for move, listener, step, expected in (
        (page.go_back, "7", "1", adventurous),
        (page.go_back, "7", "0", plain),
        (page.go_forward, "7", "1", adventurous),
        (page.go_forward, "9", "1", other),
    ):
        move()
        expect(page.get_by_role("combobox", name="Listener")).to_have_value(listener)
        expect(listed(page)).to_have_text(expected)
        settled(page)
        assert in_address(page) | {"listener": listener, "dial": step, "n": "5"} == in_address(page)


def test_the_page_to_download_opens_offline_with_the_list_on_the_screen(
    page: Page, address: str, run: str, browser: Browser, tmp_path: Path
) -> None:
    go(page, address, "recommend", run=run, listener="7", n="6", dial="1", variety="0.4")
    shown = recommended(page)
    file = download(page, "Download as page")
    assert file.suggested_filename == "listener-7.html"
    file.save_as(tmp_path / "page.html")
    context = browser.new_context(offline=True)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    alone = context.new_page()
    alone.goto((tmp_path / "page.html").as_uri())
    cells = alone.locator("table").first.locator("tbody tr td:nth-child(2)").all_inner_texts()
    assert [cell.removesuffix(" ✓ hit") for cell in cells] == shown
    expect(alone.get_by_text("100% adventurous, 40% varied")).to_be_visible()
    alone.locator("summary").first.click()
    expect(alone.locator("svg").first).to_be_visible()
    assert [url for url in asked if not url.startswith("file:")] == []
    context.close()

    one = json.loads(download(page, "JSON").path().read_text("utf-8"))
    assert [entry["artist"] for entry in one["recommended"]] == shown
    tab(page, "Export")
    everybody = download(page, "JSON of 2,000 listeners").path().read_text("utf-8").splitlines()
    mine = next(line for line in map(json.loads, everybody) if line["listener"] == one["listener"])
    assert mine == one


def test_a_presentation_has_the_same_artists_and_a_way_back(page: Page, address: str, run: str) -> None:
    go(page, address, "recommend", run=run, listener="7", n="5", dial="0.5", variety="0")
    shown = recommended(page)
    page.get_by_role("link", name="Present").click()
    expect(page.get_by_role("heading", name="For listener 7")).to_be_visible()
    settled(page)
    headings = page.get_by_role("heading", level=3).all_inner_texts()
    assert [heading.split("check")[0].strip() for heading in headings[5:]] == shown
    expect(page.get_by_role("slider")).to_have_count(0)
    page.get_by_role("link", name="Back").click()
    expect(page.get_by_role("heading", level=1, name="Recommend")).to_be_visible()
    settled(page)
    assert recommended(page) == shown
    assert in_address(page)["dial"] == "0.5"


def test_what_they_might_have_played_moves_their_list_and_nobody_elses(
    page: Page, address: str, run: str
) -> None:
    go(page, address, "recommend", run=run, listener="12")
    plain = recommended(page)
    tab(page, "What if")
    names = page.get_by_role("combobox", name="What if they had also played")
    names.click()  # a text that arrives together with the focus is dropped
    names.fill("Britney Spears")
    names.press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_role("spinbutton", name="Plays of Britney Spears")).to_be_visible()
    settled(page)
    before, after = rows(table(page, 0)), rows(table(page, 1))
    assert [row[0] for row in before] == plain
    assert "Britney Spears" not in {row[0] for row in after}
    new = [row[0] for row in after if row[1] == "new"]
    assert new == [row[0] for row in after if row[0] not in plain]
    assert new or [row[0] for row in after] != plain
    page.reload()
    settled(page)
    assert recommended(page) == plain


@pytest.fixture(scope="module")
def real(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, lastfm_folder: Path
) -> Iterator[tuple[str, str]]:
    with serve(tmp_path_factory.mktemp("cache"), RECSYS_LASTFM=str(lastfm_folder)) as address:
        yield address, train(browser, address, data="lastfm", model="implicit", epochs="6")


def test_friends_of_a_real_listener_stand_beside_what_is_recommended(
    page: Page, real: tuple[str, str]
) -> None:
    address, run = real
    go(page, address, "recommend", data="lastfm", run=run, listener="1236")
    assert "System of a Down" in recommended(page)
    tab(page, "Friends")
    expect(
        page.get_by_text(re.compile(r"^3 friends\. At least one of them plays \d of the 10"))
    ).to_be_visible()
    assert {row[0] for row in rows(table(page, 1))} == {"59", "1783", "1191"}
    table(page, 1).click(position={"x": 25, "y": ROW * 1.5})
    expect(page.get_by_role("combobox", name="Listener")).to_have_value("59")
    page.goto("about:blank")  # before the server goes, which the page would complain about


def test_one_press_of_back_leads_to_the_page_before(page: Page, address: str) -> None:
    go(page, address, "explore", data="sample")
    before = page.url
    for name in ("Recommend", "Train"):
        page.get_by_role("link", name=name, exact=True).first.click()
        title(page, name)
        page.wait_for_url(re.compile("listener=|model="))  # the page has completed its address
        settled(page)
        page.go_back()
        title(page, "Explore")
        settled(page)
        assert page.url == before
