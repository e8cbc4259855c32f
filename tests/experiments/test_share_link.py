"""A link holds everything that decides a curve, and is never trusted."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.dataset import SHARED, Dataset
from recsys.data.splitting import hold_out
from recsys.experiments.setup import Setup
from recsys.experiments.share_link import PLACES, from_query, names_a_setup, other_data, to_query
from recsys.experiments.training import Stopping, TrainingRun
from recsys.models import MODELS, make_model
from recsys.settings import CHOICES, ROWS, SETTINGS, Choice, Text
from tests.conftest import ROOT


def numbers(name):
    row = ROWS[name]
    if isinstance(row, Choice):
        return st.sampled_from(list(row.options))
    if isinstance(row, Text):
        return st.sampled_from([row.default, row.form])
    kind = st.integers if row.whole else st.floats
    return kind(row.minimum, row.maximum)


@st.composite
def setups(draw):
    model = draw(st.sampled_from(list(MODELS)))
    minimum = draw(st.integers(2, 1000))
    return Setup(
        model=model,
        settings={name: draw(numbers(name)) for name in MODELS[model].defaults},
        minimum=minimum,
        hidden=draw(st.integers(1, minimum - 1)),
        validation=draw(numbers("validation")),
        watch=draw(st.sampled_from(list(CHOICES["watch"].options))),
        patience=draw(numbers("patience")),
        data=draw(st.sampled_from(["", *SHARED])),
        fingerprint=draw(st.one_of(st.just(""), st.text("0123456789abcdef", min_size=16, max_size=16))),
    )


@given(setups())
def test_a_setup_comes_back_from_its_link_to_the_last_digit(setup):
    query = to_query(setup)
    assert all(isinstance(value, str) for value in query.values())
    assert from_query(query) == (setup, [])


anything = st.one_of(
    st.text(max_size=60),
    st.sampled_from(["nan", "inf", "-1", "1e999", "0x10", "1" * 400, "../../etc", "<script>", "१"]),
    st.integers(),
    st.floats(),
    st.none(),
    st.lists(st.text(), max_size=2),
    st.binary(max_size=4),
)


@given(st.dictionaries(st.one_of(st.sampled_from(PLACES), st.text(max_size=8)), anything, max_size=12))
def test_garbage_is_explained_and_replaced(query):
    setup, complaints = from_query(query)
    assert from_query(to_query(setup)) == (setup, [])
    for complaint in complaints:
        assert complaint.endswith(".")
        assert len(complaint) < 220


@pytest.mark.parametrize("name", ["learning_rate", "epochs", "hidden", "patience", "seed"])
def test_a_wrong_number_is_explained_once(name):
    setup, complaints = from_query({"model": "biased", name: "many"})
    (complaint,) = complaints
    assert complaint.startswith(SETTINGS[name].label)
    default = MODELS["biased"].defaults.get(name, SETTINGS[name].default)
    assert complaint.endswith(f"not 'many'; {default:g} is used instead.")
    assert setup == Setup("biased", validation=0.0)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"model": "magic"}, "no model 'magic'"),
        ({"watch": "mood"}, "must be one of none, rmse, ndcg, not 'mood'; none is used"),
        ({"minimum": "10", "hidden": "10"}, "cannot hide 10"),
        ({"data": "/etc/passwd"}, "no data '/etc/passwd'"),
        ({"fingerprint": "xyz"}, "no fingerprint"),
    ],
)
def test_other_wrong_values_are_explained_once(query, words):
    setup, complaints = from_query(query)
    (complaint,) = complaints
    assert words in complaint
    assert setup == (Setup() if query.keys() == {"data"} else Setup(validation=0.0))


def test_a_link_from_before_there_were_three_parts_means_two():
    query = to_query(Setup("als", minimum=12, hidden=4))
    assert from_query(query)[0].validation == 0.33
    del query["validation"]
    assert from_query(query) == (Setup("als", minimum=12, hidden=4, validation=0.0), [])


def test_a_link_without_settings_gives_the_defaults_and_says_nothing():
    assert from_query({"listener": "7", "run": "abc"}) == (Setup(), [])
    assert not names_a_setup({"listener": "7", "run": "abc", "data": "sample"})
    assert names_a_setup({"factors": "3"})


def test_every_setting_of_a_run_is_in_its_link(checkerboard, checkerboard_split):
    dataset = Dataset("lastfm", "Board", "", "", checkerboard)
    run = TrainingRun(make_model("biased", factors=7, seed=5), checkerboard_split, Stopping("rmse", 4))
    query = to_query(Setup.of(dataset, run))
    wanted = {*run.model.settings, *run.split.settings, "watch", "patience", "model", "data", "fingerprint"}
    assert set(query) == wanted
    assert query["factors"] == "7"
    assert query["fingerprint"] == checkerboard.fingerprint


def test_other_data_is_told(checkerboard):
    dataset = Dataset("board", "Board", "", "", checkerboard)
    assert other_data(Setup(fingerprint=checkerboard.fingerprint), dataset) == ""
    assert other_data(Setup(), dataset) == ""
    assert "made on other data (fingerprint 0123456789abcdef) than Board" in other_data(
        Setup(fingerprint="0123456789abcdef"), dataset
    )


def test_the_path_of_a_file_is_not_in_its_link(checkerboard, checkerboard_split):
    dataset = Dataset("/home/me/plays.csv", "Mine", "", "", checkerboard)
    query = to_query(Setup.of(dataset, TrainingRun(make_model("funk"), checkerboard_split)))
    assert "data" not in query
    assert query["fingerprint"] == checkerboard.fingerprint


AGAIN = """
import json, sys
import pandas as pd
from recsys.data.interactions import Interactions
from recsys.experiments.share_link import from_query
from recsys.data.splitting import hold_out

queries, frame = json.load(sys.stdin)
for query in queries:
    setup, complaints = from_query(query)
    run = setup.run(hold_out(Interactions.from_frame(pd.DataFrame(frame)), **setup.hold_out))
    print([(epoch.train_rmse, epoch.validation_rmse, epoch.ndcg) for epoch in run], complaints)
"""


@pytest.fixture(scope="module")
def curves(checkerboard) -> dict[str, tuple[str, str]]:
    """Train each model here and, by its link, in another process; return what came of it here and there."""
    dataset = Dataset("board", "Board", "", "", checkerboard)
    wanted = {"epochs": 4, "factors": 3, "seed": 9}
    here, queries = [], []
    for model in MODELS:
        settings = {name: wanted[name] for name in MODELS[model].defaults.keys() & wanted.keys()}
        setup = Setup(model, settings, minimum=12, hidden=3)
        run = setup.run(hold_out(checkerboard, **setup.hold_out))
        curve = [(epoch.train_rmse, epoch.validation_rmse, epoch.ndcg) for epoch in run]
        here.append(f"{curve} []")
        queries.append(to_query(Setup.of(dataset, run)))
    frame = {
        "user": checkerboard.users[checkerboard.user_codes].tolist(),
        "item": checkerboard.items[checkerboard.item_codes].tolist(),
        "value": checkerboard.values.tolist(),
    }
    there = subprocess.run(
        [sys.executable, "-c", AGAIN],
        input=json.dumps([queries, frame]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(MODELS, zip(here, there.stdout.splitlines(), strict=True), strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_another_process_draws_the_same_curve_to_the_last_digit(name, curves):
    here, there = curves[name]
    assert there == here
