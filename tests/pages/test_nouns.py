"""The words on the screen are those of the data: every page with all that it can show, without a browser."""

import datetime
import json
import re
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from recsys.data.dataset import Dataset
from recsys.data.importing.formats.movielens import NOUNS
from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC
from recsys.data.splitting import hold_out
from recsys.models import MODELS, make_model
from recsys.settings import ROWS
from recsys.storage.html_report import report
from tests.conftest import ROOT

OF_MUSIC = re.compile(r"listen\w*|artists?|play(s|ed|ing)?|songs?|music\w*|library_music|queue_music", re.I)
# "per user" and "User-based kNN" are terms of the field, on any data.
OF_MOVIES = re.compile(r"movies?|rated|ratings?|(?<!per )users?(?!-based)", re.I)
# what no reader sees: names of things in code, addresses, and the program of the live chart
UNSEEN = {
    *("id", "user_key", "form_id", "page", "query_string", "page_script_hash", "js_content", "html_content"),
    *(
        "css_content",
        "component_name",
        "config",
        "url",
        "element_id",
        "fragment_id",
        "group_id",
        "column_order",
        "button_click_widgets",
    ),
}
# What the Data page offers, whatever is in use.
OFFERED = (
    "Made-up listening histories",
    "1,892 real listeners",
    "A table (CSV, Parquet, JSON, Excel), an export of",
    "Runs of millions of listeners",
)
START = ":material/play_arrow:"


pytestmark = pytest.mark.usefixtures("fresh_server")


def movies() -> Dataset:
    """Make up 60 users of two tastes who rate 30 of 80 movies, with tags and friends, as MovieLens has ratings."""
    random = np.random.default_rng(1)
    pairs = [
        (user, 2 * movie + user % 2 if movie < 24 else 79 - movie)
        for user in range(1, 61)
        for movie in random.choice(34, 30, replace=False)
    ]
    frame = pd.DataFrame(pairs, columns=["user", "item"]).drop_duplicates()
    frame["value"] = random.integers(1, 11, len(frame)) / 2
    frame["name"] = "Film " + frame["item"].astype(str)
    known = Interactions.from_frame(frame)
    tags = pd.DataFrame(
        {"item": known.items, "tag": [f"kind {item % 4}" for item in known.items], "count": 3}
    )
    friends = pd.DataFrame({"user": [1, 2, 1, 3], "friend": [2, 1, 3, 1]})
    return Dataset("upload", "ml-test.zip", "Brought by you.", "", known, tags, friends, NOUNS)


def words(value: Any) -> Iterator[str]:
    """Walk through what an element sends to the browser and yield what is read there."""
    if isinstance(value, str):
        if value.startswith(("{", "[")):
            try:
                value = json.loads(value)
            except ValueError:
                yield value
                return
            yield from words(value)
        else:
            yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in ("key", "meta", "customdata", "script", "template", "type_config"):
                yield from words(part)
        yield from words(value.get("type_config", {}).get("label") or "")
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from words(part)
    elif hasattr(value, "DESCRIPTOR"):
        for field, part in value.ListFields():
            if field.name not in UNSEEN:
                yield from words(list(part) if field.is_repeated else part)


def seen(app: AppTest) -> list[str]:
    """Return all texts of a page: of its elements, tabs, expanders and pop-ups, tables and charts."""
    assert not app.exception
    found = []
    for node in app._tree:
        found += words(getattr(node, "proto", None))
        if node.type in ("arrow_data_frame", "dataframe"):
            configured = json.loads(node.proto.columns or "{}")
            found += [name for name in node.value.columns if not configured.get(name, {}).get("label")]
    return found


