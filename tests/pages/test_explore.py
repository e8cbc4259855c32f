"""Scenes, relations, friends and time on Explore, without a browser."""

import base64
import json

import numpy as np
import pytest

from pages.components.session import session
from pages.components.story.table import NAMES, STEPS
from recsys.analysis import times
from recsys.data.dataset import Dataset
from recsys.data.sources.load import load
from recsys.data.sources.sample import load_sample
from tests.pages.test_pages import open_page, said

pytestmark = pytest.mark.usefixtures("fresh_server")


def test_a_scene_filters_the_artists_and_is_taken_back():
    app = open_page("explore.py", view="scenes")
    assert not app.exception
    scenes = app.dataframe[0].value
    assert len(scenes) == 12
    metal = scenes[scenes["scene"] == "metal"].iloc[0]
    assert any("times as many as by chance" in caption.value for caption in app.caption)
    app = open_page("explore.py", scene="metal", plays="1..2000")
    assert app.selectbox(key="scene").value == "metal"
    assert app.dataframe[0].value["plays"].max() <= 2_000
    app.button(key="back-plays").click().run()
    assert len(app.dataframe[0].value) == metal["artists"]
    app.selectbox(key="scene").set_value("punk").run()
    assert app.query_params["scene"] in ("punk", ["punk"])
    app.button(key="back-scene").click().run()
    assert len(app.dataframe[0].value) == 2_188
    tag = next(option for option in app.selectbox(key="scene").options if option not in set(scenes["scene"]))
    app.selectbox(key="scene").set_value(tag).run()
    assert app.query_params["tag"] in (tag, [tag])
    assert 0 < len(app.dataframe[0].value) < 2_188
    app.button(key="back-tag").click().run()
    assert len(app.dataframe[0].value) == 2_188
    app = open_page("explore.py", scene="no such")
    assert "no scene or group called 'no such'" in said(app)


def test_two_artists_stand_side_by_side_with_the_path_between_them():
    app = open_page("explore.py", view="relations")
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    both, chance = int(shown["Of both"]), float(shown["By chance"])
    assert float(shown["Lift"]) == pytest.approx(both / chance, abs=0.01)
    interactions = load_sample().interactions
    one, other = (str(interactions.items[interactions.item_named(name)]) for name in ("Metallica", "Rihanna"))
    app = open_page("explore.py", view="relations", one=one, other=other)
    chain = app.dataframe[0].value["artist"].tolist()
    assert (chain[0], chain[-1]) == ("Metallica", "Rihanna")
    assert len(chain) > 2
    app.button[[button.label for button in app.button].index("Swap")].click().run()
    assert app.dataframe[0].value["artist"].tolist()[0] == "Rihanna"
    app.selectbox(key="other").set_value("Eminem").run()
    assert app.dataframe[0].value["artist"].tolist()[-1] == "Eminem"
    app = open_page("explore.py", view="relations", one=one, other="no such id")
    assert "no such id" in said(app)
    app = open_page("explore.py", view="relations", one=one, other=one)
    assert "Choose two different" in app.info[0].value


def test_friends_are_compared_with_strangers_where_the_data_has_them():
    app = open_page("explore.py", view="friends")
    assert not app.exception
    assert any("95% interval" in caption.value for caption in app.caption)
    assert len(app.dataframe[0].value)


@pytest.fixture
def dated(tmp_path) -> Dataset:
    """Return a small set with plays in two years."""
    rows = [
        f"u{user},{name} {item},{2020 + (item + user) % 2}-0{1 + (user + item) % 9}-11T10:00:00Z"
        for user in range(30)
        for item, name in enumerate(["Low", "Can", "Neu!", "<b>Faust</b>", "Air", "Moby"] * 4)
        for _ in range(1 + (user * item) % 3)
    ]
    path = tmp_path / "dated.csv"
    path.write_text("\n".join(["user,artist,timestamp", *rows]))
    return load(str(path))


def test_where_times_are_known_they_have_a_view_and_parts_on_the_pages_of_an_artist_and_a_listener(
    monkeypatch, dated
):
    data = dated
    assert data.history is not None
    monkeypatch.setattr(session, "dataset", lambda: data)
    app = open_page("explore.py", view="time")
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["From"] == "January 2020"
    assert any("Risen and fallen" in caption.value for caption in app.caption)
    assert any("Whose taste moved most" in caption.value for caption in app.caption)
    everything = app.dataframe[0].value
    app.selectbox(key="when").set_value("2021").run()
    assert app.query_params["when"] in ("2021", ["2021"])
    later = {metric.label: metric.value for metric in app.metric}
    assert later["From"].endswith("2021")
    assert int(later["Plays"].replace(",", "")) == app.dataframe[0].value["plays"].sum()
    assert 0 < app.dataframe[0].value["plays"].sum() < everything["plays"].sum()
    app.toggle(key="new-only").set_value(True).run()
    assert len(app.dataframe[0].value) == int(later["New artists"])
    app.selectbox(key="when").set_value("2020").run()
    app.query_params["when"] = "2021"  # as a browser sends it that has not heard of the new address yet
    app.toggle(key="new-only").set_value(False).run()
    assert app.query_params["when"] in ("2020", ["2020"])
    assert {metric.label: metric.value for metric in app.metric}["To"].endswith("2020")
    monkeypatch.setattr("pages.components.explore.times.ON_ITS_WAY", 0.0)
    app.query_params["when"] = "2021"  # the Back button, say
    assert {metric.label: metric.value for metric in app.run().metric}["From"].endswith("2021")
    app = open_page("explore.py", view="time", when="no such")
    assert not app.exception
    assert len(app.dataframe[0].value) == len(everything)
    app = open_page("artist.py", artist=str(data.interactions.items[0]))
    assert not app.exception
    assert "By month" in [heading.value for heading in app.subheader]
    app = open_page("listener.py", listener="u3")
    assert not app.exception
    assert {"By month", "How the taste moved"} <= {heading.value for heading in app.subheader}


def test_months_of_an_artist_are_not_those_of_the_listener_with_the_same_code():
    data = load_sample()
    code = 5
    whose = {"artist.py": "artist", "listener.py": "listener"}
    labels = {"artist": data.interactions.items[code], "listener": data.interactions.users[code]}
    drawn = [
        json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]["y"]
        for app in (open_page(page, **{kind: str(labels[kind])}) for page, kind in whose.items())
    ]
    assert data.history is not None
    tables = times.course(data.history, code), times.course_of_user(data.history, code)
    for y, table in zip(drawn, tables, strict=True):
        values = np.frombuffer(base64.b64decode(y["bdata"]), np.dtype(y["dtype"]))
        np.testing.assert_allclose(values, table["plays"])


@pytest.mark.parametrize("step", NAMES)
def test_each_step_of_the_story_is_drawn_with_its_code(step):
    app = open_page("story.py", step=step)
    assert not app.exception
    assert not app.error
    assert app.code[0].value == STEPS[NAMES.index(step)].code
    for number, of in ((1, "explore"), (2, "neighbours"), (3, "scale"), (4, "rmse"), (5, "sgd"), (6, "sgd")):
        badge = any(f"Fault {number} of the article" in markdown.value for markdown in app.markdown)
        assert badge or step != of


def test_the_story_goes_on_and_back():
    app = open_page("story.py")
    app.button(key="step-next").click().run()
    assert app.header[0].value == "Wrangle: from rows to a ranking"
    app.button(key="step-back").click().run()
    assert app.header[0].value.startswith("Load")
