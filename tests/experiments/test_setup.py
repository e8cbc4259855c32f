"""Setups with other ways to split: the split they name, their link, their file and their place in a table."""

import datetime

import numpy as np
import pytest

from recsys.data.sources.load import load
from recsys.data.ways import make_split, split_settings
from recsys.errors import InputError
from recsys.experiments.leaderboard_entries import ModelChoice
from recsys.experiments.run_table import RunRecord, in_words, run_table
from recsys.experiments.setup import Setup
from recsys.experiments.share_link import from_query, to_query
from recsys.storage.html_report import report
from recsys.storage.model_file import load_run, save_run
from recsys.storage.stored_run import read_stored_run

SETUPS = [
    Setup("item-knn"),
    Setup("item-knn", way="last", minimum=20, hidden=5),
    Setup("item-knn", way="date", month="2024-09"),
    Setup("item-knn", way="date", month="2024-09", validation=0.0),
]
IDS = ["random", "last", "date", "date-of-two-parts"]


@pytest.fixture(scope="module")
def sample():
    return load("sample")


@pytest.mark.parametrize("setup", SETUPS, ids=IDS)
def test_a_setup_names_the_split_of_its_run(setup, sample):
    split = setup.split(sample)
    assert split.settings == setup.hold_out
    known = {"data": "sample", "fingerprint": sample.interactions.fingerprint}
    of_run = Setup.of(sample, setup.run(split))
    assert of_run == Setup(**{name: getattr(setup, name) for name in setup.__dataclass_fields__} | known)
    assert split.has_validation == (setup.validation > 0)


@pytest.mark.parametrize("setup", SETUPS, ids=IDS)
def test_the_way_is_in_the_link_and_in_the_file(setup, sample, tmp_path):
    assert from_query(to_query(setup)) == (setup, [])
    split = setup.split(sample)
    run = setup.run(split)
    list(run)
    path = tmp_path / "run.encore"
    save_run(path, sample, split, run.model, run.history)
    again = load_run(path, sample).split
    assert again.settings == split.settings
    assert again.test.item_codes.tobytes() == split.test.item_codes.tobytes()
    stored = read_stored_run(path).setup
    assert (stored.way, stored.month, stored.hold_out) == (setup.way, setup.month, setup.hold_out)


def test_a_run_on_the_same_split_by_date_is_compared_as_it_was_trained(sample):
    setup = SETUPS[2]
    run = setup.run(setup.split(sample))
    list(run)
    choice = ModelChoice("mine", setup, "0123")
    same, other = (
        choice.entry(make_split(sample, split_settings("date", 35, 15, share, 0, "2024-09")), run.model)
        for share in (setup.validation, 0.0)
    )
    assert same.note == "Measured as it was trained."
    assert "another hold-out (from 2024-09 on, validation before it)" in other.note


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        (SETUPS[0], "15 of each listener with at least 35"),
        (SETUPS[1], "the last 5 of each listener with at least 20"),
        (SETUPS[2], "what each listener came to from 2024-09 on and, for validation, in the time before it"),
        (SETUPS[3], "what each listener came to from 2024-09 on"),
    ],
    ids=IDS,
)
def test_a_report_says_what_was_hidden(setup, words, sample):
    split = setup.split(sample)
    run = setup.run(split)
    list(run)
    user = int(np.flatnonzero(split.held_out.user_counts)[0])
    page = report(sample, split, run.model, user, made=datetime.date(2026, 1, 1), figures={})
    assert f"looked for in its lists: {words}. Settings" in page


def test_links_and_files_of_before_are_random(sample, tmp_path):
    query = {name: value for name, value in to_query(Setup("svd")).items() if name != "way"}
    assert "way" not in to_query(Setup("svd"))
    assert from_query(query)[0].way == "random"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"way": "x"}, "no hold-out called 'x'"),
        ({"way": "new-users"}, "no hold-out called 'new-users'"),
        ({"way": "date"}, "is no month"),
        ({"way": "date", "month": "2024"}, "is no month"),
    ],
)
def test_a_way_that_cannot_be_is_explained_and_random(query, sentence):
    setup, complaints = from_query({"model": "svd", **query})
    assert (setup.way, setup.month) == ("random", "")
    assert len(complaints) == 1
    assert sentence in complaints[0]
    assert "drawn at random instead" in complaints[0]


def test_what_has_no_effect_on_a_split_makes_no_other_setup():
    assert Setup(way="date", month="2024-09", minimum=9, hidden=2) == Setup(way="date", month="2024-09")
    assert Setup(month="2024-09") == Setup()
    with pytest.raises(InputError, match="cannot split 'files'"):
        Setup(way="files")
    with pytest.raises(InputError, match="no month"):
        Setup(way="date")


def test_the_table_of_runs_tells_the_ways_apart():
    records = [RunRecord(name, name, setup, []) for name, setup in zip(IDS, SETUPS, strict=True)]
    table = run_table(records)
    assert table["way"].tolist() == ["at random", "the last ones", "from a month on", "from a month on"]
    assert table["month"].tolist() == ["", "", "2024-09", "2024-09"]
    assert table["minimum"].tolist() == ["35", "20", "", ""]
    assert in_words(SETUPS[2], SETUPS[0]) == "Hold-out from a month on, First hidden month 2024-09"
    assert "Hold-out at random" in in_words(SETUPS[0], SETUPS[2])
