"""Find the best model for the data in use, without a browser: race, table, choice, and the run in use."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.components.session import session
from recsys.data.dataset import UPLOAD, Dataset
from recsys.data.interactions import Interactions
from recsys.experiments import candidates
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("fresh_server")


@pytest.fixture(autouse=True)
def two_candidates(monkeypatch):
    monkeypatch.setattr(candidates, "GRID", {"popular": [{}], "svd": [{"factors": 4}, {"factors": 8}]})


def open_page(name: str, browser: str = "a" * 32, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page(f"pages/{name}.py")
    app.session_state["owner"] = f"browser: {browser}"
    for key, value in query.items():
        app.query_params[key] = value
    return app.run()


def race_of(app: AppTest):
    return session.sweeps().get(app.session_state["race-followed"])


def ended(app: AppTest) -> AppTest:
    assert session.sweeps().wait(race_of(app), "done", "cancelled", timeout=60)
    app.run()
    assert not app.exception
    return app


def started(**query: str) -> AppTest:
    app = open_page("train", mode="best", **query)
    return app.button(key="start-race").click().run()


def words(app: AppTest) -> str:
    said = " ".join(
        shown.value for kind in (app.success, app.markdown, app.info, app.caption) for shown in kind
    )
    return said.replace("\\", "")


def test_the_winner_becomes_the_run_in_use_and_the_sentence_says_why():
    app = ended(started())
    assert "among 3 candidates by 6 held-out artists of each listener" in words(app)
    assert "The test part was not looked at." in words(app)
    table = app.dataframe[0].value
    assert table["State"].tolist()[0].startswith("Chosen")
    assert table["Model"].iloc[-1] == "Most popular"
    assert (table["NDCG@10"] > 0).all()
    assert set(table["Listeners"]) <= {"1,000", "1,982"}
    run = session.runs().get(app.session_state.run)
    assert run.run.model.name in ("svd", "blend")
    assert run.run.split.settings == race_of(app).run.split.settings
    assert "The run in use" in words(app)


def test_the_controls_of_train_show_the_winner_and_do_not_train_it_again():
    app = ended(started())
    chosen = app.session_state.run
    app.segmented_control(key="mode").set_value("tune").run()
    assert not app.exception
    assert app.session_state.run == chosen
    assert app.selectbox(key="model").value == session.runs().get(chosen).run.model.name


def test_a_run_that_was_chosen_meanwhile_stays_until_the_choice_is_used():
    app = started()
    session.sweeps().pause(race_of(app))
    app.segmented_control(key="mode").set_value("tune").run()
    app.button(key="train").click().run()
    mine = app.session_state.run
    session.sweeps().resume(race_of(app))
    app.segmented_control(key="mode").set_value("best").run()
    ended(app)
    assert app.session_state.run == mine
    app.button(key="use-choice").click().run()
    assert app.session_state.run != mine
    assert "The run in use" in words(app)


def test_a_cancelled_race_changes_nothing_and_another_can_begin():
    app = started()
    session.sweeps().pause(race_of(app))
    app.run()
    assert "cancel-race" in [button.key for button in app.button]
    session.sweeps().cancel(race_of(app))
    ended(app)
    assert "nothing was chosen" in words(app)
    assert "run" not in app.session_state
    app.button(key="start-race").click().run()
    assert "run" in ended(app).session_state


def test_a_reload_finds_the_race_again():
    app = started()
    race = race_of(app)
    session.sweeps().wait(race, "done")
    later = open_page("data")
    assert later.session_state["race-followed"] == race.id
    assert later.session_state.run == later.query_params["run"]
    stranger = open_page("data", "b" * 32)
    assert "race-followed" not in stranger.session_state


def test_data_that_leaves_nothing_to_choose_by_is_refused_in_a_sentence():
    frame = pd.DataFrame({"user": range(30), "item": [n % 5 for n in range(30)], "value": 1})
    dataset = Dataset(UPLOAD, "Mine", "", "", Interactions.from_frame(frame))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/train.py")
    app.session_state["dataset"] = dataset
    app.query_params["mode"] = "best"
    app.run()
    app.button(key="start-race").click().run()
    assert not app.exception
    assert len(app.error) == 1
