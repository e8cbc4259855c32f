"""Tuning as a reader does it: sweeps, searches, runs that are kept and passed on, and the keyboard."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from recsys.models import MODELS
from tests.browser.serving import serve, start
from tests.browser.steps import (
    choose,
    go,
    rows,
    select_first,
    select_run,
    settled,
    state,
    table,
    title,
    train_here,
)

SMALL = {"model": "funk", "factors": "2", "epochs": "5"}
SETTLED = "() => document.querySelector('.live-chart-plot')?._fullData?.length > 1"


def chart(page: Page) -> Locator:
    """Find the first chart, once it is drawn."""
    page.wait_for_function(SETTLED)
    return page.locator(".live-chart-plot").first


def validation(page: Page) -> list[float]:
    """Read the curve of the validation RMSE, once it has a point."""
    page.wait_for_function("document.querySelector('.live-chart-plot')?._fullData?.[1]?.y?.length")
    return chart(page).evaluate("chart => Array.from(chart._fullData[1].y)")


def open_sweep(page: Page, address: str, values: int) -> None:
    """Open the page with the article's model, and as many values of both settings."""
    go(page, address, "sweep")
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=MODELS["article"].label, exact=True).click()
    expect(page.get_by_role("slider", name="Learning rate from, to").first).to_be_visible()
    settled(page)
    for place in range(2):
        count = page.get_by_label("Values").nth(place)
        for _ in range(5):  # again, if it was just being replaced by that of another model
            count.fill(str(values))
            count.press("Enter")
            page.wait_for_timeout(500)
            settled(page)
            if count.input_value() == str(values):
                break
    page.get_by_role("button", name="Start the grid").click()


def how_many(page: Page) -> int:
    """Read how many trainings of a sweep are done."""
    return int(page.get_by_text(re.compile(r"^\d+ of \d+ trainings")).inner_text().split()[0])


def offer(page: Page, path: Path) -> None:
    """Give the page a file to import."""
    importing = page.get_by_text("Import a run")
    field = page.locator("[data-testid=stFileUploaderDropzoneInput]:not(.st-key-frame *)")
    if not field.is_visible():
        importing.click()
    field.set_input_files(path)
    settled(page)


def test_a_click_on_a_cell_of_a_sweep_opens_that_training(page: Page, address: str) -> None:
    open_sweep(page, address, values=2)
    state(page, "Done")
    settled(page)
    x, y, error = chart(page).evaluate(
        "chart => { const { xaxis, yaxis } = chart._fullLayout;"
        " return [xaxis._offset + xaxis.d2p(1), yaxis._offset + yaxis.d2p(0),"
        " chart._fullData[0].customdata[0][1]]; }"
    )
    chart(page).scroll_into_view_if_needed()
    chart(page).click(position={"x": x, "y": y})
    title(page, "Train")
    state(page, "Done")
    settled(page)
    expect(page.get_by_role("slider", name="Learning rate")).to_have_attribute("aria-valuetext", "0.03")
    expect(page.get_by_role("slider", name="Lambda")).to_have_attribute("aria-valuetext", "0.001")
    assert f"{min(validation(page)):.4f}" == f"{error:.4f}"
    assert len(rows(table(page))) == 1


def test_a_sweep_that_is_cancelled_keeps_its_cells(page: Page, address: str) -> None:
    open_sweep(page, address, values=20)
    expect(page.get_by_text(re.compile(r"^[2-9]\d* of 400 trainings, about .+ left"))).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    state(page, "Cancelled")
    settled(page)
    done = how_many(page)
    assert 2 <= done < 400
    filled = "chart => chart._fullData[0].customdata.flatMap(row => [...row]).filter(Number.isFinite).length"
    assert chart(page).evaluate(filled) == done
    choose(page, "Explore")
    choose(page, "Train")
    assert how_many(page) == done
    expect(page.get_by_role("button", name="Use the best")).to_be_visible()


def test_a_search_ends_with_settings_to_use(page: Page, address: str) -> None:
    go(page, address, "sweep")
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=MODELS["article"].label, exact=True).click()
    page.get_by_text("Automatic search").click()
    trials = page.get_by_label("Trainings at most")
    trials.fill("6")
    trials.press("Enter")
    settled(page)
    page.get_by_role("button", name="Start the search").click()
    state(page, "Done")
    expect(page.get_by_role("figure", name=re.compile("^Share of the result"))).to_be_visible()
    best = page.get_by_test_id("stMarkdown").filter(has_text="Lowest validation RMSE: ").inner_text()
    page.get_by_role("button", name="Use the best").click()
    title(page, "Train")
    state(page, "Done")
    settled(page)
    rate = page.get_by_role("slider", name="Learning rate").get_attribute("aria-valuetext")
    assert f"Learning rate {rate}," in best
    assert f"{min(validation(page)):.4f}" in best


