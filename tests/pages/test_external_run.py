"""A run trained elsewhere through the app, without a browser."""

import time

import pytest

from benchmarks.large_run import write
from recsys.scale.external_runs import ExternalRun, read_manifest
from tests.pages.test_nouns import OF_MUSIC, complaints, seen
from tests.pages.test_pages import listed, open_page, said
from tests.scale.test_external_runs import prepare, story

BOOKS = {"user": "reader", "users": "readers", "item": "book", "items": "books"}
BOOKS |= {"value": "loans", "values": "loans", "do": "borrow"}

pytestmark = pytest.mark.usefixtures("fresh_server")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "runs"))
    place = tmp_path / "runs" / "spark"
    write(place, 300, 200, 4_000, 8)
    return place


@pytest.fixture
def run(folder):
    prepare(folder)
    opened = ExternalRun(read_manifest(folder))
    yield opened
    opened.close()


def metrics(app):
    return {
        metric.label.replace("\\", "").replace("\N{WORD JOINER}", ""): metric.value for metric in app.metric
    }


def test_a_run_is_prepared_and_opened_on_the_data_page(folder):
    app = open_page("data.py")
    app.button(key="prepare-run-spark").click().run()
    for _ in range(100):
        if any(button.key == "open-run-spark" for button in app.button):
            break
        time.sleep(0.1)
        app.run()
    app.button(key="open-run-spark").click().run()
    assert not app.exception
    assert metrics(app)["Listeners"] == "300"
    assert "In use: Made" in app.header[0].value
    assert app.query_params["data"] == "run-spark"
    app.button(key="use-sample").click().run()
    assert not app.exception
    assert "Generated sample" in app.header[0].value
    assert app.query_params["data"] == "sample"


def test_a_damaged_run_says_so_after_preparing(folder):
    story(users=301)(folder)
    app = open_page("data.py")
    app.button(key="prepare-run-spark").click().run()
    for _ in range(100):
        if app.error:
            break
        time.sleep(0.1)
        app.run()
    assert "users/ has 300 rows, and run.json says 301" in said(app)
    assert app.button(key="prepare-run-spark")


def test_a_link_to_a_run_that_is_not_prepared_or_not_there_is_explained(folder):
    assert "not prepared yet" in open_page("recommend.py", data="run-spark").warning[0].value
    assert "There is no run" in open_page("recommend.py", data="run-nothing").warning[0].value


def test_explore_shows_the_figures_of_the_run(run):
    app = open_page("explore.py", data="run-spark")
    assert not app.exception
    assert metrics(app)["Artists"] == "200"
    assert metrics(app)["NDCG@10"] == "0.1234"
    first = run.names[run.found("", 1).index[0]]
    assert app.dataframe[0].value["artist"].iloc[0] == first
    app.text_input(key="large-search").input(first[1:6].upper()).run()
    assert first in app.dataframe[0].value["artist"].tolist()


def test_recommend_shows_both_lists_of_a_listener_in_the_address(run):
    label = run.user(17)
    app = open_page("recommend.py", data="run-spark", listener=label, n="7")
    assert not app.exception
    existing, recommended = run.recommend(17, 7)
    assert [row["name"] for row in listed(app, "Played")] == existing["artist"].tolist()
    rows = listed(app)
    assert [row["name"] for row in rows] == recommended["artist"].tolist()
    assert [row["hit"] for row in rows] == recommended["hit"].tolist()
    assert [row["reasons"] for row in rows] == [names[:2] for names in recommended["names"]]
    assert all("search?q=" in row["listen"] for row in rows)
    app.text_input(key="listener").input(label[:4]).run()
    assert not app.exception
    assert label in app.button_group[0].options
    assert app.query_params["listener"] == label
    app.text_input(key="listener").input("nobody").run()
    assert "There is no listener 'nobody'" in said(app)
    app.button(key="any-listener").click().run()
    assert not app.exception
    assert len(listed(app)) == 7
    assert app.query_params["listener"] == app.text_input(key="listener").value


def test_a_new_listener_gets_a_list(run):
    app = open_page("you.py", data="run-spark", artists="a3,a50*5")
    assert not app.exception
    before = [button.key for button in app.button if (button.key or "").startswith("open-")]
    assert len(before) == 10
    next(button for button in app.button if button.key.startswith("down-")).click().run()
    assert not app.exception
    after = [button.key for button in app.button if (button.key or "").startswith("open-")]
    assert before[0] not in after
    assert app.query_params["down"] == f"a{before[0].removeprefix('open-')}"


def test_an_artist_has_figures_and_others_that_are_like_it(run):
    app = open_page("artist.py", data="run-spark", artist="a5")
    assert not app.exception
    assert metrics(app)["Listeners"] == f"{run.item_table([5])['listeners'].iloc[0]:,}"
    assert app.dataframe[0].value["artist"].tolist() == run.similar(5)["artist"].tolist()
    assert "There is no artist" in said(open_page("artist.py", data="run-spark", artist="x"))


@pytest.mark.parametrize("page", ["train", "sweep", "compare", "map", "present"])
def test_what_cannot_be_had_is_said_with_a_way_out(run, page):
    app = open_page(f"{page}.py", data="run-spark")
    assert not app.exception
    assert "Made\\-up run" in app.info[0].value
    assert app.query_params["data"] == "run-spark"


def test_a_run_of_books_has_the_words_of_books(folder):
    story(nouns=BOOKS)(folder)
    prepare(folder)
    for page in ("explore", "recommend", "artist", "you", "map", "compare", "train", "vote", "data"):
        app = open_page(f"{page}.py", data="run-spark")
        assert complaints({page: set(seen(app))}, OF_MUSIC, []) == []
    assert metrics(open_page("explore.py", data="run-spark"))["Readers"] == "300"


def test_recommend_opens_with_the_lists_of_a_user_and_has_no_links_to_hear_books(folder):
    story(nouns=BOOKS)(folder)
    prepare(folder)
    app = open_page("recommend.py", data="run-spark")
    assert not app.exception
    assert app.query_params["listener"]
    assert listed(app, "Borrowed")
    assert all(row["note"].endswith(("readers", "reader")) and not row["listen"] for row in listed(app))
