"""Contents of the charts, read from the figures."""

import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from recsys.analysis.popularity import concentration, plays_by_listeners, rank_table
from recsys.data.interactions import Interactions
from recsys.evaluation.metrics import METRICS
from recsys.experiments.training import Epoch
from recsys.figures import data, evaluation, explanation, style, training


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    random = np.random.default_rng(3)
    users, items = np.nonzero(random.random((60, 40)) < np.linspace(0.9, 0.05, 40))
    frame = pd.DataFrame({"user": users, "item": items, "value": random.integers(1, 5_000, len(users))})
    return Interactions.from_frame(frame.assign(name=frame["item"].map(lambda item: f"<b>{item}</b>")))


@pytest.fixture(scope="module")
def table(interactions) -> pd.DataFrame:
    return rank_table(interactions)


def test_a_name_is_shown_as_text_on_one_line_and_not_too_long():
    assert style.text("<b>AC&DC</b>\n x") == "&lt;b&gt;AC&amp;DC&lt;/b&gt; x"
    assert len(style.text("x" * 10_000)) == style.LONGEST_NAME


def test_every_pair_falls_into_one_bin(interactions):
    bars = data.play_distribution(interactions).data[0]
    assert bars.y.sum() == len(interactions)


@pytest.mark.parametrize("by", ["plays", "listeners"])
def test_bars_carry_the_artist_and_its_share(table, by):
    bars = data.top_artists(table, by, 7).data[0]
    best = table.nlargest(7, by)
    assert bars.x[::-1].tolist() == best[by].tolist()
    assert [item for item, _ in bars.customdata[::-1]] == best["item"].astype(str).tolist()
    assert bars.text[-1] == f"{best[f'share_of_{by}'].iloc[0]:.1%}"


def test_every_artist_is_a_point_and_the_names_keep_apart(table):
    figure = data.plays_against_listeners(table, plays_by_listeners(table))
    cloud, line, top = figure.data
    assert sum(1 + more(point) for point in cloud.customdata) + len(top.x) == len(table)
    assert line.name.startswith("Plays ~ listeners^")
    heights = sorted(label.ay for label in figure.layout.annotations)
    low, high = figure.layout.yaxis.range
    assert len(heights) == len(top.x) == 10
    assert low < heights[0]
    assert heights[-1] < high
    assert np.diff(heights).min() * figure.layout.height / (high - low) > 15  # pixels


def test_picked_bars_stand_out(table):
    picked = table.nlargest(7, "plays").index[2]
    bars = data.top_artists(table, "plays", 7, picked=[picked]).data[0]
    assert [bars.customdata[place][0] for place in bars.selectedpoints] == [str(table.loc[picked, "item"])]
    assert data.top_artists(table, "plays", 7).data[0].selectedpoints is None


def test_what_is_not_chosen_is_drawn_grey_behind_what_is(table):
    chosen = table["listeners"].between(10, 30).to_numpy()
    box = {"listeners": (10.0, 30.0), "plays": None}
    figure = data.plays_against_listeners(table, None, chosen=chosen, box=box)
    others, cloud, top = figure.data
    count = [sum(1 + more(point) for point in trace.customdata) for trace in (others, cloud, top)]
    assert count[0] == (~chosen).sum()
    assert count[1] + count[2] == chosen.sum()
    assert others.marker.color == data.GREY
    (rectangle,) = figure.layout.shapes
    assert (rectangle.x0, rectangle.x1, rectangle.yref) == (10, 30, "y domain")


def test_where_nothing_is_chosen_all_is_grey(table):
    figure = data.plays_against_listeners(table, None, chosen=np.zeros(len(table), bool))
    assert [len(trace.x) > 0 for trace in figure.data] == [True, False, False]


def more(point: np.ndarray) -> int:
    """Read how many more artists are at a point."""
    found = re.fullmatch(r"<br>and ([\d,]+) more here|", point[2])
    return int((found[1] or "0").replace(",", ""))


