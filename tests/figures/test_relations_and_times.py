"""Charts of two items, of friends, and of values over time."""

import numpy as np
import pandas as pd

from recsys.analysis.friendship import Friendship
from recsys.evaluation.significance import paired_test
from recsys.figures.friendship import shared_items
from recsys.figures.relations import MOST_POINTS, common_ground
from recsys.figures.times import MOST_BARS, months, risen_and_fallen, taste_drift


def test_common_ground_and_both_sides_are_named_and_all_others_are_points():
    random = np.random.default_rng(20)
    table = pd.DataFrame(random.random((2_000, 2)), columns=["with_one", "with_other"])
    table = table.assign(item=np.arange(2_000), artist="<b>", common=table.min(axis=1))
    cloud, named, line = common_ground(table, "Low", "<i>").data
    assert len(cloud.x) + len(named.x) == MOST_POINTS
    best = str(table["common"].idxmax())
    assert best in [place[0] for place in named.customdata]
    assert set(named.text) == {"&lt;b&gt;"}
    positions = dict(zip(named.x, named.textposition, strict=True))
    assert positions[min(positions)] == "top right"  # a name does not leave the chart
    assert positions[max(positions)] == "top left"
    assert line.x[1] == line.y[1] == table[["with_one", "with_other"]].max().max()


def test_shares_of_friends_and_strangers_add_up_to_all():
    counts = np.arange(200), np.arange(200) // 10
    found = Friendship(*counts, *counts, np.arange(200), paired_test(1.0, np.arange(200.0)), 100)
    for trace in shared_items(found).data:
        assert abs(sum(trace.y) - 1) < 1e-9


def test_few_months_are_bars_and_many_a_line():
    month = pd.date_range("2000-01-01", periods=MOST_BARS + 1, freq="MS")
    table = pd.DataFrame({"month": month, "plays": np.arange(len(month))})
    assert months(table, "plays", "Plays").data[0].type == "scatter"
    assert months(table[1:], "plays", "Plays").data[0].type == "bar"
    assert list(months(table, "plays", "Plays", when="2001").data[0].selectedpoints) == list(range(12, 24))
    assert list(months(table, "plays", "Plays", when="2001-03").data[0].selectedpoints) == [14]


def test_the_greatest_rise_is_on_top_and_each_item_is_joined():
    table = pd.DataFrame(
        {
            "item": [1, 2],
            "artist": ["up", "<b>"],
            "before": [0.0, 0.5],
            "after": [0.4, 0.1],
            "change": [0.4, -0.4],
        }
    )
    figure = risen_and_fallen(table)
    joined, before, after = figure.data
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;", "up"]
    assert before.customdata[1][0] == "1"
    assert list(after.x) == [0.1, 0.4]
    assert np.isnan(joined.x[2])


def test_a_taste_has_a_line_for_each_comparison():
    table = pd.DataFrame(
        {
            "quarter": pd.date_range("2020-01-01", periods=2, freq="QS"),
            "like_first": [np.nan, 0.5],
            "like_before": [np.nan, 0.5],
            "new": [1, 0.25],
        }
    )
    assert [len(trace.y) for trace in taste_drift(table).data] == [2, 2, 2]
