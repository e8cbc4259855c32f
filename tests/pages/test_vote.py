"""The blind vote through the app, without a browser."""

import re

import pytest

from tests.pages.test_pages import open_page, trained

pytestmark = pytest.mark.usefixtures("fresh_server")


@pytest.fixture
def run():
    return trained("svd").session_state.run


def heads(app):
    return [header.value.replace("\\/", "/") for header in app.header]


def words(app):
    return " ".join(shown.value for shown in (*app.header, *app.markdown, *app.caption))


def test_nothing_tells_the_lists_apart_before_the_vote(run):
    app = open_page("vote.py", run=run, listener="7")
    assert not app.exception
    assert heads(app) == ["List A", "List B"]
    assert len(app.subheader) == 16
    assert not any("hit" in shown.value for shown in app.subheader)
    assert "NDCG" not in words(app)


def test_a_vote_shows_what_the_lists_were_and_counts(run):
    app = open_page("vote.py", run=run, listener="7")
    app.button(key="vote-A").click().run()
    assert not app.exception
    chosen, other = heads(app)[:2]
    assert chosen.endswith(":material/how_to_vote:")
    assert {chosen.split(" :")[0], other} == {"PureSVD / EigenRec", "Most popular"}
    assert not [button for button in app.button if button.key == "vote-A"]
    shown = {metric.label.replace("\\/", "/"): metric.value for metric in app.metric}
    assert shown[chosen.split(" :")[0]] == "1"
    assert shown[other] == "0"
    assert re.search(r"NDCG@10 over all listeners: 0\.\d+ against 0\.\d+", words(app))
    assert "sign test, p = 1.00" in words(app)

    app.button(key="vote-next").click().run()
    assert heads(app)[:2] == ["List A", "List B"]
    app.button(key="vote-tie").click().run()
    assert {metric.label: metric.value for metric in app.metric}["No difference"] == "1"
    app.button(key="vote-over").click().run()
    assert not app.metric


def test_the_person_in_the_room_votes_on_their_own_lists(run):
    app = open_page("you.py", run=run, artists="1,2,3")
    app.switch_page("pages/vote.py").run()
    assert not app.exception
    assert any(shown.value.startswith("**You play**") for shown in app.markdown)
    app.button(key="vote-B").click().run()
    assert not app.exception
    assert len(app.metric) == 3
    assert "higher NDCG" not in words(app)


def test_a_lone_model_has_nothing_to_vote_against():
    app = open_page("vote.py", run=trained("popular").session_state.run)
    assert not app.exception
    assert "nothing to vote against" in app.info[0].value
