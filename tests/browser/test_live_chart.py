"""The live chart in a real browser: what it keeps while its data grows."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

ROOT = Path(__file__).parents[2]
LAST = 110
APP = f"""
import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.components.widgets.live_chart import live_chart

st.button("Run the page again")


@st.fragment(run_every=0.2)
def curves():
    epochs = st.session_state.epochs = min(st.session_state.get("epochs", 9) + 1, {LAST})
    if epochs % 8 < 4:
        st.caption("A line that comes and goes above the chart")
    figure = go.Figure()
    for name, floor in (("Train", 0.5), ("Validation", 0.8)):
        errors = floor + np.exp(-np.arange(1, epochs + 1) / 30)
        figure.add_scatter(x=np.arange(1, epochs + 1), y=errors.astype(np.float32), name=name)
    figure.update_layout(xaxis_title="Epoch", yaxis_title="RMSE")
    point = live_chart(figure, "rmse", height=360, label=f"RMSE after {{epochs}} epochs", clicks=True)
    if point:
        st.session_state.point = point
    if "point" in st.session_state:
        st.write(f"Clicked {{st.session_state.point['name']}}")


curves()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("app")
    widgets = (f"pages/components/widgets/{name}.py" for name in ("live_chart", "static_files"))
    for name in (*widgets, "static/live_chart.js", ".streamlit/config.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "recsys").symlink_to(ROOT / "recsys")
    (folder / "app.py").write_text(APP)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options], cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield page
    page.close()
    assert problems == []


def _wait_for(url: str) -> None:
    for _ in range(150):
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


def _open(page: Page, address: str) -> Locator:
    page.goto(address)
    chart = page.locator(".live-chart-plot")
    expect(chart).to_have_attribute("data-draws", re.compile("."), timeout=20_000)
    chart.evaluate("chart => { chart.marked = true; }")
    return chart


def _plot(chart: Locator) -> FloatRect:
    plot = chart.locator(".nsewdrag").first
    for _ in range(20):  # the chart may be between two places
        expect(plot).to_be_visible()
        if (box := plot.bounding_box()) is not None:
            return box
    raise AssertionError("the chart does not stay")


def _range(chart: Locator, axis: str = "xaxis") -> list[float]:
    return chart.evaluate(f"chart => chart._fullLayout.{axis}.range.map(Number)")


def _points(chart: Locator) -> int:
    return chart.evaluate("chart => chart.calcdata[0].length")


def _zoom(page: Page, chart: Locator) -> list[float]:
    before = _range(chart)
    plot = _plot(chart)
    middle = plot["y"] + plot["height"] / 2
    page.mouse.move(plot["x"] + plot["width"] * 0.2, middle)
    page.mouse.down()
    for part in (0.3, 0.4, 0.5, 0.6):
        page.mouse.move(plot["x"] + plot["width"] * part, middle)
        page.wait_for_timeout(150)  # longer than an update takes to come: the data grows under the drag
    page.mouse.up()
    page.wait_for_function(
        "low => document.querySelector('.live-chart-plot')._fullLayout.xaxis.range[0] > low", arg=before[0]
    )
    after = _range(chart)
    assert before[0] < after[0] < after[1] < before[1] * 2
    return after


def _grow(page: Page, chart: Locator, by: int = 10) -> None:
    goal = _points(chart) + by
    page.wait_for_function(
        "n => document.querySelector('.live-chart-plot')?.calcdata[0].length >= n",  # it may be between two places
        arg=goal,
    )


def _same(chart: Locator) -> bool:
    return chart.evaluate("chart => chart.marked === true && chart.isConnected")


def test_zoom_is_kept_while_the_data_grows_and_a_double_click_ends_it(page: Page, address: str) -> None:
    chart = _open(page, address)
    zoomed = _zoom(page, chart)
    _grow(page, chart, by=20)
    assert _range(chart) == pytest.approx(zoomed)
    assert _same(chart)
    plot = _plot(chart)
    for _ in range(5):  # on a busy machine two clicks may come too far apart to be one double click
        page.mouse.dblclick(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] / 2)
        page.wait_for_timeout(1_000)
        if chart.evaluate("chart => chart._fullLayout.xaxis.autorange === true"):
            break
    assert _range(chart)[0] <= 1
    # both at once: the data grows
    assert chart.evaluate("chart => chart._fullLayout.xaxis.range[1] >= chart.calcdata[0].length - 1")


