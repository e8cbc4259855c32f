"""Every page through the app, without a browser: it opens, and says what to do."""

import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components import navigation
from pages.components.shell import layout
from pages.components.widgets import pickers, tables
from recsys.analysis import popularity
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.sources.sample import load_sample
from recsys.models import MODELS
from recsys.settings import ROWS
from tests.conftest import ROOT

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))


pytestmark = pytest.mark.usefixtures("fresh_server")


def open_page(name: str, dataset: Dataset | None = None, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if dataset:
        app.session_state.dataset = dataset
    app.switch_page(f"pages/{name}")
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def said(app: AppTest) -> str:
    """Return what the page complains about, as it is read."""
    return app.error[0].value.replace("\\", "")


def listed(app: AppTest, label: str = "Recommended") -> list[dict[str, Any]]:
    """Return the rows of a ranked list."""
    lists = (json.loads(part.proto.json) for part in app.get("bidi_component") if '"rows"' in part.proto.json)
    return next(found["rows"] for found in lists if found["label"] == label)


def test_home_shows_a_model_that_learned_and_a_list():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    for _ in range(100):
        assert not app.exception
        if any("Done" in markdown.value for markdown in app.markdown):
            break
        app.run()
    assert app.button(key="watch")
    assert any("held-out artists in its first 10" in caption.value for caption in app.caption)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_on_the_sample(name):
    app = open_page(name)
    assert not app.exception
    assert app.title[0].value
    assert not app.error


def test_key_figures_are_those_of_the_data():
    app = open_page("explore.py")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Listeners"] == "2,000"
    assert 1_500 <= int(shown["Artists"].replace(",", "")) <= 3_000
    assert 90_000 <= int(shown["Listener-artist pairs"].replace(",", "")) <= 100_000


def test_searching_an_artist_narrows_the_table():
    app = open_page("explore.py")
    app.text_input(key="search").input("metallica").run()
    assert not app.exception
    assert "Metallica" in app.dataframe[0].value["artist"].tolist()
    assert len(app.dataframe[0].value) < 10


def test_a_choice_in_the_address_filters_table_and_figures_and_is_taken_back():
    app = open_page("explore.py", listeners="100..200", search="a", picked="nothing")
    assert not app.exception
    assert "'nothing'" in said(app)
    table = app.dataframe[0].value
    assert table["listeners"].between(100, 200).all()
    assert table["artist"].str.contains("a", case=False).all()
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Artists"] == f"{len(table):,}"
    assert shown["Plays"] == f"{table['plays'].sum():,.0f}"
    assert any(f"{len(table):,} of 2,188 artists" in caption.value for caption in app.caption)
    app.button(key="back-listeners").click().run()
    assert len(app.dataframe[0].value) > len(table)
    assert "listeners" not in app.query_params
    assert app.text_input(key="search").value == "a"
    app.button(key="back-all").click().run()
    assert len(app.dataframe[0].value) == 2_188
    assert app.text_input(key="search").value == ""


def test_a_choice_of_nothing_says_so():
    app = open_page("explore.py", search="no such name", plays="1..2")
    assert not app.exception
    assert "No artist is all of this" in " ".join(caption.value for caption in app.caption)


def test_of_very_many_artists_the_first_are_listed_and_a_search_finds_any(monkeypatch):
    monkeypatch.setattr(tables, "ARTISTS_LISTED", 50)
    app = open_page("explore.py")
    assert len(app.dataframe[0].value) == 50
    assert "Rows 1 to 50 of 2,188" in " ".join(caption.value for caption in app.caption)
    ranks = popularity.rank_table(load_sample().interactions)
    app.selectbox(key="ranks-by").set_value("listeners").run()
    app.toggle(key="ranks-up").set_value(True).run()
    assert app.dataframe[0].value["listeners"].tolist() == sorted(ranks["listeners"])[:50]
    last = popularity.rank_table(load_sample().interactions)["artist"].iloc[-1]
    app.text_input(key="search").set_value(last).run()
    assert last in set(app.dataframe[0].value["artist"])


def test_listeners_are_listed_and_the_unusual_ones_alone():
    app = open_page("explore.py", view="listeners")
    assert not app.exception
    everyone = app.dataframe[0].value
    assert len(everyone) == 2_000
    assert everyone["mainstream"].between(0, 100).all()
    app.toggle(key="unusual").set_value(True).run()
    unusual = app.dataframe[0].value
    assert len(unusual) == (everyone["unusual"] != "").sum()
    assert (unusual["unusual"] != "").all()


def test_a_listener_in_a_link_is_shown_with_the_nearest_others():
    app = open_page("listener.py", listener="7")
    assert not app.exception
    played, near, *_ = (table.value for table in app.dataframe)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Artists"] == f"{len(played):,}"
    assert len(near) == 10
    assert near["both"].between(1, len(played)).all()


def test_an_unknown_listener_in_a_link_is_explained():
    app = open_page("listener.py", listener="<script>")
    assert not app.exception
    assert "Nobody in this data has the id '<script>'" in said(app)


def test_an_unknown_artist_in_a_link_is_explained():
    app = open_page("artist.py", artist="<script>")
    assert not app.exception
    assert "Nothing in this data has the id '<script>'" in said(app)


def test_an_artist_in_a_link_is_shown():
    app = open_page("artist.py", artist="1")
    assert not app.exception
    assert app.header
    assert len(app.dataframe) == 2


def test_recommend_opens_with_a_listener_and_both_lists():
    app = open_page("recommend.py")
    existing, recommended = listed(app, "Played"), listed(app)
    assert len(existing) > 10
    assert len(recommended) == 10
    assert app.query_params["listener"] == app.selectbox(key="listener").value


def test_data_that_nothing_can_be_held_out_of_is_explained():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    pairs = pd.DataFrame({"user": [1, 2, 3], "item": [1, 1, 2], "value": [1, 2, 3]})
    app.session_state.dataset = Dataset("own", "Tiny", "", "", Interactions.from_frame(pairs))
    app.switch_page("pages/recommend.py").run()
    assert not app.exception
    assert said(app)
    assert app.button(key="to-train")


def test_every_page_has_a_row_and_every_row_has_a_page():
    files = {f"pages/{name}" for name in PAGES if Path(name).stem not in navigation.MOVED}
    assert files | {"app.py"} == {page.path for page in navigation.PAGES}
    assert {name for name, _ in navigation.MOVED.values()} <= {page.name for page in navigation.PAGES}


def test_a_page_without_a_row_says_so_and_home_still_opens(tmp_path):
    assert "has no row in PAGES" in navigation.page("unknown").blurb


def trained(name: str = "biased", dataset: Dataset | None = None, **query: str) -> AppTest:
    app = open_page("train.py", dataset, **query)
    app.selectbox(key="model").select(name).run()
    app.button(key="train").click().run()
    assert not app.exception
    for _ in range(300):
        time.sleep(0.1)
        app.run()
        if any("Done" in markdown.value for markdown in app.markdown):
            return app
    raise AssertionError("training did not end")


def test_training_shows_its_figures():
    app = trained()
    shown = {metric.label: metric.value for metric in app.metric}
    assert float(shown["Validation RMSE"]) > 0
    assert shown["Time per epoch"].endswith(" ms")
    assert any("million updates per second" in metric.help for metric in app.metric if metric.help)


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if "epochs" not in model.defaults])
def test_a_model_made_in_one_go_shows_its_lists_and_no_errors(name, small_sample):
    app = trained(name, small_sample)
    shown = {metric.label: metric.value for metric in app.metric}
    assert set(shown) == {"NDCG@10", "Recall@10", "Time to train"}
    assert not any("nan" in value.lower() for value in shown.values())
    for setting in MODELS[name].defaults:
        sliders = [
            json.loads(part.proto.json)["label"]
            for part in app.get("bidi_component")
            if "steps" in part.proto.json
        ]
        boxes = (box.label for box in (*app.selectbox, *app.text_input, *app.number_input))
        # this data has no times
        assert [*sliders, *boxes].count(ROWS[setting].label) == (setting != "half_life")


