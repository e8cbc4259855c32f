"""Every screen as a reader uses it: the real app in a real browser."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.components import navigation
from recsys.data.nouns import MUSIC
from tests.browser.publishing import Publisher
from tests.browser.serving import ROOT, serve
from tests.browser.steps import (
    MENU,
    ROW,
    WIDER_THAN_THE_PAGE,
    choose,
    choose_model,
    click_name,
    entries,
    go,
    listed,
    menu,
    pick,
    rows,
    settled,
    slide,
    state,
    table,
    title,
    upload,
)

PAGES = ("", *sorted(path.stem for path in (ROOT / "pages").glob("*.py")))
BARE = ("present",)  # without a menu
NAME = 170  # pixels from the left to a name in the table of all artists


def epoch(page: Page) -> int:
    """Read how far the training is."""
    text = page.get_by_text(re.compile(r"epoch [\d,]+ of [\d,]+$")).first.inner_text()
    return int(re.findall(r"epoch ([\d,]+) of", text)[0].replace(",", ""))


def beyond(page: Page, number: int) -> None:
    """Wait until the training is past this epoch."""
    page.wait_for_function(
        "number => { const text = /epoch ([\\d,]+) of/.exec(document.body.innerText);"
        " return text && Number(text[1].replace(',', '')) > number; }",
        arg=number,
        timeout=60_000,
    )


def start_training(page: Page, address: str, long: bool = False) -> None:
    """Train the model with biases, with its own settings or so that it takes a minute at least."""
    go(page, address, "train")
    choose_model(page, "biased")
    if long:
        slide(page, "Latent features", "End")
        slide(page, "Epochs", "End")
    tuned = re.findall(r"run=(\w+)", page.url)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(lambda url: re.findall(r"run=(\w+)", url) != tuned)  # it comes late


@pytest.fixture(scope="session")
def run(browser: Browser, address: str) -> str:
    """Train once for all who want to see recommendations; return the name of the run."""
    page = browser.new_page()
    start_training(page, address)
    state(page, "Done")
    settled(page)
    page.wait_for_url(re.compile("run="))
    name = re.findall(r"run=(\w+)", page.url)[0]
    page.close()
    return name


@pytest.fixture
def long_run(page: Page, address: str) -> Iterator[Page]:
    """Start a training that takes longer than any test, and cancel it at the end."""
    start_training(page, address, long=True)
    expect(page.get_by_text(re.compile("epoch [\\d,]+ of 5,000"))).to_be_visible()  # not the one while tuning
    beyond(page, 2)
    yield page
    cancel = page.get_by_role("button", name="Cancel")
    if cancel.count():
        cancel.click()
        state(page, "Cancelled")


@pytest.mark.parametrize("name", PAGES)
def test_a_link_to_a_page_works_on_a_server_that_just_started(page: Page, tmp_path: Path, name: str) -> None:
    with serve(tmp_path / "cache") as address:
        go(page, address, name)
        if name not in BARE:
            assert menu(page) == [*MENU, "Generated sample"]
        expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
        shown = MUSIC.fill(navigation.page(navigation.MOVED.get(name, (name or "app",))[0]).label)
        shown = "For listener 1" if name in BARE else shown
        expect(page.get_by_role("heading", level=1)).to_have_text(shown)
        expect(page).to_have_title(f"{shown} · Encore" if name else "Encore")
        page.goto("about:blank")  # before the server goes, which the page would complain about


def test_from_the_front_page_to_an_artist_and_back(page: Page, address: str) -> None:
    go(page, address)
    choose(page, "Explore")
    title(page, "Explore")
    settled(page)
    assert menu(page)[:-1] == MENU

    first = rows(table(page))[0]
    click_name(table(page), 0, NAME)
    expect(page.get_by_role("heading", level=2, name=first[1], exact=True)).to_be_visible()
    settled(page)
    assert menu(page)[:-1] == MENU
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(first[2])

    neighbour = rows(table(page))[1][0]
    click_name(table(page), 1, 25)
    expect(page.get_by_role("heading", level=2, name=neighbour, exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=2, name=first[1], exact=True)).to_be_visible()
    page.go_back()
    title(page, "Explore")


def test_a_click_on_a_bar_chooses_the_artist_and_can_be_taken_back(page: Page, address: str) -> None:
    go(page, address, "explore")
    chart = page.get_by_test_id("stPlotlyChart").first
    name = chart.locator(".yaxislayer-above .ytick text").last.text_content()
    assert name
    bar = chart.locator(".bars .point path").last
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_text(re.compile("^1 of 2,188 artists .* have"))).to_be_visible()
    settled(page)
    assert [row[1] for row in rows(table(page))] == [name]
    assert "picked=" in page.url
    page.locator(".st-key-choice").get_by_role("button", name=name).click()
    expect(page.get_by_text("2,188 of 2,188 artists")).to_be_visible()
    assert "picked=" not in page.url


def test_a_box_on_the_chart_chooses_artists_and_the_address_keeps_it(page: Page, address: str) -> None:
    go(page, address, "explore")
    plot = page.get_by_test_id("stPlotlyChart").nth(1).locator(".nsewdrag").first
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    page.mouse.up()
    sentence = page.get_by_text(re.compile(r"^\d+ of 2,188 artists .* have"))
    expect(sentence).to_be_visible()
    settled(page)
    low, high = map(float, re.findall(r"[?&]listeners=([\d.]+?)\.\.([\d.]+)", page.url)[0])
    shown = rows(table(page))
    assert shown
    assert all(low <= float(row[2].replace(",", "")) <= high for row in shown)
    said = sentence.inner_text()
    page.reload()
    settled(page)
    expect(sentence).to_have_text(said)
    page.locator(".st-key-choice").get_by_role("button", name="Take all back").click()
    expect(page.get_by_text("2,188 of 2,188 artists")).to_be_visible()


def test_a_point_says_which_artist_it_is(page: Page, address: str) -> None:
    go(page, address, "explore")
    chart = page.get_by_test_id("stPlotlyChart").nth(1)
    chart.evaluate("chart => chart.scrollIntoView({block: 'center'})")
    expect(chart.locator(".scatterlayer .point").first).to_be_visible()
    expect(chart.locator(".annotation")).to_have_count(10)
    x, y, name = chart.locator(".js-plotly-plot").evaluate(
        "plot => { const { xaxis, yaxis } = plot._fullLayout, trace = plot._fullData[2];"
        " const lone = trace.x.indexOf(Math.min(...trace.x));"
        " return [xaxis._offset + xaxis.d2p(trace.x[lone]), yaxis._offset + yaxis.d2p(trace.y[lone]),"
        " trace.customdata[lone][1]]; }"
    )
    box = chart.locator(".js-plotly-plot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x, box["y"] + y)
    expect(chart.locator(".hoverlayer .hovertext")).to_contain_text(name)


def test_searching_and_sorting_the_artists(page: Page, address: str) -> None:
    go(page, address, "explore")
    search = page.get_by_label("Find an artist")
    search.fill("Iron")
    search.press("Enter")
    expect(page.get_by_text(re.compile(r"^\d of 2,188 artists. Click"))).to_be_visible()
    settled(page)
    expect(table(page).locator("td", has_text="Iron Maiden").first).to_be_attached()
    found = rows(table(page))
    assert all("iron" in row[1].lower() for row in found)

    table(page).click(position={"x": NAME, "y": ROW / 2})  # sorts by name
    first = sorted((row[1] for row in found), key=str.lower)[0]
    assert first != found[0][1]
    expect(table(page).locator("tbody tr").first).to_contain_text(first)
    click_name(table(page), 0, NAME)
    expect(page.get_by_role("heading", level=2, name=first, exact=True)).to_be_visible()


def test_the_keyboard_passes_through_a_table_and_opens_what_was_found(page: Page, address: str) -> None:
    go(page, address, "explore")
    search = page.get_by_label("Find an artist")
    search.fill("iron maid")
    search.press("Enter")
    expect(page.get_by_role("link", name="Iron Maiden")).to_be_visible()
    settled(page)
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('canvas') !== null"):
            break
    page.keyboard.press("ArrowRight")
    settled(page)
    title(page, "Explore")
    page.get_by_role("link", name="Iron Maiden").press("Enter")
    expect(page.get_by_role("heading", level=2, name="Iron Maiden", exact=True)).to_be_visible()


def test_training_is_seen_growing_and_obeys_at_once(long_run: Page) -> None:
    page = long_run
    state(page, "Training")
    beyond(page, epoch(page))
    for metric in ("Train RMSE", "Validation RMSE", "NDCG@10", "Time per epoch"):
        expect(page.get_by_test_id("stMetricLabel").filter(has_text=metric)).to_be_visible()

    page.get_by_role("button", name="Pause").click()
    state(page, "Paused")
    stopped = epoch(page)
    page.get_by_role("button", name="Continue").click()
    state(page, "Training")
    beyond(page, stopped)
    page.get_by_role("button", name="Cancel").click()
    state(page, "Cancelled")
    assert epoch(page) < 5000
    expect(page.get_by_role("link", name="See all that it recommends")).to_be_visible()


def test_training_goes_on_through_other_pages_and_a_reload(long_run: Page) -> None:
    page = long_run
    left = epoch(page)
    choose(page, "Explore")
    choose(page, "Train")
    state(page, "Training")
    beyond(page, left)
    epochs = page.get_by_role("slider", name="Epochs")
    expect(epochs).to_have_attribute("aria-valuetext", "5000")
    left = epoch(page)
    page.reload()
    settled(page)
    state(page, "Training")
    beyond(page, left)
    expect(epochs).to_have_attribute("aria-valuetext", "5000")


def test_two_tabs_show_and_steer_the_same_run(long_run: Page) -> None:
    second = long_run.context.new_page()  # another visitor may look on, and not steer
    second.goto(long_run.url)
    state(second, "Training")
    beyond(second, epoch(long_run))
    second.get_by_role("button", name="Cancel").click()
    state(second, "Cancelled")
    state(long_run, "Cancelled")
    assert epoch(second) == epoch(long_run)
    second.close()


def test_the_curve_keeps_its_zoom_while_it_grows(long_run: Page) -> None:
    page = long_run
    plot = page.locator(".live-chart-plot")
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    zoomed = "plot => plot._fullLayout.xaxis.range.map(Math.round)"
    before = plot.evaluate(zoomed)
    assert before[0] > 100
    beyond(page, epoch(page) + 20)
    assert plot.evaluate(zoomed) == before


def test_a_run_that_diverges_says_which_setting_to_lower(page: Page, address: str) -> None:
    go(page, address, "train")
    choose_model(page, "article")
    slide(page, "Learning rate", "End")
    page.get_by_role("button", name="Train", exact=True).click()
    state(page, "Diverged")
    expect(page.get_by_role("alert")).to_contain_text("Lower the learning rate")


def test_settings_survive_a_page_change(page: Page, address: str) -> None:
    go(page, address, "train")
    choose_model(page, "biased")
    slide(page, "Latent features", "End")
    page.get_by_role("spinbutton", name="Seed").fill("42")
    page.get_by_role("spinbutton", name="Seed").press("Enter")
    settled(page)
    choose(page, "Explore")
    choose(page, "Train")
    expect(page.get_by_role("slider", name="Latent features")).to_have_attribute("aria-valuetext", "256")
    expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("42")


def test_a_listener_sees_known_and_recommended_artists(page: Page, address: str, run: str) -> None:
    go(page, address, "recommend", run=run)
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    hits = 0
    for listener in ("7", "1999"):
        pick(page, listener)
        page.wait_for_url(re.compile(f"listener={listener}"))
        settled(page)
        with page.expect_download() as download:
            page.get_by_test_id("stBaseButton-secondary").filter(has_text="Download as CSV").click()
        written = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
        artists = [row["artist"] for row in written]
        expect(listed(page)).to_have_text(artists)
        assert len(artists) == 10
        assert not set(listed(page, "Played").all_inner_texts()) & set(artists)
        shown = entries(page)
        scores = [score for _, score, _, _ in shown]
        told = pytest.approx([float(row["score"]) for row in written], rel=0.005)  # three digits are shown
        assert scores == sorted(scores, reverse=True) == told
        assert [row["hit"] == "True" for row in written] == [hit for _, _, hit, _ in shown]
        marked = sum(row["hit"] == "True" for row in written)
        expect(page.get_by_text(f"Hits: {marked} of 10.")).to_be_visible()
        hits += marked
        assert {row["listener"] for row in written} == {listener}
    assert hits

    slide(page, "Recommendations", "Home")
    expect(page.get_by_text(re.compile(r"of 1\."))).to_be_visible()
    expect(listed(page)).to_have_text(artists[:1])
    settled(page)
    listed(page).first.click()
    expect(page.get_by_role("heading", level=2, name=artists[0], exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("combobox", name="Listener")).to_have_value("1999")


def test_an_unknown_listener_is_explained_and_parts_of_an_id_are_looked_up(
    page: Page, address: str, run: str
) -> None:
    go(page, address, "recommend", run=run)
    pick(page, "99x")
    expect(page.get_by_role("alert")).to_contain_text("Nobody in this data has the id '99x'")


def test_no_page_opens_as_a_sentence_and_a_button(page: Page, address: str) -> None:
    for name, sight in (
        ("explore", "[data-testid=stPlotlyChart]"),
        ("train", ".live-chart-plot"),
        ("recommend", ".ranked-list li"),
        ("you", "[class*=st-key-example-]"),
        ("map", ".live-chart-plot"),
    ):
        page.goto(f"{address}/{name}")
        expect(page.locator(sight).first).to_be_visible(timeout=60_000)


def test_the_artist_page_opens_with_a_way_to_one(page: Page, address: str) -> None:
    go(page, address, "artist")
    page.get_by_role("button", name="Show the one with the most plays").click()
    expect(page.get_by_role("heading", level=2)).to_be_visible()


def test_the_frame_is_one_row_at_1280_and_leaves_a_phone_its_screen(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    go(page, address, "train")
    frame = page.locator(".st-key-frame")
    heights = "frame => [frame.getBoundingClientRect().top, frame.getBoundingClientRect().height]"
    assert frame.evaluate(heights) == [0, 56]
    tops = page.locator(".st-key-frame a:visible, .st-key-frame button:visible").evaluate_all(
        "links => links.map(link => link.getBoundingClientRect()).map(box => box.top + box.height / 2)"
    )
    assert max(tops) - min(tops) < 8
    page.set_viewport_size({"width": 400, "height": 800})
    heading = page.get_by_role("heading", level=1).bounding_box()
    assert heading is not None
    assert heading["y"] < 64 + 8
    bar = page.locator(".st-key-menu").bounding_box()
    assert bar is not None
    assert bar["y"] + bar["height"] == pytest.approx(800, abs=1)


def test_on_a_phone_the_list_is_in_the_first_screen(page: Page, address: str, run: str) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    go(page, address, "recommend", run=run)
    settled(page)
    assert listed(page).first.bounding_box()["y"] < 600
    go(page, address, "present", run=run)
    settled(page)
    assert page.get_by_role("heading", name="Recommended").bounding_box()["y"] < 300


def test_a_training_that_goes_on_fits_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{address}/train?model=funk&factors=2&epochs=5000")
    beyond(page, 1)
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []
    page.get_by_role("button", name="Cancel").click()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone_in_light_and_dark(page: Page, address: str, run: str, name: str) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    query = {"artist": "1", "listener": "7", "run": run}
    listed = ("listener", "run")
    kept = {"artist": ("artist",), "recommend": listed, "present": listed, "train": ("run",)}.get(name, ())
    brightness = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        go(page, address, name, **{key: query[key] for key in kept})
        assert page.evaluate(WIDER_THAN_THE_PAGE) == []
        brightness[scheme] = page.get_by_test_id("stApp").evaluate(
            "app => getComputedStyle(app).backgroundColor.match(/\\d+/g).slice(0, 3)"
            ".reduce((sum, part) => sum + Number(part), 0)"
        )
    assert brightness["dark"] < 200 < 600 < brightness["light"]


def remove_upload(page: Page, name: str) -> None:
    page.get_by_role("button", name=f"Remove {name}").click()
    expect(page.get_by_role("heading", name="Uploaded:")).to_have_count(0)


def published_zip(folder: Path) -> bytes:
    """Pack the published files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.glob("*.dat")):
            archive.write(file, file.name)
    return packed.getvalue()


