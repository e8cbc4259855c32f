"""Compare as a reader uses it: the real app in a real browser."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from recsys.models import MODELS
from tests.browser.serving import serve
from tests.browser.steps import (
    ROW,
    choose,
    click_name,
    go,
    pick,
    rows,
    settled,
    slide,
    state,
    table,
    title,
)

MODEL = 190  # pixels, the column of names


def models(page: Page, *names: str) -> None:
    """Choose these models and no others."""
    pills = page.get_by_test_id("stButtonGroup").first
    for name, model in MODELS.items():
        if name not in names:
            pills.get_by_text(model.label, exact=True).click()
    chosen = pills.get_by_role("button", pressed=True)
    expect(chosen).to_have_text([MODELS[name].label for name in MODELS if name in names])
    settled(page)


def shown_comparison(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("comparison", [""])[0]


def compare(page: Page) -> None:
    """Start a comparison and wait for its end."""
    before = shown_comparison(page.url)  # of all models, which the page starts by itself
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url(lambda url: shown_comparison(url) not in ("", before))
    settled(page)
    expect(page.get_by_text("95 % confidence interval")).to_be_visible(timeout=120_000)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0, timeout=120_000)
    settled(page)


def open_dialog(page: Page, kind: str) -> None:
    page.get_by_role("button", name="Add a run or own settings").click()
    page.get_by_role("dialog").get_by_text(kind, exact=True).click()


def add(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settled(page)


def colour(page: Page, row: int, left: float) -> list[int]:
    """Read the background of a cell from the picture that the table is."""
    return (
        table(page)
        .locator("canvas")
        .first.evaluate(
            "(canvas, [x, y]) => { const scale = canvas.width / canvas.clientWidth; return [..."
            "canvas.getContext('2d').getImageData(x * scale, y * scale, 1, 1).data]; }",
            [left, ROW * (row + 1) + 4],
        )
    )


def test_a_leaderboard_marks_the_best_and_is_what_the_file_says(page: Page, address: str) -> None:
    go(page, address, "compare")
    models(page, "svd", "item-knn", "popular")
    compare(page)
    shown = rows(table(page))
    assert shown[2][0] == MODELS["popular"].label
    figures = [float(row[1]) for row in shown]
    assert figures == sorted(figures, reverse=True)
    plain = colour(page, 2, MODEL + 3)
    assert colour(page, 0, MODEL + 3) != plain
    assert colour(page, 0, 3) == colour(page, 2, 3)

    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    written = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    for cells, row in zip(shown, written, strict=True):
        assert cells[0] == row["model"]
        for cell, name in zip(cells[1:6], ("ndcg", "recall", "precision", "map", "mrr"), strict=True):
            assert float(cell) == round(float(row[name]), 4)

    page.reload()
    settled(page)
    assert [row[:3] for row in rows(table(page))] == [row[:3] for row in shown]

    page.get_by_role("tab", name="Side by side").click()
    pick(page, "7")
    expect(page.get_by_text(re.compile("is a hit: one of the 10 artists"))).to_be_visible()
    lists = [rows(table(page, place)) for place in range(3)]
    names = [{row[0] for row in found} for found in lists]
    for own, found in zip(names, lists, strict=True):
        for artist, _, where, _ in found:
            count = sum(artist in other for other in names)
            assert where == {1: "only here", 2: "2 of 3", 3: "all 3"}[count]
        assert len(own) == 10
    overlap = page.get_by_test_id("stPlotlyChart").locator(".heatmap-label")
    expect(overlap).to_have_count(3)
    expect(overlap.first).to_contain_text(f"{len(names[0] & names[1])} shared")

    click_name(table(page), 0, 25)
    title(page, "Artist")
    settled(page)
    page.go_back()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Side by side")
    expect(page.get_by_role("combobox", name="Listener")).to_have_value("7")

    page.get_by_role("tab", name="Difference").click()
    page.wait_for_url(re.compile("tab=Difference"))
    expect(page.get_by_test_id("stAlert")).to_contain_text(
        re.compile(r"hardly by chance: of [\d,]+ listeners|may well be chance")
    )
    expect(page.get_by_test_id("stMetricLabel")).to_contain_text(" minus ")


def test_a_comparison_is_cancelled_and_keeps_what_was_measured(page: Page, address: str) -> None:
    go(page, address, "compare")
    models(page, "popular")
    open_dialog(page, "A model with own settings")
    slide(page, "Epochs", "End")
    add(page)
    chip = page.get_by_role("button", name=f"{MODELS['implicit'].label}: Epochs 5000")
    before = shown_comparison(page.url)
    page.get_by_role("button", name="Compare", exact=True).click()
    page.wait_for_url(lambda url: shown_comparison(url) not in ("", before))
    settled(page)
    expect(page.get_by_text("95 % confidence interval")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled: 1 of 2 models were measured.")).to_be_visible()
    settled(page)
    assert [row[0] for row in rows(table(page))] == [MODELS["popular"].label]
    chip.click()
    expect(chip).to_have_count(0)


def test_a_run_is_measured_as_it_is_on_its_own_hold_out_and_anew_on_another(page: Page, address: str) -> None:
    go(page, address, "train")
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=MODELS["svd"].label, exact=True).click()
    settled(page)
    page.get_by_role("button", name="Train", exact=True).click()
    state(page, "Done")
    settled(page)
    choose(page, "Compare")
    models(page, "popular")
    open_dialog(page, "A run")
    expect(page.get_by_role("dialog")).to_contain_text("is measured as it was trained")
    add(page)
    compare(page)
    expect(page.get_by_text("Measured as it was trained.")).to_be_visible()
    page.get_by_role("button", name="Hold-out").click()
    page.get_by_role("spinbutton", name="Seed").fill("3")
    page.get_by_role("spinbutton", name="Seed").press("Enter")
    page.keyboard.press("Escape")
    expect(page.get_by_text("drawn by seed 3")).to_be_visible()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(
        page.get_by_text("learned from another hold-out (35/15, of which 5 for validation, seed 0)")
    ).to_be_visible()
    expect(page.get_by_text("hold-out 35/15, of which 5 for validation, seed 3")).to_be_visible()


def test_the_published_data_gives_the_known_figures_and_the_story(
    page: Page, tmp_path: Path, lastfm_folder: Path
) -> None:
    with serve(tmp_path / "cache", RECSYS_LASTFM=str(lastfm_folder)) as address:
        go(page, address, "compare", data="lastfm")
        models(page, "svd", "popular")
        page.get_by_role("button", name="Hold-out").click()
        slide(page, "Share for validation", "Home")  # as the known figures are measured
        page.keyboard.press("Escape")
        expect(page.get_by_text("validation and test at once")).to_be_visible()
        compare(page)
        best, popular = rows(table(page))
        assert abs(float(best[1]) - 0.319) < 0.005
        assert abs(float(popular[1]) - 0.112) < 0.005
        page.get_by_role("tab", name="Why the article's model loses").click()
        expect(page.get_by_text("of what it recommends has one listener in training")).to_be_visible()
        shares = page.get_by_text("of what it recommends has one listener").inner_text()
        article, other = map(int, re.findall(r"(\d+)%", shares))
        assert article > 90 > 10 > other
        expect(page.get_by_role("heading", name="3. Because their features")).to_be_visible()
        settled(page)
        page.goto("about:blank")  # before the server goes, which the page would complain about