def test_a_half_life_is_said_to_be_left_out_where_the_data_has_no_times(small_sample):
    for data, expected in ((small_sample, 1), (None, 0)):
        app = open_page("train.py", dataset=data, model="ease", half_life="6")
        told = [
            caption.value for caption in app.caption if "half-life of 6 months is left out" in caption.value
        ]
        assert len(told) == expected


def test_a_link_to_a_run_that_is_gone_says_so_once():
    app = open_page("recommend.py", run="0123456789ab")
    assert ["no longer has the run" in warning.value for warning in app.warning] == [True]
    assert listed(app)
    assert not app.run().warning


def test_als_is_watched_by_its_lists_alone():
    app = open_page("train.py")
    app.selectbox(key="model").select("als").run()
    assert "validation RMSE" not in app.selectbox(key="watch-lists").options
    app.session_state["als-factors"] = 8
    app.run()
    app.button(key="train").click().run()
    for _ in range(100):
        time.sleep(0.1)
        app.run()
        if any("Done" in markdown.value for markdown in app.markdown):
            break
    assert not app.exception
    assert [metric.label for metric in app.metric] == ["NDCG@10", "Recall@10", "Time per epoch"]


def test_settings_outside_their_range_are_explained_and_nothing_starts():
    app = open_page("train.py")
    app.number_input(key="split-hidden").set_value(40).run()
    app.button(key="train").click().run()
    assert not app.exception
    assert "cannot hide 40 of them" in said(app)


