"""Tuning on the Train page, without a browser: trains at once, remembers, explains, undoes."""

import errno
import os
import re
import threading
from dataclasses import replace

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.experiments.setup import Setup
from recsys.experiments.share_link import to_query
from recsys.experiments.training import TrainingRun
from recsys.settings import ROWS
from recsys.storage.run_store import RunStore
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("fresh_server")


def open_train(browser: str = "a" * 32, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/train.py")
    app.session_state["owner"] = f"browser: {browser}"
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def wait_for(app: AppTest, words: str) -> AppTest:
    for _ in range(200):
        assert not app.exception
        if any(words in shown.value for shown in app.markdown):
            return app
        app.run()
    raise AssertionError(f"{words!r} was not shown")


def settle(app: AppTest) -> AppTest:
    return wait_for(app, "Done")


def tuned(**settings: float) -> AppTest:
    app = open_train(model="funk", factors="2", epochs="5")
    settle(app)
    app.toggle(key="tune").set_value(True).run()
    settle(app)
    for name, value in settings.items():
        app.session_state[f"funk-{name}"] = value
        app.run()
        settle(app)
    return app


def test_nobody_steers_a_training_that_all_share(monkeypatch):
    from pages.components.session import session

    go_on, real = threading.Event(), TrainingRun.step

    def step(run):
        assert go_on.wait(60)
        real(run)

    monkeypatch.setattr(TrainingRun, "step", step)
    app = open_train()
    shared = session.train_recommended(load("sample"))
    app.run()
    labels = {button.label for button in app.button}
    go_on.set()
    assert session.runs().wait(shared, "done")
    assert not app.exception
    assert labels & {"Pause", "Continue", "Cancel"} == set()


def shown_history(app):
    from pages.components.session import session

    return session.runs().get(app.session_state.run).run.history


def errors(history):
    return [(epoch.train_rmse, epoch.validation_rmse, epoch.ndcg, epoch.recall) for epoch in history]


def table(app):
    return app.dataframe[0].value


def test_moving_a_slider_trains_at_once_and_keeps_the_run_before():
    app = tuned(regularization=0.5)
    assert app.session_state["funk-regularization"] == 0.5
    assert app.query_params["regularization"] == "0.5"
    rows = table(app)
    assert rows["regularization"].tolist()[0] == "0.5"
    assert rows["epochs"].tolist() == [5] * len(rows)


def test_a_move_begins_one_training_before_the_page_is_drawn(monkeypatch):
    from pages.components.session import session
    from pages.components.train import settings_panel
    from pages.components.widgets import settings_form

    def slider(label, steps, default, key, help="", moved=None):
        st.session_state.setdefault(key, default)
        return st.select_slider(label, steps, key=key, on_change=moved)

    monkeypatch.setattr(settings_form, "live_slider", slider)
    app = tuned()
    drawn = []
    model_settings = settings_form.model_settings

    def draw(moved):
        drawn.append(app.session_state.run)
        return model_settings(moved)

    monkeypatch.setattr(settings_panel.settings_form, "model_settings", draw)
    before = session.runs().of(f"browser: {'a' * 32}")
    app.select_slider(key="funk-regularization").set_value(0.5).run()
    settle(app)
    (begun,) = [job for job in session.runs().of(f"browser: {'a' * 32}") if job not in before]
    assert begun.run.model.settings["regularization"] == 0.5
    assert drawn[0] == begun.id


def test_without_the_toggle_a_slider_trains_nothing():
    app = settle(open_train(model="funk", factors="2", epochs="5"))
    app.toggle(key="tune").set_value(False).run()
    before = app.session_state.run
    app.session_state["funk-regularization"] = 0.5
    app.run()
    assert app.session_state.run == before


def test_a_link_reproduces_the_curve_to_the_last_digit():
    split = hold_out(load("sample").interactions, 30, 10, 4, 0.33)
    setup = Setup(
        "funk",
        {"factors": 2, "epochs": 5, "seed": 4, "learning_rate": 0.0123},
        minimum=30,
        hidden=10,
        watch="rmse",
        fingerprint=load("sample").interactions.fingerprint,
    )
    run = setup.run(split)
    list(run)
    app = settle(open_train(**to_query(setup)))
    assert not app.warning
    assert errors(shown_history(app)) == errors(run.history)
    assert app.query_params["learning_rate"] == "0.0123"


def test_wrong_values_in_a_link_are_explained_and_replaced():
    app = settle(open_train(model="funk", factors="many", epochs="5", fingerprint="0" * 16))
    said = " ".join(warning.value for warning in app.warning)
    assert "16 is used instead" in said or "factors" in said or "Latent features" in said
    assert app.session_state["funk-factors"] == 16


def test_a_link_from_other_data_says_so():
    app = open_train(model="funk", factors="2", epochs="5", fingerprint="0" * 16)
    assert any("made on other data" in warning.value for warning in app.warning)


def test_what_is_wrong_is_said_with_a_button_that_changes_it():
    app = settle(open_train(model="funk", factors="2", epochs="5", learning_rate="1e-05"))
    assert any("learning rate is too low" in shown.value for shown in app.markdown)
    app.button(key="apply-0").click().run()
    settle(app)
    assert app.session_state["funk-learning_rate"] == pytest.approx(5e-5)
    assert app.query_params["learning_rate"] == "5e-05"


def choose(app, *rows):
    app.session_state["runs"] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return app.run()


def test_a_run_is_saved_and_there_after_a_restart():
    app = choose(tuned(), 0)
    app.button(key="save-run").click().run()
    assert not app.exception
    (entry,) = RunStore.of(f"browser: {'a' * 32}").entries()[0]
    assert entry.setup.model == "funk"
    st.cache_resource.clear()
    later = settle(open_train()).run()
    assert later.dataframe[0].value["saved"].tolist() == [False, True]
    stranger = settle(open_train("b" * 32)).run()
    assert stranger.dataframe[0].value["saved"].tolist() == [False]


def test_a_run_that_is_there_for_everybody_is_opened_and_not_changed(tmp_path):
    app = choose(tuned(), 0)
    app.button(key="save-run").click().run()
    (saved,) = (tmp_path / "runs" / "own").glob("*/*.safetensors")
    saved.rename(tmp_path / "runs" / saved.name)
    stranger = choose(settle(open_train("b" * 32)).run(), 1)
    assert not stranger.exception
    assert any("for everybody" in shown.value for shown in stranger.caption)
    assert "delete-run" not in [button.key for button in stranger.button]


def test_a_run_is_renamed_pinned_deleted_and_brought_back():
    app = choose(tuned(regularization=0.5), 1)
    names = table(app)["name"].tolist()
    app.text_input[0].set_value("Mine")
    app.button(key="rename-run").click().run()
    assert table(app)["name"].tolist()[1] == "Mine"
    app.button(key="pin-run").click().run()
    assert table(app)["name"].tolist()[0] == "Mine"
    choose(app, 0)
    app.button(key="delete-run").click().run()
    assert "Mine" not in table(app)["name"].tolist()
    app.button(key="undo").click().run()
    assert not app.exception
    assert "Mine" in table(app)["name"].tolist()
    assert len(table(app)) == len(names)


def test_a_saved_run_that_cannot_be_brought_back_now_can_be_brought_back_later(monkeypatch):
    app = choose(tuned(), 0)
    app.button(key="save-run").click().run()
    choose(app, 0)
    app.button(key="delete-run").click().run()
    assert not app.dataframe
    real = os.replace

    def full(source, place):
        if str(source).endswith(".safetensors"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, place)

    monkeypatch.setattr(os, "replace", full)
    app.button(key="undo").click().run()
    assert "cannot be brought back: No space left" in app.error[0].value.replace("\\", "")
    assert not app.dataframe
    monkeypatch.setattr(os, "replace", real)
    app.button(key="undo").click().run()
    assert not app.exception
    assert table(app)["saved"].tolist() == [True]


def test_two_runs_are_shown_side_by_side():
    app = choose(tuned(regularization=0.5), 0, 1)
    assert not app.exception
    assert app.table[0].value.index.tolist() == ["Lambda (regularization)"]


def test_while_a_slider_is_dragged_runs_are_not_listed_and_the_last_one_is():
    app = tuned()
    rows = len(table(app))
    for value in (0.5, 0.7, 1.0):
        app.session_state["slider-dragging"] = True
        app.session_state["funk-regularization"] = value
        settle(app.run())
    assert len(table(app)) == rows
    app.session_state["slider-dragging"] = False
    settle(app.run()).run()
    assert len(table(app)) == rows + 1
    assert table(app)["regularization"].tolist()[0] == "1"


def test_a_list_stands_beside_the_curve_with_what_changed_against_the_baseline():
    app = settle(open_train(model="funk", factors="2", epochs="5", validation="0.33")).run()
    assert any("held-out artists in its first 10; marks are changes" in shown.value for shown in app.caption)
    ndcg = next(metric for metric in app.metric if metric.label == "NDCG@10")
    assert ndcg.delta.endswith("clear")
    assert re.search(r"over all 1,\d+ listeners", ndcg.help)


def test_another_epoch_changes_list_and_figures_and_the_newest_brings_them_back():
    from pages.components.session import keys, session

    app = settle(open_train(model="implicit", factors="8", epochs="6"))
    run = session.runs().get(app.session_state.run).run
    assert run.snapshots.epochs == [1, 2, 3, 4, 5, 6]

    def figures():
        return {metric.label: metric.value for metric in app.metric}

    newest = figures()
    app.session_state[keys.EPOCH] = (app.session_state.run, 2)
    app.run()
    assert not app.exception
    assert figures()["Train RMSE"] == f"{run.history[1].train_rmse:.4f}"
    assert figures()["NDCG@10"] != newest["NDCG@10"]
    assert app.session_state["epoch"] == 2
    app.session_state[keys.EPOCH] = (app.session_state.run, 6)
    app.run()
    assert figures() == newest


def test_a_run_that_another_follows_gives_up_its_epochs_and_can_be_trained_again():
    app = settle(open_train(model="implicit", factors="8", epochs="4"))
    first = app.session_state.run
    app.session_state["implicit-regularization"] = 1.0
    settle(app.run())
    from pages.components.session import session

    assert session.runs().get(first).run.snapshots.epochs == []
    app.session_state["run"] = first
    settle(app.run())
    app.button(key="replay").click().run()
    settle(app)
    assert session.runs().get(app.session_state.run).run.snapshots.epochs == [1, 2, 3, 4]


def test_the_latent_space_is_drawn_where_the_model_has_one():
    app = settle(open_train(model="implicit", factors="8", epochs="2"))
    app.session_state["list-view"] = "space"
    app.run()
    assert not app.exception
    assert any("directions" in caption.value for caption in app.caption)
    app = settle(open_train(model="popular"))
    assert not any(group.key == "list-view" for group in app.get("button_group"))


def test_a_note_is_in_the_table_the_link_and_the_saved_file():
    app = settle(open_train(model="funk", factors="2", epochs="2", note="for  the demo\n"))
    assert table(app)["note"].tolist()[0] == "for the demo"
    assert app.query_params["note"] == "for the demo"
    choose(app, 0)
    note = next(field for field in app.text_input if field.label == "Note")
    note.set_value("a baseline").run()
    assert table(app)["note"].tolist()[0] == "a baseline"
    assert app.query_params["note"] == "a baseline"
    app.button(key="save-run").click().run()
    assert table(app)["note"].tolist()[0] == "a baseline"
    assert [entry.note for entry in RunStore.of(f"browser: {'a' * 32}").entries()[0]] == ["a baseline"]
    settle(app)
    app.session_state["funk-regularization"] = 0.5
    settle(app.run())
    assert "note" not in app.query_params


def test_a_training_is_repeated_on_other_hold_outs():
    app = settle(open_train(model="implicit", factors="4", epochs="2"))
    app.button(key="repeat").click().run()
    wait_for(app, "On 5 hold-outs")


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_a_training_hides_what_came_from_a_month_on():
    app = settle(open_train(model="item-knn", way="date", month="2024-09", validation="0.33"))
    run = app.session_state.run
    assert app.selectbox(key="split-way").value == "date"
    assert app.selectbox(key="split-month").value == "2024-09"
    assert not any(field.label == ROWS["minimum"].label for field in app.number_input)
    assert "came to from a month on is hidden" in captions(app)
    assert "until 2024-09 begins" in captions(app)
    app.switch_page("pages/data.py").run()
    assert "The race has a hold-out of its own, drawn at random" in captions(app)
    app.switch_page("pages/train.py").run()
    assert app.selectbox(key="split-way").value == "date"
    assert (app.query_params["way"], app.query_params["month"]) == ("date", "2024-09")
    app.selectbox(key="split-way").set_value("last").run()
    settle(app)
    assert app.session_state.run != run
    assert "came to last" in captions(app)
    assert app.query_params["way"] == "last"
    assert "month" not in app.query_params
    app.selectbox(key="split-way").set_value("random").run()
    settle(app)
    assert "way" not in app.query_params
    app.switch_page("pages/data.py").run()
    assert "The race has a hold-out of its own" not in captions(app)


def test_data_without_times_has_one_way_and_says_what_it_leaves_out():
    for query, told in (({"way": "date", "month": "2024-09"}, True), ({}, False)):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.session_state.dataset = replace(load("sample"), history=None)
        app.switch_page("pages/train.py")
        for key, value in (query | {"model": "item-knn"}).items():
            app.query_params[key] = value
        settle(app.run())
        assert not any(field.label == "Way to split" for field in app.selectbox)
        assert ("The hold-out is drawn at random" in captions(app)) == told
        assert "way" not in app.query_params


def test_a_training_on_a_split_by_time_is_repeated_with_other_seeds_alone():
    app = settle(
        open_train(model="implicit", factors="4", epochs="2", way="date", month="2024-09", validation="0.33")
    )
    assert app.button(key="repeat").label == "Repeat with 5 seeds"
    app.button(key="repeat").click().run()
    wait_for(app, "On the same hold-out with seeds 0 to 4")


def test_a_weight_of_a_blend_is_dragged_and_its_parts_are_not_trained_again():
    app = settle(open_train(model="blend", parts="popular*3,svd:factors=4*1"))
    before = app.session_state.run
    app.toggle(key="tune").set_value(True).run()
    app.session_state["weight-1-popular*3,svd:factors=4*1"] = 0.75
    app.run()
    settle(app)
    from pages.components.session import session

    model, first = (session.runs().get(name).run.model for name in (app.session_state.run, before))
    assert model.weights == pytest.approx([0.5, 0.5])
    assert model.parts is first.parts
    assert app.query_params["parts"] == "popular*3,svd:factors=4*3"


def test_a_recipe_that_cannot_be_read_is_explained_and_trains_nothing():
    app = settle(open_train(model="blend", parts="popular*3,svd:factors=4*1"))
    app.text_input(key="blend-parts").set_value("popular*3,magic").run()
    assert not app.exception
    assert "no model" in app.error[0].value


def test_a_model_trained_in_one_step_gathers_its_trainings_by_the_setting_that_changed():
    app = settle(open_train(model="svd", factors="4"))
    app.toggle(key="tune").set_value(True).run()
    assert any("Change a setting: each training becomes a point" in shown.value for shown in app.caption)
    app.session_state["svd-scaling"] = 0.25
    app.run()
    settle(app)
    assert any("differs only in **Item scaling exponent** is a point" in shown.value for shown in app.caption)


def test_a_training_without_figures_yet_leaves_those_of_the_one_before(monkeypatch):
    app = settle(open_train(model="funk", factors="2", epochs="5"))
    before = [metric.value for metric in app.metric if metric.label == "NDCG@10"]
    go_on, real = threading.Event(), TrainingRun.step

    def step(run):
        assert go_on.wait(60)
        real(run)

    monkeypatch.setattr(TrainingRun, "step", step)
    app.toggle(key="tune").set_value(True).run()
    app.session_state["funk-factors"] = 3
    app.run()
    assert any(
        "List and figures of the training before; this one has none yet." in c.value for c in app.caption
    )
    assert [metric.value for metric in app.metric if metric.label == "NDCG@10"] == before
    go_on.set()
    settle(app)
    assert not any("this one has none yet" in c.value for c in app.caption)


def test_a_sweep_keeps_to_the_way_of_the_train_page():
    app = settle(
        open_train(model="item-knn", neighbours="20", way="date", month="2024-09", validation="0.33")
    )
    app.segmented_control(key="mode").set_value("sweep").run()
    assert "Hold-out from a month on" in captions(app).replace("\\", "")
    next(field for field in app.number_input if field.label == "Values").set_value(2).run()
    app.button(key="start-sweep").click().run()
    assert not app.exception
    from pages.components.session import session

    (job,) = session.sweeps().of(f"browser: {'a' * 32}")
    assert job.run.split.settings["month"] == "2024-09"


def test_the_address_has_no_settings_of_the_model_before():
    app = settle(open_train(model="svd", scaling="0.5", factors="4"))
    app.selectbox(key="model").set_value("popular").run()
    app = settle(app)
    assert app.query_params["model"] == "popular"
    assert not {"scaling", "factors"} & set(app.query_params)


def test_a_link_to_a_month_that_the_data_does_not_have_says_so():
    app = settle(open_train(model="popular", way="date", month="1999-01", validation="0.33"))
    used = app.selectbox(key="split-month").value
    assert used != "1999-01"
    told = [warning.value.replace("\\", "") for warning in app.warning]
    assert told == [f"This data cannot be split at 1999-01. All from {used} on is hidden instead."]


def test_data_of_one_month_is_not_split_by_month():
    sample = load("sample")
    once = np.full_like(sample.history.first, np.datetime64("2024-03-01"))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state.dataset = replace(sample, history=replace(sample.history, first=once, last=once))
    app.switch_page("pages/train.py")
    for key, value in {"model": "popular", "way": "date", "month": "2024-03"}.items():
        app.query_params[key] = value
    settle(app.run())
    assert app.selectbox(key="split-way").options == ["At random", "The last ones"]
    assert "data would need times of more than one month" in captions(app)


def test_a_grid_does_not_name_its_own_settings_among_the_others():
    app = settle(open_train(model="item-knn", neighbours="20", shrinkage="7", weighting="bm25"))
    app.session_state["mode"] = "sweep"
    app.run()
    first, second = (app.selectbox(key=f"{place}-item-knn").value for place in ("first", "second"))
    assert {first, second} == {"neighbours", "shrinkage"}
    others = next(caption.value for caption in app.caption if caption.value.startswith("All other settings"))
    assert "BM25" in others
    assert ROWS["neighbours"].label not in others
    assert ROWS["shrinkage"].label not in others
