"""Chart of a model that is trained in one step."""

import numpy as np
import plotly.graph_objects as go
import pytest

from recsys.figures.ranking_quality import ranking_quality

HITS = {"EASE": np.array([0, 2, 2, 1]), "Baseline: Most popular": np.array([0, 0, 1, 0])}


def drawn(setting, points):
    figure = ranking_quality(HITS, 10, 3, setting, points, "listeners", 380)
    go.Figure(figure.to_dict())  # plotly takes it
    return figure


def test_the_shares_of_users_by_hits_are_drawn_for_both_models():
    mine, other = drawn("", []).data
    assert mine.x.tolist() == [0, 1, 2, 3]
    assert mine.y.tolist() == [0.25, 0.25, 0.5, 0.0]
    assert other.y.tolist() == [0.75, 0.25, 0.0, 0.0]
    assert (mine.name, other.name) == tuple(HITS)
    assert mine.meta["colour"] != other.meta["colour"]


def test_trainings_are_points_by_the_value_of_the_setting_the_shown_one_large():
    figure = drawn("regularization", [(3.0, 0.2, 0.4), (1.0, 0.1, 0.3), (2.0, 0.15, 0.35)])
    ndcg, recall = figure.data[2:]
    assert ndcg.x.tolist() == recall.x.tolist() == [1.0, 2.0, 3.0]
    assert ndcg.y == pytest.approx([0.1, 0.15, 0.2])
    assert recall.y == pytest.approx([0.3, 0.35, 0.4])
    assert np.argmax(ndcg.marker.size) == 1
    assert figure.layout.xaxis.title.text == "Lambda (regularization)"


@pytest.mark.parametrize(
    ("setting", "values", "kind"),
    [
        ("regularization", [1.0, 5.0], "linear"),
        ("regularization", [0.0, 500.0], "linear"),
        ("regularization", [1.0, 500.0], "log"),
        ("plays", ["log", "binary"], "category"),
    ],
)
def test_the_axis_suits_the_values(setting, values, kind):
    figure = drawn(setting, [(value, 0.1, 0.2) for value in values])
    assert figure.layout.xaxis.type == kind
    if kind == "category":
        assert figure.data[2].x.tolist() == ["logarithm", "binary (1 for every pair)"]


def test_a_single_training_has_its_value_for_an_axis():
    assert drawn("neighbours", [(200, 0.1, 0.2)]).layout.xaxis.tickvals == (200.0,)