def test_a_link_gives_the_same_curve_to_the_last_digit_on_another_server(
    page: Page, address: str, tmp_path: Path
) -> None:
    train_here(page, address, **SMALL, learning_rate="0.0123", seed="4", watch="ndcg")
    link = page.url.removeprefix(address)
    curve = validation(page)
    figures = page.get_by_test_id("stMetricValue").all_inner_texts()[:4]
    with serve(tmp_path / "cache") as other:
        page.goto(other + link)
        state(page, "Done")
        settled(page)
        assert validation(page) == curve
        assert page.get_by_test_id("stMetricValue").all_inner_texts()[:4] == figures
        expect(page.get_by_text("made on other data")).to_have_count(0)
        page.goto(other + re.sub("fingerprint=.{4}", "fingerprint=0000", link))
        expect(page.get_by_text("made on other data")).to_be_visible()
        page.goto("about:blank")


def test_a_saved_run_is_there_after_a_kill_and_goes_out_and_in_as_a_file(page: Page, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    server, address = start(cache)
    try:
        train_here(page, address, **SMALL)
        curve = validation(page)
        select_first(page)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name="Save")).to_have_count(0)
        settled(page)
        page.goto("about:blank")
    finally:
        server.kill()
        server.wait()
    with serve(cache) as address:
        go(page, address, "train")
        state(page, "Done")  # the recommended run, the first of the table
        select_run(page, 1)
        state(page, "Done")
        settled(page)
        assert validation(page) == curve
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        exported = tmp_path / "exported.safetensors"
        download.value.save_as(exported)
        offer(page, exported)
        expect(page.get_by_text("is in the table. Select it to see its curve.")).to_be_visible()
        expect(table(page).locator("tbody tr")).to_have_count(3)
        damaged = tmp_path / "damaged.safetensors"
        damaged.write_bytes(exported.read_bytes()[:-1000])
        offer(page, damaged)
        expect(page.get_by_text("is not a saved run of this program, or it is damaged")).to_be_visible()
        expect(table(page).locator("tbody tr")).to_have_count(3)
        page.goto("about:blank")


def test_an_arrow_key_on_a_slider_trains_again(page: Page, address: str) -> None:
    train_here(page, address, **SMALL)
    before = validation(page)
    slider = page.get_by_role("slider", name="Lambda")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(r"regularization=0\.07"))
    state(page, "Done")
    settled(page)
    assert validation(page) != before
    assert slider.evaluate("slider => slider === document.activeElement")


def test_the_line_in_the_curves_leads_through_the_epochs(page: Page, address: str) -> None:
    train_here(page, address, **SMALL)
    curve = validation(page)
    shown = page.get_by_test_id("stMetric").filter(has_text="Validation RMSE").get_by_test_id("stMetricValue")
    expect(shown).to_have_text(f"{curve[-1]:.4f}")
    slider = page.get_by_role("slider", name="Epoch", exact=True)
    line = page.locator(".live-chart-handle")
    box = line.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 700, y, steps=8)  # past the first epoch
    page.mouse.up()
    expect(slider).to_have_attribute("aria-valuetext", "1")
    expect(shown).to_have_text(f"{curve[0]:.4f}")
    expect(page.get_by_text("After epoch 1, finds")).to_be_visible()
    settled(page)
    page.locator(".live-slider.slim").get_by_role("button", name="Play").click()
    expect(slider).to_have_attribute("aria-valuetext", "5")
    expect(shown).to_have_text(f"{curve[-1]:.4f}")
    expect(page.get_by_text("After epoch")).to_have_count(0)
    assert validation(page) == curve


def test_trainings_of_a_model_made_in_one_step_become_points_of_a_chart(page: Page, address: str) -> None:
    go(page, address, "train", model="svd", factors="4", data="sample")
    state(page, "Done")
    settled(page)
    points = (
        "document.querySelector('.live-chart-plot')?._fullData?.find(t => t.name === 'NDCG@10')?.x?.length"
    )
    page.wait_for_function(f"{points} === 1")
    slider = page.get_by_role("slider", name="Item scaling exponent")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{points} === 2")
    expect(page.get_by_text("differs only in Item scaling exponent is a point")).to_be_visible()
    expect(page.get_by_role("figure", name="Listeners by hits in their first 10")).to_be_visible()
