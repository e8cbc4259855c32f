"""The leaderboard as the page shows it, without a browser."""

import re
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from pages.components.compare import panel
from recsys.data.sources.load import load
from recsys.evaluation.metrics import METRICS, HitMetric
from recsys.models import MODELS
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("fresh_server")


def is_measured(app: AppTest) -> bool:
    return len(app.dataframe) > 0 and not any(button.key == "cancel-comparison" for button in app.button)


def opened(*models: str, **state: object) -> AppTest:
    """Open the page with these models chosen."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/compare.py")
    for name, value in {"compared": list(models), **state}.items():
        app.session_state[name] = value
    return app.run()


def compared(*models: str, **state: object) -> AppTest:
    """Compare these models to the end."""
    app = opened(*models, **state)
    app.button(key="compare").click().run()
    for _ in range(400):
        if is_measured(app):
            break
        time.sleep(0.1)
        app.run()
    assert not app.exception
    return app


def test_it_opens_with_all_models_being_compared(monkeypatch):
    monkeypatch.setattr(panel, "MOST_AT_ONCE", 300_000)
    monkeypatch.setattr(panel, "MODELS", {name: MODELS[name] for name in ("popular", "svd")})
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/compare.py").run()
    assert "comparison" in app.query_params
    for _ in range(200):
        if app.dataframe and len(app.dataframe[0].value) == 2:
            break
        time.sleep(0.1)
        app.run()
    assert not app.exception
    assert set(app.dataframe[0].value["Model"]) == {MODELS["popular"].label, MODELS["svd"].label}


def displayed(app: AppTest) -> tuple[Any, pd.DataFrame]:
    """Return the styles of the leaderboard, and its cells as they are shown."""
    styler = app.dataframe[0].proto.arrow_data.styler
    with pa.ipc.open_stream(styler.display_values) as reader:
        return styler, pd.DataFrame(reader.read_pandas())


def test_every_figure_is_shown_with_its_interval():
    app = compared("popular", "svd")
    styler, shown = displayed(app)
    assert len(shown) == 2
    for value, name in zip(shown.iloc[0], app.dataframe[0].value.columns, strict=True):
        if name == "Model":
            continue
        wanted = r"\d+\.\d\d" if name == "Seconds" else r"\d+(\.\d+)? ± \d+(\.\d+)?"
        assert re.fullmatch(wanted, value), name
    assert "background-color" in styler.styles


def test_several_hold_outs_are_measured_and_the_verdict_says_so():
    app = compared("popular", "svd", repeats=3)
    said = "\n".join(element.value for element in [*app.markdown, *app.caption])
    assert "The lead is clear" in said
    assert "seed 0 to 2. ± is the 95 % confidence interval over the listeners and 3 hold-outs" in said
    assert "Small dots: one hold-out each" in said


def test_slices_show_who_is_served_and_list_the_listeners():
    app = compared("popular", "svd")
    app.query_params["tab"] = "Slices"
    app.session_state["comparison-tab"] = "Slices"
    app.run()
    assert not app.exception
    shown = app.dataframe[0].value
    assert list(shown.columns) == ["listener", "artists", "mainstream", "hidden", "found", "figure"]
    assert shown["figure"].is_monotonic_increasing
    app.segmented_control(key="served").set_value("best").run()
    assert not app.exception
    assert app.dataframe[0].value["figure"].is_monotonic_decreasing
    assert app.dataframe[0].value["found"].iloc[0] > 0
    said = "\n".join(element.value for element in app.caption)
    assert "gives 100% of its places to the head" in said
    app.selectbox(key="slice-metric").set_value("gini").run()
    assert not app.exception


def test_a_metric_that_is_added_needs_no_more_than_its_row(monkeypatch):
    hit_rate = HitMetric(
        "hit", "Hit rate", "Lists with a hit.", 3, True, lambda hits, hidden: hits.any(axis=1) * 1.0
    )
    monkeypatch.setitem(METRICS, "hit", hit_rate)
    test_every_figure_is_shown_with_its_interval()


def test_a_hold_out_that_cannot_be_is_explained():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/compare.py")
    app.run()
    app.number_input(key="compare-hidden").set_value(40).run()
    app.button(key="compare").click().run()
    assert not app.exception
    assert "cannot hide 40 of them" in app.error[0].value.replace("\\", "")


def test_without_a_model_there_is_nothing_to_compare():
    app = opened()
    app.button(key="compare").click().run()
    assert "Choose at least one model" in app.error[0].value


def test_data_with_times_is_split_by_a_month_and_others_have_fewer_ways(tmp_path):
    from tests.data.test_ways import PLAYS

    path = tmp_path / "plays.csv"
    path.write_text(PLAYS)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state.dataset = replace(load("sample"), history=None)
    app.switch_page("pages/compare.py").run()
    assert app.selectbox(key="way").options == ["At random", "New listeners"]
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state.dataset = load(str(path))
    app.switch_page("pages/compare.py")
    app.session_state.compared = ["popular", "item-knn"]
    app.run()
    app.selectbox(key="way").set_value("date").run()
    app.selectbox(key="month").set_value("2010-03").run()
    app.toggle(key="sketched").set_value(True).run()
    assert not app.exception
    app.button(key="compare").click().run()
    for _ in range(200):
        said = "\n".join(element.value for element in app.caption)
        if "from 2010-03 on" in said:
            break
        time.sleep(0.1)
        app.run()
    assert not app.exception
    assert "from 2010-03 on" in said
    while not is_measured(app):
        app.run()
    at = list(app.dataframe[0].value.columns).index(METRICS["calibration"].label)
    assert set(displayed(app)[1].iloc[:, at]) == {"not known"}
    assert METRICS["calibration"].label not in app.selectbox(key="forest-metric").options


def test_a_split_by_a_month_hides_the_last_fifth_at_first():
    app = opened("popular")
    app.selectbox(key="way").set_value("date").run()
    first = np.sort(load("sample").history.first)
    assert app.selectbox(key="month").value == str(first[int(0.8 * len(first))])[:7]
    app.selectbox(key="month").set_value("2024-02").run()
    assert app.selectbox(key="month").value == "2024-02"


def test_new_listeners_are_folded_in_and_models_that_cannot_say_so():
    app = compared("svd", "article", way="new-users")
    assert list(app.dataframe[0].value["Model"]) == [MODELS["svd"].label]
    assert any("knows only those" in warning.value for warning in app.warning)