def test_a_trained_model_recommends():
    run_id = trained().session_state.run
    app = open_page("recommend.py", run=run_id, listener="7")
    assert not app.exception
    for rows in (listed(app, "Played"), listed(app)):
        bars = [row["bar"] for row in rows]
        assert bars == sorted(bars, reverse=True)
        assert bars[0] == 1
    assert len(listed(app)) == 10


def test_each_recommended_artist_has_its_reasons_and_their_chart_adds_up():
    app = open_page("recommend.py", run=trained().session_state.run, listener="7")
    assert all(row["reasons"] for row in listed(app))
    assert any("The contributions add up to the score" in caption.value for caption in app.caption)


@pytest.mark.parametrize("name", ["user-knn", "article"])
def test_a_model_without_reasons_says_so(name):
    app = open_page("recommend.py", run=trained(name).session_state.run, listener="7")
    assert not app.exception
    assert not any(row["reasons"] for row in listed(app))
    assert "does not explain its scores" in app.info[0].value


def test_the_dial_and_the_address_belong_together():
    run = trained().session_state.run
    app = open_page("recommend.py", run=run, listener="7", n="5", dial="0.7", variety="0.2")
    assert not app.exception
    assert app.select_slider(key="dial").value == 0.75
    assert app.select_slider(key="variety").value == 0.2
    first = [row["name"] for row in listed(app)]
    assert len(first) == 5
    app.select_slider(key="dial").set_value(-1.0).run()
    assert app.query_params["dial"] == "-1"
    assert [row["name"] for row in listed(app)] != first


def test_an_address_that_asks_for_nonsense_is_explained():
    run = trained().session_state.run
    for page in ("recommend.py", "present.py"):
        for name, value in (("n", "many"), ("n", "0"), ("dial", "far"), ("dial", "9"), ("variety", "nan")):
            app = open_page(page, run=run, listener="7", **{name: value})
            assert not app.exception
            assert len(app.error) == 1


def test_one_listener_is_presented_without_controls():
    run = trained().session_state.run
    app = open_page("present.py", run=run, listener="7", n="4")
    assert not app.exception
    assert app.title[0].value == "For listener 7"
    assert len(app.subheader) == 8
    assert not [*app.button, *app.slider, *app.selectbox]
    shown = listed(open_page("recommend.py", run=run, listener="7", n="4"))
    for row, heading in zip(shown, app.subheader[4:], strict=True):
        assert heading.value.replace("\\", "").startswith(row["name"])


