"""Contents of the charts of many runs, read from the figures."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from recsys.experiments.grid import GridAxis, Trial
from recsys.experiments.run_table import RunRecord
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch
from recsys.figures.training import learning_curves
from recsys.figures.tuning import (
    MOST_EARLIER,
    earlier_curves,
    importance,
    parallel_coordinates,
    search_history,
    sweep_heat_map,
)

BASE = Setup("article")
ACROSS = GridAxis("learning_rate", (0.001, 0.01, 0.1), log=True)
UP = GridAxis("factors", (2, 4))


def changed(**settings):
    return replace(BASE, settings=BASE.settings | settings)


def curve(*errors):
    return [Epoch(at + 1, error, error, 0.5, 1 / error, 1 / error) for at, error in enumerate(errors)]


@pytest.mark.parametrize(("measure", "best"), [("rmse", (1, 0)), ("ndcg", (2, 1))])
def test_the_heat_map_shows_each_cell_and_marks_the_best(measure, best):
    values = np.array([[3.0, 1.0, np.nan], [2.0, np.nan, 5.0]])
    figure = sweep_heat_map(ACROSS, UP, values, measure)
    heat, star = figure.data
    assert heat.z.shape == (2, 3)
    assert heat.z[1, 2] == pytest.approx(np.log10(5.0) if measure == "rmse" else 5.0)
    assert heat.customdata[1, 2] == 5.0
    ends = [float(words) for words in (heat.colorbar.ticktext[0], heat.colorbar.ticktext[-1])]
    assert ends == [1.0, 5.0]
    assert figure.layout.xaxis.ticktext == ("0.001", "0.01", "0.1")
    assert figure.layout.yaxis.ticktext == ("2", "4")
    assert heat.text[1][0] == "Learning rate 0.001<br>Latent features (factors) 4"
    assert (star.x[0], star.y[0]) == best


def test_a_heat_map_without_results_has_axes_and_no_mark():
    figure = sweep_heat_map(ACROSS, UP, np.full((2, 3), np.nan), "rmse")
    assert len(figure.data) == 1
    assert figure.layout.xaxis.range == (-0.5, 2.5)


def test_the_history_of_a_search_has_its_best_so_far_and_those_given_up():
    cells = [
        Trial(BASE, curve(4.0)),
        Trial(changed(factors=5), curve(2.0)),
        Trial(changed(factors=6), curve(1.0), "Given up", pruned=True),
        Trial(changed(factors=7), [], "diverged"),
        Trial(changed(factors=8), curve(3.0)),
    ]
    whole, pruned, line = search_history(cells, "rmse", BASE).data
    assert whole.x.tolist() == [1, 2, 4, 5]
    assert whole.customdata.tolist() == [0, 1, 3, 4]
    assert whole.text[1] == "Latent features (factors) 5"
    assert pruned.y.tolist() == [1.0]
    assert line.y.tolist() == [4.0, 2.0, 2.0, 2.0, 2.0]


def test_the_history_of_no_search_is_empty():
    assert search_history([], "ndcg", BASE).data[0].x.tolist() == []


def test_importance_has_a_bar_for_each_setting_most_above():
    (bars,) = importance({"factors": 0.7, "epochs": 0.3}).data
    assert bars.y == ("Epochs", "Latent features (factors)")
    assert bars.x == (0.3, 0.7)


def test_earlier_runs_are_faint_and_named_by_what_differs():
    now = curve(3.0, 2.0, 1.0)
    shown = len(learning_curves(now, 3, {}).data)
    earlier = [
        RunRecord("a", "A", changed(regularization=2.0), curve(4.0, 3.0, 2.0, 1.0, 0.5)),
        RunRecord("b", "B", BASE, []),
    ]
    figure = learning_curves(now, 3, {}, beside=earlier_curves(earlier, BASE))
    go.Figure(figure.to_dict())  # plotly takes it
    (line,) = figure.data[shown:]
    assert line.name == "Lambda (regularization) 2"
    assert line.meta == "a"
    assert not line.showlegend
    assert line.line.color.startswith("rgba")
    assert line.y.tolist() == [4.0, 3.0, 2.0, 1.0, 0.5]
    assert figure.layout.xaxis.range == (0.5, 5.5)


def test_only_the_last_earlier_runs_are_drawn_and_long_ones_are_thinned():
    earlier = [RunRecord(str(at), "", changed(seed=at), curve(*np.linspace(2, 1, 999))) for at in range(20)]
    lines = earlier_curves(earlier, BASE)
    assert [line["meta"] for line in lines] == [str(at) for at in range(20 - MOST_EARLIER, 20)]
    assert len(lines[0]["x"]) == 200
    assert (lines[0]["x"][0], lines[0]["x"][-1]) == (1, 999)


def test_parallel_coordinates_have_an_axis_for_what_differs_and_what_came_of_it():
    records = [
        RunRecord("a", "A", changed(regularization=0.0), curve(4.0)),
        RunRecord("b", "<b>", changed(regularization=1.0), curve(2.0)),
        RunRecord("c", "C", replace(changed(regularization=10.0), watch="rmse"), []),
    ]
    figure = parallel_coordinates(records, chosen=["b"])
    assert figure.layout.xaxis.ticktext == (
        *("Lambda (regularization)", "Early-stopping metric"),
        *("RMSE", "NDCG@10"),
    )
    first, second, third = figure.data
    assert (first.y[0], third.y[0]) == (0.0, 1.0)
    assert 0 < second.y[0] < 1
    assert (first.y[2], second.y[2]) == (1.0, 0.0)
    assert np.isnan(third.y[2])
    assert second.customdata[0] == "b"
    assert second.name == "&lt;b&gt;"
    assert (first.opacity, second.opacity) == (0.15, 1)
    assert second.text[0] == "Lambda (regularization) 1"


def test_parallel_coordinates_of_one_run_or_of_other_models_can_be_drawn():
    assert len(parallel_coordinates([RunRecord("a", "A", BASE, curve(1.0))]).data) == 1
    records = [RunRecord("a", "A", BASE, curve(1.0)), RunRecord("b", "B", Setup("biased"), curve(2.0))]
    assert "Model" in parallel_coordinates(records).layout.xaxis.ticktext
    assert parallel_coordinates([]).data == ()
