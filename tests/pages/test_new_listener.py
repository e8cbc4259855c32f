"""The page of a new listener through the app, without a browser."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from tests.conftest import ROOT
from tests.pages.test_pages import open_page, said, trained

pytestmark = pytest.mark.usefixtures("fresh_server")


@pytest.fixture
def run():
    return trained("svd").session_state.run


def listed(app):
    return [button.label.strip("*") for button in app.button if (button.key or "").startswith("open-")]


def test_it_opens_with_starting_points_and_without_training_first():
    app = open_page("you.py")
    assert [button for button in app.button if button.label == "Start with these"]
    assert not app.info


def test_the_former_address_keeps_its_query():
    app = open_page("new_listener.py", artists="1,2")
    assert len(listed(app)) == 10
    assert app.query_params["artists"] == "1,2"


def test_a_model_that_cannot_take_in_new_listeners_says_which_can():
    app = open_page("you.py", run=trained("user-knn").session_state.run)
    assert not app.exception
    assert "knows only those" in app.info[0].value
    assert "Implicit MF" in app.info[0].value
    assert app.button(key="to-train")


def test_an_example_makes_a_list_and_an_address(run):
    app = open_page("you.py", run=run)
    starts = [button for button in app.button if button.label == "Start with these"]
    assert len(starts) >= 3
    starts[0].click().run()
    assert not app.exception
    assert len(listed(app)) == 10
    address = app.query_params["artists"]
    assert len(address.split(",")) == 4
    again = open_page("you.py", run=run, artists=address)
    assert listed(again) == listed(app)


def test_every_button_of_a_row_takes_the_artist_off_the_list_and_undo_brings_it_back(run):
    app = open_page("you.py", run=run, artists="1,2*500")
    before = listed(app)
    for verdict, name in (("up", "artists"), ("down", "down"), ("know", "know"), ("hide", "hide")):
        first = next(button for button in app.button if button.key.startswith(f"{verdict}-"))
        first.click().run()
        assert not app.exception
        assert before[0] not in listed(app)
        assert len(listed(app)) == 10
        assert app.query_params[name]
        app.button(key="undo").click().run()
        assert listed(app) == before
    app.button(key="start-over").click().run()
    assert not listed(app)
    assert "artists" not in app.query_params


def test_with_a_half_life_what_was_played_lately_counts_most_and_the_page_says_so():
    recent = trained("item-knn", model="item-knn", half_life="3").session_state.run
    lists = []
    for artists in ("1,2", "1@0,2@48", "1@48,2@0"):
        app = open_page("you.py", run=recent, artists=artists)
        assert not app.exception
        assert app.query_params["artists"] == artists
        told = [caption.value for caption in app.caption if "half-life of taste" in caption.value]
        assert len(told) == 1
        assert ("all count in full" in told[0]) == (artists == "1,2")
        lists.append(listed(app))
    assert lists[0] != lists[1] != lists[2] != lists[0]


def test_without_a_half_life_ages_change_nothing(run):
    for artists in ("1,2", "1@0,2@48"):
        app = open_page("you.py", run=run, artists=artists)
        assert not any("half-life" in caption.value for caption in app.caption)
    assert listed(app) == listed(open_page("you.py", run=run, artists="1,2"))


def test_dropping_an_export_keeps_the_months_since_each_was_played(run):
    app = open_page("you.py", run=run)
    rows = "artist,time\nMetallica,2024-01-01T00:00:00\nIron Maiden,2024-05-01T00:00:00\n"
    upload = app.file_uploader[0]
    upload.set_value(("mine.csv", rows.encode(), "text/csv")).run()
    assert not app.exception
    ages = sorted(word.partition("@")[2] for word in app.query_params["artists"].split(","))
    assert ages == ["0", "3.98"]


def test_typing_finds_artists(run):
    app = open_page("you.py", run=run)
    app.text_input(key="newcomer-search").input("metallica").run()
    assert not app.exception
    assert "Metallica" in next(group.options for group in app.button_group if group.options)


def test_a_link_with_an_unknown_artist_is_explained(run):
    app = open_page("you.py", run=run, artists="1,nobody")
    assert not app.exception
    assert "Nothing in this data has the id" in app.warning[0].value
    assert len(listed(app)) == 10


def test_artists_nobody_is_known_to_play_are_explained(run):
    app = open_page("you.py", run=run, down="1,2")
    assert not app.exception
    assert [button for button in app.button if button.label == "Start with these"]
    assert not app.error, said(app)


def test_pasted_names_make_a_list_and_what_is_not_found_is_said(run):
    app = open_page("you.py", run=run)
    app.text_area(key="own-names").input("metallica, The IRON MAIDEN, Metallicca, Xyzzyx").run()
    assert not app.exception
    assert len(listed(app)) == 10
    said_of_it = " ".join(caption.value.replace("\\", "") for caption in app.caption)
    assert "found **2** of 4 artists" in said_of_it
    assert "Not in this data: Metallicca, Xyzzyx" in said_of_it
    assert any("Metallica" in group.options for group in app.button_group)
    assert len(app.query_params["artists"].split(",")) == 2


def test_names_on_home_lead_to_a_list():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    app.text_input(key="home-names").input("Metallica, Iron Maiden").run()
    assert not app.exception
    assert app.title[0].value == "You"
    for _ in range(100):  # until the recommended model is trained
        if listed(app):
            break
        app.run()
    assert len(listed(app)) == 10


def test_what_came_of_an_export_is_not_told_on_other_data(run):
    app = open_page("you.py", run=run)
    app.text_area(key="own-names").input("metallica, Metallicca").run()
    assert any("found **1** of 2" in caption.value for caption in app.caption)
    pairs = [(user, f"Band {(user * place) % 50}", place) for user in range(60) for place in range(1, 40)]
    frame = pd.DataFrame(pairs, columns=["user", "item", "value"]).drop_duplicates(["user", "item"])
    app.session_state.dataset = Dataset("own", "Other", "", "", Interactions.from_frame(frame))
    app.run()
    assert not app.exception
    assert not any("found **" in caption.value for caption in app.caption)