def test_of_artists_at_the_same_place_the_most_played_is_the_point():
    table = pd.DataFrame(
        {
            "item": range(13),
            "artist": [f"<b>{name}" for name in "abcdefghijklm"],
            "listeners": [2_000] * 10 + [7, 3, 3],
            "plays": [900_000.0] * 10 + [40.0, 3.001, 3.0],
        }
    )
    cloud, top = data.plays_against_listeners(table, None).data
    assert top.customdata[:, 0].tolist() == [str(item) for item in range(10)]
    points = {item: (name, more) for item, name, more in cloud.customdata}
    assert points == {"11": ("&lt;b&gt;l", "<br>and 1 more here"), "10": ("&lt;b&gt;k", "")}
    opaque = dict(zip(cloud.customdata[:, 0], cloud.marker.opacity, strict=True))
    assert opaque["10"] == pytest.approx(data.OPACITY)
    assert data.OPACITY < opaque["11"] < 1


def test_points_are_bounded_by_the_places_of_the_chart():
    random = np.random.default_rng(0)
    listeners = random.zipf(1.5, 400_000) % 10_000 + 1
    table = pd.DataFrame({"item": range(len(listeners)), "artist": "x", "listeners": listeners})
    table["plays"] = listeners * random.integers(1, 3_000, len(listeners))
    table = table.sort_values("plays", ascending=False)
    cloud, _, _ = data.plays_against_listeners(table, plays_by_listeners(table)).data
    assert 1_000 < len(cloud.x) <= data.MOST_POINTS
    assert sum(1 + more(point) for point in cloud.customdata) == len(table) - 10


def test_the_lorenz_curve_goes_from_nothing_to_all(table):
    curve = data.lorenz(concentration(table)).data[0]
    assert (curve.x[0], curve.y[0]) == (0, 0)
    assert (curve.x[-1], curve.y[-1]) == (1, pytest.approx(1))


def test_audiences_of_lists_are_shares_that_add_up():
    listeners = np.array([0, 1, 5, 50, 500])
    lists = {"All": np.array([[0, 1], [2, 3], [4, -1]]), "One": np.array([[1, 1]])}
    everything, single = explanation.audience_of_lists(lists, listeners).data
    assert list(everything.y) == pytest.approx([0.2] * 5)
    assert list(single.y) == [0, 1, 0, 0, 0]


def test_lengths_are_drawn_for_artists_with_listeners_only():
    factors = np.array([[3, 4], [9, 9], [0, 1]], np.float32)
    points = explanation.lengths_by_listeners(factors, np.array([7, 0, 1])).data[0]
    assert list(points.x) == [7, 1]
    assert list(points.y) == pytest.approx([5, 1])


def test_the_trade_off_has_a_point_and_a_name_for_each_model():
    table = pd.DataFrame(
        {
            "model": ["<A>", "B", "C"],
            "ndcg": [0.3, 0.299, 0.0],
            "ndcg_interval": [0.01, 0.02, 0.01],
            "novelty": [4, 9, 5],
            "novelty_interval": [1, 2, 1],
            "seconds": [4, 1, 0],
        }
    )
    figure = evaluation.trade_off(table, "novelty", "Novelty (bits)")
    go.Figure(figure.to_dict())  # plotly takes it
    points = figure.data[0]
    assert list(points.x) == [4, 9, 5]
    assert list(points.y) == [0.3, 0.299, 0]
    assert list(points.error_x.array) == [1, 2, 1]
    assert list(points.marker.size) == pytest.approx([40, 25, 10])
    names = figure.layout.annotations
    assert [(name.text, name.x, name.y) for name in names] == [
        ("&lt;A&gt;", 4, 0.3),
        ("B", 9, 0.299),
        ("C", 5, 0),
    ]
    step = 15 / figure.layout.height * (figure.layout.yaxis.range[1])
    assert (np.diff([name.ay for name in names]) < -step).all()
    assert names[-1].ay >= 0


def test_each_model_of_the_forest_has_its_interval_and_a_dot_for_each_hold_out():
    table = pd.DataFrame({"model": ["<A>", "B"], "ndcg": [0.3, 0.2], "ndcg_interval": [0.01, 0.02]})
    splits = [np.array([0.29, 0.31]), np.array([0.2])]
    figure = evaluation.forest(table, METRICS["ndcg"], splits, ["best", ""])
    go.Figure(figure.to_dict())  # plotly takes it
    dots, *models = figure.data
    assert (list(dots.x), list(dots.y)) == ([0.29, 0.31], [0, 0])
    assert [(*trace.x, *trace.y, *trace.error_x.array) for trace in models] == [
        (0.3, 0, 0.01),
        (0.2, 1, 0.02),
    ]
    assert [trace.marker.symbol for trace in models] == ["diamond", "circle-open"]
    assert list(figure.layout.yaxis.ticktext) == ["&lt;A&gt;", "B"]


