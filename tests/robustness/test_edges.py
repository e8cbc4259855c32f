"""Data of odd shapes and with odd names, all the way: brought, looked at, learned from, recommended, compared."""

import datetime

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from recsys.data.splitting import hold_out, suited
from recsys.experiments.training import TrainingRun
from recsys.models import MODELS, make_model
from recsys.storage.html_report import report
from tests.conftest import ROOT
from tests.data.importing.bringing import bring
from tests.pages.test_pages import listed

ODD = (
    "<script>alert(1)</script>",
    "a|b",
    "$x^2$ costs $5",
    "[x](https://example.org)",
    "=cmd()",
    "😀 :material/home: :red[x]",
    "שלום עולם",
    "x" * 10_000,
    "`code` **bold** <br>",
    "\u202edrow",
)
PAGES = ("explore", "artist", "train", "recommend", "present", "new_listener", "compare", "map", "data")


pytestmark = pytest.mark.usefixtures("fresh_server")


def table(rows) -> str:
    """Write listeners, artists and plays as a table with tabs between."""
    return "user\tartist\tplays\n" + "".join("\t".join(map(str, row)) + "\n" for row in rows)


def odd_rows():
    """Make up 10 listeners with emoji in their ids and 8 artists with odd names each: none has 35."""
    return [
        (f"😀{user}<b>", ODD[(user + place) % len(ODD)], 1 + user * place)
        for user in range(10)
        for place in range(8)
    ]


def shown(app: AppTest) -> str:
    """Return all that a page says in its own words, as it is read."""
    assert not app.exception
    elements = [*app.markdown, *app.caption, *app.error, *app.info, *app.warning, *app.header]
    return "\n".join(str(element.value) for element in elements).replace("\\", "")


def brought(content: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/data.py").run()
    app.file_uploader(key="file-0").set_value(("odd <b>names</b>.tsv", content.encode(), "text/csv")).run()
    assert not app.exception
    return app


def trained(app: AppTest) -> AppTest:
    app.switch_page("pages/train.py").run()
    app.button(key="train").click().run()
    for _ in range(200):
        if "Done" in shown(app):
            return app
        app.run()
    raise AssertionError("training did not end")


def test_odd_names_and_few_artists_go_all_the_way(monkeypatch):
    app = brought(table(odd_rows()))
    assert "listeners with at least 8 artists hide 3: the Train page can change that" in shown(app)
    app.button(key="use-own").click().run()
    assert "odd <b>names" in shown(app)
    app = trained(app)
    assert (app.session_state["split-minimum"], app.session_state["split-hidden"]) == (8, 3)
    for page in PAGES:
        app.query_params.clear()
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, page
        assert not any("<script" in str(element.value) and element.allow_html for element in app.markdown), (
            page
        )
    app.switch_page("pages/explore.py").run()
    for tab in [tab.label for tab in app.tabs]:
        app.session_state.explored = tab
        app.switch_page("pages/explore.py").run()
        assert not app.exception, tab
    assert "Gini coefficient" in [metric.label for metric in app.metric]
    app.switch_page("pages/recommend.py").run()
    app.selectbox(key="listener").set_value("😀3<b>").run()
    assert not app.exception
    assert listed(app)
    app.switch_page("pages/compare.py").run()
    app.session_state["compared"] = ["popular", "svd"]
    app.button(key="compare").click().run()
    for _ in range(200):
        assert not app.exception
        if any(button.key == "download-leaderboard" for button in app.get("download_button")):
            return
        app.run()
    raise AssertionError("the comparison did not end")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(user, "Low", 3) for user in range(20)], "All rows are about a single artist."),
        ([("me", f"a{place}", 3) for place in range(50)], "All rows are of a single listener."),
        ([], "There is no row in it."),
    ],
)
def test_what_nothing_can_be_learned_from_says_so(rows, said):
    app = brought(table(rows))
    assert said in shown(app)
    assert not any(button.key == "use-own" for button in app.button)


@pytest.mark.parametrize("each", [1, 2])
def test_listeners_with_hardly_any_artists_are_looked_at_and_told_of(each):
    rows = [(user, f"a{(user + place) % 4}", 2) for user in range(10) for place in range(each)]
    app = brought(table(rows))
    app.button(key="use-own").click().run()
    app.switch_page("pages/explore.py").run()
    for tab in [tab.label for tab in app.tabs]:
        app.session_state.explored = tab
        app.switch_page("pages/explore.py").run()
        assert not app.exception, tab
    app.switch_page("pages/train.py").run()
    app.button(key="train").click().run()
    if each == 1:
        assert "Nobody has more than one" in shown(app)
    else:
        assert "Nobody has more than one" not in shown(trained(app))
    for page in PAGES:
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, page


@pytest.mark.parametrize("name", MODELS)
def test_every_model_learns_from_odd_shapes(name):
    shapes = {
        "odd": odd_rows(),
        "one for all": [(user, "Low", 3) for user in range(20)] + [(0, "Can", 1)],
        "pairs": [(user, f"a{(user + place) % 4}", 2) for user in range(10) for place in range(2)],
    }
    settings = {"epochs": 2} if "epochs" in MODELS[name].defaults else {}
    for rows in shapes.values():
        dataset = bring(table(rows)).dataset
        known = dataset.interactions
        run = TrainingRun(make_model(name, **settings), hold_out(known, *suited(known)))
        list(run)
        users = np.arange(known.n_users, dtype=np.int32)
        assert np.isfinite(run.model.scores(users)).all()
        page = report(dataset, run.split, run.model, 0, 5, made=datetime.date(2026, 1, 1))
        assert "<script>alert" not in page
