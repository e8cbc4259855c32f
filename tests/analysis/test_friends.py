"""Items of the friends of a user."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.analysis.friends import friend_table, friends_by_item, friends_of, played_by
from recsys.data.dataset import Dataset


@pytest.fixture(scope="module")
def dataset(checkerboard):
    pairs = pd.DataFrame({"user": [3, 3, 7, 9], "friend": [9, 7, 3, 3]})
    return Dataset("x", "Title", "Origin.", "Licence.", checkerboard, friends=pairs)


def test_friends_are_those_of_the_data(dataset):
    assert friends_of(dataset, 3).tolist() == [7, 9]
    assert friends_of(dataset, 7).tolist() == [3]
    assert friends_of(dataset, 5).tolist() == []
    assert friends_of(replace(dataset, friends=None), 3).tolist() == []


def test_each_friend_who_plays_an_artist_is_counted_once(dataset, checkerboard):
    counts = friends_by_item(dataset, friends_of(dataset, 3))
    for item in range(40):
        players = set(checkerboard.user_codes[checkerboard.item_codes == item].tolist())
        assert counts[item] == len(players & {7, 9})


def test_what_most_friends_play_comes_first(dataset, checkerboard):
    table = played_by(dataset, friends_of(dataset, 3), 12)
    assert len(table) == 12
    keys = list(zip(table["friends"], table["plays"], strict=True))
    assert keys == sorted(keys, reverse=True)
    row = table.iloc[0]
    theirs = (checkerboard.item_codes == row["item"]) & np.isin(checkerboard.user_codes, [7, 9])
    assert row["plays"] == checkerboard.values[theirs].sum()
    assert row["friends"] == theirs.sum() == 2
    assert played_by(dataset, friends_of(dataset, 5)).empty


def test_friends_come_with_all_their_plays(dataset, checkerboard):
    table = friend_table(dataset, friends_of(dataset, 3))
    assert sorted(table["listener"]) == [7, 9]
    assert table["plays"].is_monotonic_decreasing
    for row in table.itertuples():
        assert row.plays == checkerboard.values[checkerboard.of_user(row.listener)].sum()