def test_hidden_curves_stay_hidden(page: Page, address: str) -> None:
    chart = _open(page, address)
    chart.locator(".legendtoggle").nth(1).click()
    page.wait_for_function("document.querySelector('.live-chart-plot')._fullData[1].visible === 'legendonly'")
    _grow(page, chart)
    assert chart.evaluate("chart => chart._fullData.map(trace => trace.visible)") == [True, "legendonly"]


def test_the_label_under_the_pointer_stays(page: Page, address: str) -> None:
    chart = _open(page, address)
    shown = chart.locator(".hoverlayer .legend").first
    for part in (0.4, 0.5, 0.6, 0.5, 0.4, 0.5):
        plot = _plot(chart)
        page.mouse.move(plot["x"] + plot["width"] * part, plot["y"] + plot["height"] / 2)
        page.wait_for_timeout(200)
    expect(shown).to_be_visible()
    _grow(page, chart)
    expect(shown).to_be_visible()


def test_a_rerun_of_the_page_keeps_the_chart(page: Page, address: str) -> None:
    chart = _open(page, address)
    zoomed = _zoom(page, chart)
    for _ in range(3):
        page.get_by_role("button", name="Run the page again").click()
        _grow(page, chart, by=5)
    assert _range(chart) == pytest.approx(zoomed)
    assert _same(chart)


def test_the_last_update_is_drawn_and_described(page: Page, address: str) -> None:
    chart = _open(page, address)
    page.wait_for_function(
        f"document.querySelector('.live-chart-plot').calcdata[0].length === {LAST}", timeout=60_000
    )
    expect(page.get_by_role("figure", name=f"RMSE after {LAST} epochs")).to_be_visible()
    assert _same(chart)


def test_no_button_sends_the_data_elsewhere(page: Page, address: str) -> None:
    chart = _open(page, address)
    titles = chart.locator(".modebar-btn").evaluate_all(
        "buttons => buttons.map(button => button.dataset.title)"
    )
    assert "Reset axes" in titles
    assert not [title for title in titles if re.search("share|cloud|link", title, re.IGNORECASE)]


def test_a_click_on_a_point_is_told_to_the_page(page: Page, address: str) -> None:
    chart = _open(page, address)
    plot = _plot(chart)
    page.mouse.move(plot["x"] + plot["width"] * 0.4, plot["y"] + plot["height"] * 0.5)
    page.wait_for_timeout(200)
    page.mouse.click(plot["x"] + plot["width"] * 0.4, plot["y"] + plot["height"] * 0.5)
    expect(page.get_by_text(re.compile("Clicked (Train|Validation)"))).to_be_visible()


def test_the_chart_is_as_wide_as_the_page(page: Page, address: str) -> None:
    chart = _open(page, address)
    for width in (900, 400):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(
            "() => { const chart = document.querySelector('.live-chart-plot');"
            " return Math.abs(chart.querySelector('.main-svg').clientWidth - chart.clientWidth) < 2"
            f" && chart.clientWidth <= {width} && chart.clientWidth > {width} / 2; }}"
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert _same(chart)


def test_the_chart_wears_the_theme_and_follows_its_change(browser: Browser, address: str) -> None:
    themes = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
    page = browser.new_page(color_scheme="light")
    chart = _open(page, address)
    zoomed = _zoom(page, chart)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark", "light")
    for name in schemes:
        page.emulate_media(color_scheme=name)
        page.wait_for_function(
            "([first, text]) => { const chart = document.querySelector('.live-chart-plot');"
            " return chart._fullData[0].line.color === first && chart._fullLayout.font.color === text; }",
            arg=[themes[name]["chartCategoricalColors"][0], themes[name]["textColor"]],
        )
        second = chart.evaluate("chart => chart._fullData[1].line.color")
        assert second == themes[name]["chartCategoricalColors"][1]
    assert _range(chart) == pytest.approx(zoomed)
    page.close()


def test_an_update_is_small_and_plotly_is_fetched_once(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    sizes: list[int] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(_length(frame)))
    )
    for fetched in (1, 0):  # the second visit finds everything in the browser's cache
        chart = _open(page, address)
        resources = page.evaluate(
            "performance.getEntriesByType('resource').filter(entry => entry.name.includes('/app/static/'))"
            ".map(entry => [entry.name.replace(/.*[/]/, ''), entry.transferSize])"
        )
        assert len(resources) == 2
        assert sum(size > 0 for name, size in resources if name.startswith("plotly")) == fetched
    _grow(page, chart, by=5)
    sizes.clear()
    start = _points(chart)
    _grow(page, chart, by=20)
    assert sum(sizes) / (_points(chart) - start) < 5_000
    context.close()


def _length(frame: Any) -> int:
    return len(frame)
