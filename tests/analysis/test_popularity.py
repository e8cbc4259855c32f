"""The rank table and the figures drawn from it."""

import numpy as np
import pandas as pd
import pytest

from recsys.analysis import popularity
from recsys.data.interactions import Interactions
from recsys.experiments.training import Epoch
from recsys.figures import data, style, training


@pytest.fixture(scope="module")
def known():
    """Three artists: 3 listeners and 60 plays, 2 and 30, 1 and 10."""
    return Interactions.from_frame(
        pd.DataFrame(
            {
                "user": [1, 2, 3, 1, 2, 3],
                "item": [7, 7, 7, 8, 8, 9],
                "value": [10, 20, 30, 5, 25, 10],
                "name": ["Low", "Low", "Low", "<b>Can</b>", "<b>Can</b>", "Nick Cave"],
            }
        )
    )


def test_the_rank_table_by_hand(known):
    table = popularity.rank_table(known)
    assert table["artist"].tolist() == ["Low", "<b>Can</b>", "Nick Cave"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["listeners"].tolist() == [3, 2, 1]
    assert table["plays"].tolist() == [60, 30, 10]
    assert table["plays_per_listener"].tolist() == [20, 15, 10]
    assert table["share_of_plays"].tolist() == [0.6, 0.3, 0.1]
    assert table["share_of_listeners"].tolist() == pytest.approx([1, 2 / 3, 1 / 3])


def test_the_largest_play_counts(known):
    table = popularity.largest_play_counts(known, 2)
    assert table[["artist", "listener", "plays"]].to_numpy().tolist() == [
        ["Low", 3, 30],
        ["<b>Can</b>", 2, 25],
    ]


def test_an_artist_by_hand(known):
    view = popularity.item_view(known, popularity.rank_table(known), known.item_code(8))
    assert view.row["plays"] == 30
    assert view.users.to_numpy().tolist() == [[2, 25], [1, 5]]
    assert view.neighbours["artist"].tolist() == ["Low"]
    assert view.neighbours["shared"].tolist() == [2]
    assert view.neighbours["lift"].tolist() == pytest.approx([2 * 3 / (2 * 3)])
    assert view.neighbours["similarity"].tolist() == pytest.approx([2 / 3])


def test_concentration_by_hand(known):
    shares = popularity.concentration(popularity.rank_table(known))
    assert shares.items.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert shares.plays.tolist() == pytest.approx([0, 0.1, 0.4, 1])
    assert shares.gini == pytest.approx(1 - 2 * ((0.1 / 2 + (0.1 + 0.4) / 2 + (0.4 + 1) / 2) / 3))
    assert shares.top_percent == pytest.approx(0.6)


def test_the_regression_finds_a_power_law():
    listeners = np.array([1, 2, 4, 8, 16])
    table = pd.DataFrame({"listeners": listeners, "plays": 50.0 * listeners**1.5})
    line = popularity.plays_by_listeners(table)
    assert line.slope == pytest.approx(1.5)
    assert 10**line.intercept == pytest.approx(50)
    assert line.r_squared == pytest.approx(1)
    assert popularity.plays_by_listeners(table.assign(listeners=3)) is None


def test_facts_of_the_published_data(lastfm_folder):
    from recsys.data.sources.load import load

    interactions = load(str(lastfm_folder)).interactions
    table = popularity.rank_table(interactions)
    top = table.head(5)[["artist", "plays", "listeners"]].to_numpy().tolist()
    assert top == [
        ["Britney Spears", 2393140, 522],
        ["Depeche Mode", 1301308, 282],
        ["Lady Gaga", 1291387, 611],
        ["Christina Aguilera", 1058405, 407],
        ["Paramore", 963449, 399],
    ]
    assert (table["listeners"] == 1).sum() == 10_679
    largest = popularity.largest_play_counts(interactions, 5)
    assert largest["plays"].tolist() == [352698, 324663, 320725, 257978, 227829]


def test_the_distribution_counts_every_pair(known):
    figure = data.play_distribution(known)
    assert sum(figure.data[0].y) == len(known)


@pytest.mark.parametrize("by", ["plays", "listeners"])
def test_bars_carry_their_artist_and_share(known, by):
    bar = data.top_artists(popularity.rank_table(known), by, 2).data[0]
    assert bar.customdata[:, 0].tolist() == ["8", "7"]
    assert bar.customdata[:, 1].tolist() == ["&lt;b&gt;Can&lt;/b&gt;", "Low"]
    assert bar.text[1] == {"plays": "60.0%", "listeners": "100.0%"}[by]


def test_the_scatter_has_every_artist_once_and_names_the_most_played(known):
    table = popularity.rank_table(known)
    figure = data.plays_against_listeners(table, popularity.plays_by_listeners(table), named=2)
    drawn = [item for trace in figure.data if trace.mode == "markers" for item in trace.customdata[:, 0]]
    assert sorted(drawn) == ["7", "8", "9"]
    assert [note.text for note in figure.layout.annotations] == ["Low", "&lt;b&gt;Can&lt;/b&gt;"]


def test_the_lorenz_curve_keeps_its_ends(known):
    curve = data.lorenz(popularity.concentration(popularity.rank_table(known))).data[0]
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)