class Visit:
    """A visitor who looks at everything there is on some data."""

    def __init__(self, dataset: Dataset) -> None:
        self.app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        self.app.session_state.dataset = dataset
        self.app.session_state["split-minimum"] = self.app.session_state["compare-minimum"] = 10
        self.app.session_state["split-hidden"] = self.app.session_state["compare-hidden"] = 3
        self.app.run()
        self.texts: dict[str, set[str]] = {}
        self.look("home")

    def look(self, name: str) -> None:
        self.texts.setdefault(name, set()).update(seen(self.app))

    def open(self, name: str, **query: str) -> None:
        self.app.switch_page(f"pages/{name}.py")
        for key, text in query.items():
            self.app.query_params[key] = text
        self.app.run()
        self.look(name)

    def wait(self, ready: Any) -> None:
        for _ in range(600):
            if ready():
                return
            time.sleep(0.1)
            self.app.run()
        raise AssertionError("it did not end")

    def train(self, model: str) -> None:
        self.app.session_state.mode = "tune"
        self.open("train")
        self.app.selectbox(key="model").select(model).run()
        self.look("train")
        self.app.button(key="train").click().run()
        self.wait(lambda: any("Done" in markdown.value for markdown in self.app.markdown))
        self.look("train")

    def choose(self, key: str, value: Any, kind: str = "selectbox") -> None:
        getattr(self.app, kind)(key=key).set_value(value).run()

    def everything(self, user: str, item: str, names: list[str]) -> None:
        """Open every page before and after training, with all its tabs and panels."""
        app = self.app
        for name in sorted(path.stem for path in (ROOT / "pages").glob("*.py")):
            self.open(name)
        self.open("explore")
        for tab in [tab.label for tab in app.tabs]:
            app.session_state.explored = tab
            self.open("explore")
        assert {"Gini coefficient"} & self.texts["explore"]
        for model in ("user-knn", "biased", "svd"):
            self.train(model)
            for name in ("recommend", "present", "you", "map"):
                self.open(name, listener=user)
        self.open("artist", artist="nothing")
        self.open("artist", artist=item)
        for part in ("Why", "The dial", "What if", "Friends", "Export"):
            app.session_state.part = part
            app.session_state["played"] = names[:2]
            self.open("recommend", listener=user)
        app.session_state["exported"] = [user, "nobody"]
        self.open("recommend", listener=user)
        self.open("you", artists=f"{item}*0")
        self.open("you", artists=item)
        self.open("map")
        self.wait(lambda: any(box.key == "map-colour" for box in app.selectbox))
        for colour, who in (("Popularity", "A {nouns.user}"), ("Scene", "Me, as on the page You")):
            self.choose("map-colour", colour)
            self.choose("map-who", who)
            self.look("map")
        self.open("compare")
        app.session_state.compared = ["popular", "article"]
        app.run()
        app.button(key="add").click().run()
        self.look("compare")
        app.button(key="compare").click().run()
        self.wait(lambda: app.tabs and not any(button.key == "cancel-comparison" for button in app.button))
        for tab in [tab.label for tab in app.tabs]:
            self.open("compare", tab=tab)
            app.session_state["last-tab"] = tab
            self.open("compare", tab=tab)
        self.open("data")
        # the last: AppTest cannot go on from a select box that holds what is not among its options
        self.open("recommend", listener="nobody")


def complaints(texts: dict[str, set[str]], foreign: re.Pattern[str], names: list[str]) -> list[str]:
    """Return the texts with a word that belongs to other data; a name of the data may hold it."""
    of_data = [name for name in names if foreign.search(name)]
    whole = re.compile(rf"(?<![A-Za-z])({foreign.pattern})(?![A-Za-z])", re.I)
    found = []
    for page, sentences in texts.items():
        for text in sorted(sentences):
            plain = text.replace("\\", "").replace(START, "")
            for name in of_data:
                plain = plain.replace(name, "")
            if whole.search(plain) and not plain.startswith(OFFERED):
                found.append(f"{page}: {plain[:200]}")
    return found


def test_movies_are_rated_by_users_on_every_page():
    visit = Visit(movies())
    visit.everything("1", "4", ["Film 4", "Film 6"])
    assert complaints(visit.texts, OF_MUSIC, []) == []
    every = {text for texts in visit.texts.values() for text in texts}
    assert {"User", "Rated by the same people"} & every


def test_artists_are_played_by_listeners_on_every_page(small_sample):
    names = [str(name) for name in small_sample.interactions.names]
    visit = Visit(small_sample)
    visit.everything("7", "1", names[:2])
    assert complaints(visit.texts, OF_MOVIES, names) == []


def test_the_page_for_one_user_has_the_words_of_the_data():
    dataset = movies()
    split = hold_out(dataset.interactions, 10, 3)
    model = make_model("item-knn").fit(split.train)
    shown = report(dataset, split, model, 0, made=datetime.date(2026, 1, 2))
    assert complaints({"report": {shown}}, OF_MUSIC, []) == []
    assert "Recommended to user 1" in shown
    assert "<h2>Rated</h2>" in shown


@pytest.mark.parametrize("nouns", [MUSIC, NOUNS], ids=["music", "movies"])
def test_what_is_told_of_models_and_settings_fits_the_data(nouns):
    told = {
        nouns.fill(text)
        for model in map(make_model, MODELS)
        for text in (model.about, model.target, model.label)
    }
    told |= {nouns.fill(row.help) for row in ROWS.values()} | {row.label for row in ROWS.values()}
    foreign = OF_MOVIES if nouns is MUSIC else OF_MUSIC
    assert complaints({"told": told}, foreign, []) == []