def small_zip() -> bytes:
    """Make up a few plays in the published form."""
    packed = io.BytesIO()
    pairs = [(user, artist) for user in range(2, 42) for artist in range(1, 41) if (user + artist) % 3]
    plays = "".join(f"{user}\t{artist}\t{1 + user * artist}\r\n" for user, artist in pairs)
    artists = "".join(f"{artist}\tArtist {artist}\thttp://x\thttp://y\n" for artist in range(1, 41))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("user_artists.dat", f"userID\tartistID\tweight\r\n{plays}")
        archive.writestr("artists.dat", f"id\tname\turl\tpictureURL\n{artists}")
    return packed.getvalue()


def test_a_zip_and_a_broken_file_can_be_dropped(page: Page, address: str) -> None:
    go(page, address, "data")
    upload(page, "broken.zip", b"PK\x03\x04 no zip at all")
    expect(page.get_by_role("alert")).to_contain_text("broken.zip is not a zip file, or it is damaged")
    remove_upload(page, "broken.zip")
    upload(page, "hetrec.zip", small_zip())
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_role("heading", name="In use: Last.fm (HetRec 2011)")).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("40")
    choose(page, "Explore")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("40")
    assert "Artist" in rows(table(page))[0][1]


def test_a_failed_download_is_explained(page: Page, address: str, publisher: Publisher) -> None:
    publisher.content = None
    go(page, address, "data")
    expect(page.get_by_text("Non-commercial use only.")).to_be_visible()
    page.get_by_role("button", name="Download").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Try again, or get the zip another way and drop it onto the Data page.")
    expect(page.get_by_role("heading", name="In use: Generated sample")).to_be_visible()


