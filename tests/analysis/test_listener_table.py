"""Listeners: their table, outliers and nearest others, by hand and against a plain reckoning."""

import numpy as np
import pandas as pd
import pytest

from recsys.analysis.listener_table import (
    item_percentiles,
    listener_table,
    listeners_beside,
    nearest_listeners,
    outliers,
)
from recsys.data.interactions import Interactions


@pytest.fixture
def few() -> Interactions:
    rows = [
        (1, "a", 10.0, "Low"),
        (1, "b", 30.0, "Can"),
        (2, "a", 20.0, "Low"),
        (2, "b", 20.0, "Can"),
        (2, "c", 5.0, "Neu!"),
        (3, "a", 30.0, "Low"),
        (4, "d", 7.0, "<b>"),
    ]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value", "name"]))


def test_listeners_by_hand(few):
    table = listener_table(few)
    assert table["listener"].tolist() == [2, 1, 3, 4]
    assert table["artists"].tolist() == [3, 2, 1, 1]
    assert table["plays"].tolist() == [45, 40, 30, 7]
    assert table["favourite"].tolist() == ["Low", "Can", "Low", "<b>"]
    assert table["top_share"].tolist() == pytest.approx([20 / 45, 0.75, 1, 1])
    assert item_percentiles(few).tolist() == [87.5, 62.5, 25, 25]
    assert table.loc[few.user_code(1), "mainstream"] == pytest.approx(75)


def test_a_user_without_pairs_is_left_out(few):
    left = few.subset(few.user_codes != few.user_code(3))
    assert listener_table(left)["listener"].tolist() == [2, 1, 4]
    last = few.subset(few.user_codes != few.user_code(4))
    assert listener_table(last)["listener"].tolist() == [2, 1, 3]


def test_nearest_listeners_by_hand(few):
    near = nearest_listeners(few, few.user_code(1))
    assert near["listener"].tolist() == [2, 3]
    assert near["both"].tolist() == [2, 1]
    assert near["similarity"].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert near["sharing"].tolist() == [["Can", "Low"], ["Low"]]
    assert nearest_listeners(few, few.user_code(4)).empty


def test_others_are_put_beside_one_the_most_similar_first(few):
    table = listeners_beside(few, few.user_code(1), few.users.get_indexer([4, 3, 2]))
    assert table["listener"].tolist() == [2, 3, 4]
    assert table["both"].tolist() == [2, 1, 0]
    assert table["sharing"].tolist()[-1] == []


def test_what_is_far_beyond_the_quartiles_is_unusual():
    plays = np.append(np.full(50, 100.0) * np.linspace(0.9, 1.1, 50), [100_000, 1])
    table = pd.DataFrame(
        {"artists": np.linspace(40, 60, 52), "plays": plays, "mainstream": np.linspace(55, 65, 52)}
    )
    table.loc[0, ["artists", "mainstream"]] = [3, 5.0]
    said = outliers(table)
    assert said[0] == "few {nouns.items}, niche taste"
    assert said[-2:].tolist() == ["many {nouns.values}", "few {nouns.values}"]
    assert set(said[1:-2]) == {""}


def test_where_nearly_all_have_as_many_items_one_item_less_is_not_unusual():
    table = pd.DataFrame({"artists": 50, "plays": np.linspace(90, 110, 60), "mainstream": 60.0})
    table.loc[:5, "artists"] = 49
    assert set(outliers(table)) == {""}


def test_of_many_listeners_the_counted_table_is_that_of_a_plain_reckoning():
    random = np.random.default_rng(5)
    users, items = np.nonzero(random.random((40, 30)) < 0.3)
    pairs = Interactions.from_frame(
        pd.DataFrame({"user": users, "item": items, "value": random.integers(1, 900, len(users))})
    )
    percentiles = item_percentiles(pairs)
    for code, row in listener_table(pairs).iterrows():
        span = pairs.of_user(code)
        assert row["plays"] == pairs.values[span].sum()
        assert row["mainstream"] == pytest.approx(percentiles[pairs.item_codes[span]].mean())
        favourite = pairs.item_codes[span][pairs.values[span].argmax()]
        assert row["favourite"] == pairs.names[favourite]