def test_the_overlap_has_each_pair_once():
    shared = np.array([[5, 2, 0], [2, 5, 1], [0, 1, 5]])
    cells = evaluation.overlap(["<A>", "B", "C"], shared, shared / 8).data[0]
    np.testing.assert_array_equal(cells.z, [[2 / 8, np.nan], [0, 1 / 8]])
    assert cells.text[1][1] == "1 shared<br>0.12"
    assert cells.text[0][1] == ""
    assert cells.customdata[1][0] == "C<br>&lt;A&gt;"


def test_without_errors_there_are_only_the_lists():
    history = [Epoch(1, None, None, 0.1, 0.2, 0.1), Epoch(2, None, None, 0.1, 0.3, 0.2)]
    figure = training.learning_curves(history, 5, {}, errors=False)
    assert [curve.name for curve in figure.data] == ["NDCG@10", "Recall@10", "Highest NDCG@10"]
    assert list(figure.data[2].y) == [0.3]
    assert figure.layout.yaxis2.domain == (0, 1)
    assert figure.layout.yaxis.title.text is None


def test_the_parts_of_a_score_stand_above_their_sum_and_carry_their_artist():
    parts = pd.DataFrame(
        {
            "part": ["<b>a</b>", "All 2 others", "d"],
            "item": pd.Series([1, None, 4], dtype=object),
            "contribution": [0.5, 0.2, -0.4],
        }
    )
    figure = explanation.contributions(parts)
    positive, against, total = figure.data
    assert positive.x.tolist() == [0.5, 0.2]
    assert against.x.tolist() == [-0.4]
    assert total.x.tolist() == pytest.approx([0.3])
    places = [*positive.y, *against.y, *total.y]
    assert places == [3, 2, 1, 0]
    assert go.Figure(figure.to_dict()) == figure  # plotly takes it
    assert [bar[0] for trace in figure.data for bar in trace.customdata] == ["1", "", "4", ""]
    assert list(figure.layout.yaxis.ticktext) == ["&lt;b&gt;a&lt;/b&gt;", "All 2 others", "d", "Score"]
    assert figure.layout.xaxis.range[0] < -0.4 < 0.5 < figure.layout.xaxis.range[1]


def test_the_dial_shows_each_step_and_marks_one():
    table = pd.DataFrame({"dial": [-1.0, 0.0, 1.0], "ndcg": [0.3, 0.33, 0.2], "novelty": [4.0, 5.0, 6.0]})
    figure = explanation.dial(table, 1.0)
    assert [trace.y.tolist() for trace in figure.data] == [[0.3, 0.33, 0.2], [4.0, 5.0, 6.0]]
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 1.0


def test_the_picture_of_a_split_has_each_pair_of_its_users_in_its_part(checkerboard):
    from recsys.data.nouns import MUSIC
    from recsys.data.splitting import hold_out
    from recsys.data.ways import new_users
    from recsys.figures.split import split_sketch

    split = hold_out(checkerboard, 19, 6, validation=0.5)
    drawn = split_sketch(split, checkerboard, None, MUSIC)
    assert [trace.name for trace in drawn.data] == ["Training", "Validation", "Test"]
    hiding = np.unique(drawn.data[2].y)
    assert len(hiding) == min(10, (split.test.user_counts > 0).sum())
    for trace in drawn.data[1:]:
        assert len(trace.x) == 3 * len(hiding)
    places = sorted(x for trace in drawn.data for x, y in zip(trace.x, trace.y, strict=True) if y == 0)
    assert places == list(range(len(places)))
    drawn = split_sketch(new_users(checkerboard, hidden=3, minimum=10), checkerboard, None, MUSIC)
    assert [trace.name for trace in drawn.data] == ["Training", "Given when they come", "Test"]
