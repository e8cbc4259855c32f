"""The page about one listener: whole, offline, and with names that stay names."""

import datetime
import html.parser
import re

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.splitting import hold_out
from recsys.evaluation.metrics import evaluate
from recsys.models import MODELS, make_model
from recsys.recommendation.recommend import recommend_to
from recsys.recommendation.reranking import Reranking
from recsys.storage.html_report import report

MADE = datetime.date(2026, 3, 9)
BAD = ['<script>alert("x")</script>', "a & b", '"quoted" onload=', "back`tick", "nul\x00\x1b", "'single'"]


class Page(html.parser.HTMLParser):
    """The report as a browser would parse it."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.shown, self.names = [], [], [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.shown.append(data)


@pytest.fixture(scope="module")
def given_names():
    frame = pd.DataFrame(
        [
            {
                "user": f"<b>{user}</b>",
                "item": item,
                "value": 1 + user + item,
                "name": BAD[item % 6] + f" {item}",
            }
            for user in range(12)
            for item in range(24)
            if (user + item) % 2 == 0
        ]
    )
    interactions = Interactions.from_frame(frame)
    dataset = Dataset("x", "<i>Title</i>", "<u>Origin</u>.", "<s>Licence</s>.", interactions)
    return dataset, hold_out(interactions, 8, 3)


@pytest.mark.parametrize("name", MODELS)
def test_the_page_is_whole_and_every_name_is_text(name, given_names):
    dataset, split = given_names
    settings = {"epochs": 2} if "epochs" in MODELS[name].defaults else {}
    model = make_model(name, **settings).fit(split.train)
    text = report(dataset, split, model, 3, 5, made=MADE)
    page = Page(text)
    assert page.open == []
    kinds = {tag for tag, _ in page.tags}
    assert not kinds & {"script", "b", "i", "u", "s", "link", "img", "iframe", "object", "a"}
    for tag, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on") or key in ("src", "href")], tag
    shown = "".join(page.shown)
    assert "<b>" in shown
    assert "<i>Title</i>" in shown
    assert "\x00" not in text
    assert not re.search(r"https?:|//|url\(|@import", text.replace("<u>", ""))
    text.encode("utf-8")


def test_it_tells_the_lists_the_reasons_the_quality_and_the_date(given_names):
    dataset, split = given_names
    model = make_model("implicit", factors=4, epochs=20).fit(split.train)
    text = report(dataset, split, model, 3, 5, made=MADE)
    page = Page(text)
    shown = "".join(page.shown)
    existing, recommended = recommend_to(model, split, 3, 5)
    for artist in [*existing["artist"].head(5), *recommended["artist"]]:
        assert artist.replace("\x00", "\ufffd").replace("\x1b", "\ufffd") in shown
    assert shown.count("because of") == len(recommended)
    assert "9 March 2026" in shown
    assert f"{evaluate(model, split)['ndcg@10']:.4f}" in shown
    for row in recommended.itertuples():
        assert f"Together {row.score:.3f}." in shown
    assert f"{int(recommended['hit'].sum())} of these 5" in shown


def test_a_reranked_list_is_the_one_on_the_screen_and_says_so(given_names):
    dataset, split = given_names
    model = make_model("implicit", factors=4, epochs=5).fit(split.train)
    setting = Reranking(1.0, 0.4)
    text = report(dataset, split, model, 3, 5, made=MADE, reranking=setting)
    _, recommended = recommend_to(model, split, 3, 5, setting)
    shown = "".join(Page(text).shown)
    places = [
        shown.index(artist.replace("\x00", "\ufffd").replace("\x1b", "\ufffd"))
        for artist in recommended["artist"]
    ]
    assert places == sorted(places)
    assert "reranked: 100% adventurous, 40% varied" in shown


def test_the_same_is_written_again(given_names):
    dataset, split = given_names
    model = make_model("popular").fit(split.train)
    figures = {"ndcg@5": 0.25}
    first, second = (report(dataset, split, model, 3, 5, made=MADE, figures=figures) for _ in range(2))
    assert first == second
    assert "NDCG@5" in first
    assert "0.2500" in first


def test_a_listener_of_whom_nothing_is_known_has_a_page(given_names):
    dataset, split = given_names
    empty = split.train.subset(split.train.user_codes != 3)
    bare = type(split)(empty, split.validation, split.test, split.settings)
    model = make_model("implicit", factors=4, epochs=2).fit(empty)
    assert Page(report(dataset, bare, model, 3, 5, made=MADE)).open == []
    assert np.isfinite(model.user_factors).all()