def test_a_listener_is_told_in_a_sentence_and_others_are_a_click_away():
    app = open_page("recommend.py", run=trained("svd").session_state.run, listener="7")
    sentence = next(shown.value for shown in app.markdown if shown.value.startswith("**Listener 7**"))
    assert re.search(r"\d+ artists.* taste", sentence)
    app.button(key="recommend-where-it-fails").click().run()
    assert not app.exception
    assert app.query_params["listener"] != "7"
    assert not any(row["hit"] for row in listed(app))


def test_a_model_that_fails_for_no_one_says_so(monkeypatch):
    from pages.components.session import cached

    monkeypatch.setattr(cached, "missed", lambda job: [])
    app = open_page("recommend.py", run=trained("svd").session_state.run, listener="7")
    app.button(key="recommend-where-it-fails").click().run()
    assert not app.exception
    assert app.query_params["listener"] in ("7", ["7"])
    assert app.toast[0].value == "Each of 500 drawn listeners has a held-out artist in the list."


def test_every_artist_has_a_link_to_listen_at_the_chosen_service():
    app = open_page("recommend.py", run=trained("svd").session_state.run, listener="7")
    for row in [*listed(app), *listed(app, "Played")]:
        assert unquote(row["listen"]) == f"https://music.youtube.com/search?q={row['name']}"
    app.selectbox(key="listen-at").select("Deezer").run()
    assert all(row["listen"].startswith("https://www.deezer.com/search/") for row in listed(app))
    for table in open_page("explore.py").dataframe, open_page("artist.py", artist="1").dataframe:
        assert table[0].value["listen"].str.startswith("https://music.youtube.com/search?q=").all()


def test_an_unknown_listener_is_explained():
    run_id = trained().session_state.run
    app = open_page("recommend.py", run=run_id, listener="nobody")
    assert not app.exception
    assert "Nobody in this data has the id 'nobody'" in said(app)


def test_a_link_to_a_run_that_is_gone_shows_the_recommended_one():
    app = open_page("recommend.py", run="0123456789ab")
    assert not app.exception
    assert len(listed(app)) == 10


def test_an_address_in_a_sentence_ends_before_what_follows_it():
    assert layout.sentence("At https://a.org/b, *free*.") == r"At <https://a.org/b>\, \*free\*\."


def test_a_folder_of_runs_that_cannot_be_used_is_explained_on_the_page(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "file"))
    app = open_page("train.py", model="popular")
    app.button(key="train").click().run()
    for _ in range(100):
        if any("Done" in shown.value for shown in app.markdown):
            break
        app.run()
    assert any("cannot be read: Not a directory" in shown.value.replace("\\", "") for shown in app.caption)
    app.session_state["runs"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run().button(key="save-run").click().run()
    assert not app.exception
    assert "Or set RECSYS_RUNS to a folder that can be written to." in said(app)


def test_a_download_that_fails_is_explained_on_the_page(tmp_path, monkeypatch):
    monkeypatch.delenv("RECSYS_LASTFM", raising=False)
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path))
    monkeypatch.setenv("RECSYS_LASTFM_URL", "http://127.0.0.1:9/nothing.zip")
    app = open_page("data.py")
    app.button(key="download-lastfm").click().run()
    assert not app.exception
    assert "cannot be reached" in said(app)
    assert "drop it onto the Data page" in said(app)


def test_of_very_many_listeners_the_first_are_offered_and_any_id_can_be_typed(monkeypatch):
    monkeypatch.setattr(pickers, "LISTENERS_LISTED", 5)
    app = trained().switch_page("pages/recommend.py").run()
    picker = app.selectbox(key="listener")
    assert len(picker.options) == 5
    assert "The first 5 are listed; type any id" in picker.help