def test_learning_curves_show_both_errors_the_best_epoch_and_the_mean():
    history = [
        Epoch(1, 0.5, 0.6, 0.1, 0.01, 0.02),
        Epoch(2, 0.4, 0.55, 0.1),
        Epoch(3, 0.3, 0.58, 0.1, 0.2, 0.3),
    ]
    figure = training.learning_curves(history, 9, {"The mean": 0.7})
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["Train RMSE"].y) == pytest.approx([0.5, 0.4, 0.3])
    assert list(traces["Validation RMSE"].y) == pytest.approx([0.6, 0.55, 0.58])
    assert list(traces["NDCG@10"].x) == list(traces["Recall@10"].x) == [1, 3]
    assert list(traces["NDCG@10"].y) == pytest.approx([0.01, 0.2])
    assert list(traces["Recall@10"].y) == pytest.approx([0.02, 0.3])
    assert (list(traces["Lowest validation RMSE"].x), list(traces["Lowest validation RMSE"].y)) == (
        [2],
        [0.55],
    )
    best = traces["Highest NDCG@10"]
    assert (list(best.x), list(best.y), best.yaxis) == ([3], [0.2], "y2")
    assert list(traces["The mean (0.7000)"].y) == [0.7, 0.7]


def test_curves_can_begin_later_and_be_logarithmic():
    history = [
        Epoch(1, 5.0, 6.0, 0.1, 0.01, 0.02),
        Epoch(2, 0.4, 0.55, 0.1),
        Epoch(3, 0.3, 0.58, 0.1, 0.2, 0.3),
    ]
    figure = training.learning_curves(history, 9, {}, log=True, first=2)
    assert list(figure.data[0].x) == [2, 3]
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.xaxis.range == (1.5, 9.5)
    assert (figure.layout.legend.title.text, figure.layout.legend2.title.text) == (
        "<b>RMSE (log)</b>",
        "<b>Ranking quality</b>",
    )
    assert {trace.legend for trace in figure.data if trace.yaxis == "y2" and trace.showlegend is None} == {
        "legend2"
    }


def test_a_curve_has_the_same_colour_whatever_else_is_drawn():
    history = [Epoch(1, 0.5, 0.6, 0.1, 0.01, 0.02)]
    with_errors, without = (
        {trace.name: trace.meta["colour"] for trace in training.learning_curves(history, 9, {}, errors).data}
        for errors in (True, False)
    )
    assert without.items() <= with_errors.items()


def test_curves_without_history_are_empty_and_do_not_fail():
    drawn = training.learning_curves([], 9, {}).data
    assert not any(np.isfinite(np.array(trace.y, float)).any() for trace in drawn)
    assert {trace.yaxis for trace in drawn if len(trace.x)} == {"y2"}  # plotly.js needs a curve on each axis


def test_long_names_are_cut_and_markup_is_shown_as_text():
    assert style.text("a" * 10_000) == "a" * 31 + "…"
    assert style.text("<script>&") == "&lt;script&gt;&amp;"


@pytest.mark.parametrize("n", [1, 3, 1000])
def test_the_largest_values_come_first_and_the_first_of_equal_ones(checkerboard, n):
    table = popularity.largest_play_counts(checkerboard, n)
    order = np.argsort(-checkerboard.values, kind="stable")[:n]
    assert table["plays"].tolist() == checkerboard.values[order].tolist()
    assert table["item"].tolist() == checkerboard.items[checkerboard.item_codes[order]].tolist()


def test_every_value_falls_into_its_bin():
    values = np.array([1, 1, 9, 10, 99, 100, 100, 1000], np.float32)
    frame = pd.DataFrame({"user": range(8), "item": [0, 1] * 4, "value": values})
    bars = data.play_distribution(Interactions.from_frame(frame)).data[0]
    ends = np.array(bars.customdata)
    counts = [int(((values >= low * 0.9999) & (values < high * 0.9999)).sum()) for low, high in ends]
    counts[-1] += int(values[-1] >= ends[-1, 1] * 0.9999)
    assert list(bars.y) == counts
    assert sum(bars.y) == 8
