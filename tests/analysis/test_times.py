"""Values over time, by hand."""

import numpy as np
import pandas as pd
import pytest

from recsys.analysis.moved_tastes import moved_tastes
from recsys.analysis.times import (
    by_month,
    course,
    course_of_user,
    drift,
    first_times,
    has_times,
    items_between,
    rises,
    users_between,
)
from recsys.data.dataset import History
from recsys.data.interactions import Interactions

MONTHS = {"2020-01": 600, "2020-02": 601, "2020-04": 603, "2020-07": 606}


@pytest.fixture
def data() -> tuple[Interactions, History]:
    rows = [  # user, item, month, plays
        (0, "a", "2020-01", 10),
        (0, "a", "2020-04", 5),
        (0, "b", "2020-04", 5),
        (1, "a", "2020-02", 30),
        (1, "b", "2020-07", 40),
    ]
    frame = pd.DataFrame(rows, columns=["user", "item", "month", "value"])
    pairs = frame.groupby(["user", "item"], as_index=False)["value"].sum()
    interactions = Interactions.from_frame(pairs)
    times = frame.groupby(["user", "item"])["month"].agg(["min", "max"])
    frame = frame.sort_values(["user", "item", "month"])
    return interactions, History(
        times["min"].to_numpy("datetime64[s]"),
        times["max"].to_numpy("datetime64[s]"),
        frame["user"].to_numpy(np.int32),
        interactions.items.get_indexer(frame["item"]).astype(np.int32),
        np.array([MONTHS[month] for month in frame["month"]], np.int16),
        frame["value"].to_numpy(np.float32),
    )


def test_every_month_has_a_row_with_its_plays_and_what_was_new(data):
    table = by_month(*data)
    assert table["month"].dt.strftime("%Y-%m").tolist() == [f"2020-0{month}" for month in range(1, 8)]
    assert table["plays"].tolist() == [10, 30, 0, 10, 0, 0, 40]
    assert table["listeners"].tolist() == [1, 1, 0, 1, 0, 0, 1]
    assert table["artists"].tolist() == [1, 1, 0, 2, 0, 0, 1]
    assert table["new_pairs"].tolist() == [1, 1, 0, 1, 0, 0, 1]
    assert table["new_artists"].tolist() == [1, 0, 0, 1, 0, 0, 0]


def test_the_course_of_an_item_begins_with_it_and_ends_with_the_data(data):
    table = course(data[1], 0)
    assert table["plays"].tolist() == [10, 30, 0, 5, 0, 0, 0]
    assert table["share"].tolist() == pytest.approx([1, 1, 0, 0.5, 0, 0, 0])
    assert course(data[1], 1)["month"].iloc[0] == pd.Timestamp("2020-04-01")
    assert course(data[1], 9).empty


def test_what_rose_comes_first_and_what_fell_last(data):
    table = rises(*data)
    assert table["artist"].tolist() == ["b", "a"]
    assert table["before"].tolist() == pytest.approx([0, 1])
    assert table["after"].tolist() == pytest.approx([0.75, 0.25])


def test_a_taste_that_moves_is_less_like_its_first_quarter(data):
    table = drift(data[1], 0)
    assert table["quarter"].dt.strftime("%Y-%m").tolist() == ["2020-01", "2020-04"]
    assert table["like_first"].iloc[1] == pytest.approx(np.sqrt(0.5))
    assert table["new"].tolist() == [1, 0.5]
    moved = drift(data[1], 1)
    assert moved["like_before"].iloc[-1] == 0
    assert moved["new"].iloc[-1] == 1
    assert drift(data[1], 7).empty


def test_where_only_dates_of_pairs_are_known_pairs_are_counted(data):
    interactions, known = data
    none = np.empty(0, np.int32)
    rated = History(known.first, known.last, none, none, none.astype(np.int16), none.astype(np.float32))
    assert has_times(rated)
    assert by_month(interactions, rated)["plays"].sum() == len(interactions)
    assert rises(interactions, rated).empty
    assert moved_tastes(interactions, rated).empty
    rated_items = items_between(interactions, rated, 600, 606)
    assert rated_items["plays"].sum() == len(interactions)
    undated = History(
        np.full(4, "NaT", "datetime64[s]"),
        np.full(4, "NaT", "datetime64[s]"),
        none,
        none,
        rated.months,
        rated.values,
    )
    assert not has_times(undated)
    assert not has_times(None)
    assert by_month(interactions, undated).empty


def test_the_items_of_some_months_come_with_their_first_time_and_whether_it_is_in_them(data):
    interactions, known = data
    assert first_times(interactions, known).astype("datetime64[M]").astype(str).tolist() == [
        "2020-01",
        "2020-04",
    ]
    april = items_between(interactions, known, 603, 603)
    assert april["artist"].tolist() == ["a", "b"]
    assert april["plays"].tolist() == [5, 5]
    assert april["share_of_plays"].tolist() == [0.5, 0.5]
    assert april["new"].tolist() == [False, True]
    everything = items_between(interactions, known, 600, 606)
    assert everything["plays"].tolist() == [45, 45]
    assert everything["listeners"].tolist() == [2, 2]  # each once, in however many months
    assert everything["new"].all()
    assert users_between(interactions, known, 603, 603) == 1
    assert users_between(interactions, known, 600, 606) == 2
    assert items_between(interactions, known, 604, 605).empty


def test_the_months_of_a_user_say_what_was_new_in_them(data):
    table = course_of_user(data[1], 0)
    assert table["month"].iloc[[0, -1]].dt.strftime("%Y-%m").tolist() == ["2020-01", "2020-07"]
    assert table["plays"].tolist() == [10, 0, 0, 10, 0, 0, 0]
    assert table["artists"].tolist() == [1, 0, 0, 2, 0, 0, 0]
    assert table["new_artists"].tolist() == [1, 0, 0, 1, 0, 0, 0]
    assert course_of_user(data[1], 7).empty


def test_who_has_other_items_in_the_second_half_moved_most(data):
    table = moved_tastes(*data, least=1)
    assert table["listener"].tolist() == [1, 0]
    assert table["cosine"].tolist() == pytest.approx([0, np.sqrt(0.5)])
    assert table["plays_before"].tolist() == [30, 10]
    assert table["plays_after"].tolist() == [40, 10]
    assert table["fell"].tolist() == ["a", "a"]
    assert table["rose"].tolist() == ["b", "b"]
    assert moved_tastes(*data, least=20)["listener"].tolist() == [1]