def test_the_download_shows_its_progress_and_the_published_facts(
    page: Page, address: str, publisher: Publisher, lastfm_folder: Path
) -> None:
    publisher.content = published_zip(lastfm_folder)
    go(page, address, "data")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_text(re.compile(r"Downloading: 0\.[1-9] MB"))).to_be_visible()
    publisher.go_on.set()
    expect(page.get_by_role("heading", name="In use: Last.fm (HetRec 2011)")).to_be_visible()
    values = page.get_by_test_id("stMetricValue")
    expect(values).to_have_text(["1,892", "17,632", "92,834", "12,717"])
    choose(page, "Explore")
    expect(values.first).to_have_text("1,892")
    assert values.all_inner_texts()[:5] == ["1,892", "17,632", "69,183,975", "92,834", "0.28%"]
    expect(table(page).locator("td", has_text="Britney Spears").first).to_be_attached()
    assert [row[1:4] for row in rows(table(page))[:5]] == [
        ["Britney Spears", "522", "2393140"],
        ["Depeche Mode", "282", "1301308"],
        ["Lady Gaga", "611", "1291387"],
        ["Christina Aguilera", "407", "1058405"],
        ["Paramore", "399", "963449"],
    ]
    expect(values.filter(has_text="10,679")).to_be_attached()


NAMES = [
    "<b>bold</b><img src=x onerror=alert(1)>",
    "$100 | ~~struck~~ $",
    "[link](https://example.org) **x**",
    ":material/home: :red[x] :smile:",
    "😀 music",
    "שלום עולם",
    "%{x} &amp; {y}",
    "=1+1",
    "x" * 10_000,
    "# one\\two `three`",
]


def table_with_odd_names() -> bytes:
    """Make up 2,500 listeners, some with an odd name too, and as many plays of ten odd artists."""
    lines = ["user\tartist\tplays"]
    for user in range(2_500):
        label = f"**u{user}** <i>$1$</i>" if user % 100 == 0 else f"u{user}"
        lines += [
            f"{label}\t{name}\t{1 + (user * 7 + at * at * 31) % 900}"
            for at, name in enumerate(NAMES)
            if len(name) < 1_000 or user < 20  # else the file grows to 25 MB
        ]
    return "\n".join(lines).encode()


def test_names_are_shown_as_text_everywhere(page: Page, address: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    go(page, address, "data")
    upload(page, "odd **names** $1$.tsv", table_with_odd_names())
    expect(page.get_by_role("heading", name="Uploaded: odd **names** $1$.tsv")).to_be_visible()
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_role("heading", name="In use: odd **names** $1$.tsv")).to_be_visible()
    assert menu(page)[-1] == "odd **names** $1$.tsv"
    choose(page, "Explore")
    shown = {row[1].replace("\u2060", "") for row in rows(table(page))}
    assert shown <= {name[:200] for name in NAMES}
    labels = page.get_by_test_id("stPlotlyChart").first.locator(".ytick text").all_text_contents()
    assert set(labels) == {name if len(name) < 33 else f"{name[:31]}…" for name in NAMES}
    expect(page.get_by_test_id("stPlotlyChart").nth(1).locator(".annotation")).to_have_count(10)
    at = [row[1] for row in rows(table(page))].index(NAMES[2])
    click_name(table(page), at, NAME)
    expect(
        page.get_by_role("heading", level=2, name=NAMES[2].replace("://", ":\u2060//"), exact=True)
    ).to_be_visible()
    settled(page)
    leads = "links => links.map(link => link.hostname).filter(host => host.endsWith('example.org'))"
    assert page.locator("[data-testid=stMain] a").evaluate_all(leads) == []

    choose(page, "Train")
    choose_model(page, "biased")
    page.get_by_text("Hold-out", exact=True).click()
    expect(page.get_by_role("spinbutton", name="Minimum items per user")).to_have_value("9")
    expect(page.get_by_role("spinbutton", name="Held-out items per user")).to_have_value("3")
    page.get_by_role("button", name="Train", exact=True).click()
    state(page, "Done")
    choose(page, "Recommend")
    pick(page, "2499")
    expect(page.get_by_role("alert")).to_contain_text("Nobody in this data has the id '2499'")
    page.get_by_test_id("stButtonGroup").get_by_text("u2499", exact=True).click()
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    pick(page, "**u2400")
    page.get_by_test_id("stButtonGroup").get_by_text("**u2400** <i>$1$</i>", exact=True).click()
    expect(page.get_by_role("heading", name="Recommended")).to_be_visible()
    settled(page)
    assert set(listed(page).all_text_contents()) <= set(NAMES)
