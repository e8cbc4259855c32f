"""Repetitions on several hold-outs: each its own, and the band around all of them."""

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.experiments.repeats import Repeats, band
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch
from recsys.figures.training import band_curves, learning_curves

SETUP = Setup("implicit", {"epochs": 3, "factors": 2, "seed": 4}, minimum=4, hidden=2)


@pytest.fixture
def board(checkerboard):
    return Dataset("board", "Board", "", "", checkerboard)


def finished(repeats):
    for _ in range(1000):
        try:
            repeats.step()
        except StopIteration:
            return repeats
    raise AssertionError("it does not end")


def test_each_repetition_is_the_training_with_its_seed(board, checkerboard):
    repeats = finished(Repeats(SETUP, board, 3))
    assert (repeats.seeds, repeats.progress) == ([4, 5, 6], 1.0)
    alone = Setup("implicit", {"epochs": 3, "factors": 2, "seed": 5}, minimum=4, hidden=2)
    run = alone.run(hold_out(checkerboard, **alone.hold_out))
    list(run)
    assert [row.ndcg for row in repeats.histories[1]] == [row.ndcg for row in run.history]
    found = repeats.bands()["ndcg"]
    last = [history[-1].ndcg for history in repeats.histories]
    assert found.mean[-1] == pytest.approx(np.mean(last))
    assert (found.low[-1], found.high[-1]) == (min(last), max(last))


def test_on_a_split_by_time_the_seed_of_the_model_alone_differs():
    settings = {"epochs": 2, "factors": 4, "seed": 4}
    setup = Setup("implicit", settings, way="date", month="2024-09")
    sample = load("sample")
    repeats = finished(Repeats(setup, sample, 2))
    first, second = (history[-1].ndcg for history in repeats.histories)
    assert first != second
    other = Setup("implicit", settings | {"seed": 5}, way="date", month="2024-09")
    run = other.run(setup.split(sample))
    list(run)
    assert run.history[-1].ndcg == second
    names = {trace["name"] for trace in band_curves(repeats.bands(), 2, "seeds")}
    assert "mean of 2 seeds" in names


def test_a_band_has_the_epochs_that_all_measured():
    first = [Epoch(1, 3.0, 2.0, 0.1, 0.1, 0.2), Epoch(2, 2.0, 1.0, 0.1), Epoch(3, 1.0, 1.0, 0.1, 0.3, 0.2)]
    other = [Epoch(1, 3.0, 4.0, 0.1, 0.2, 0.2), Epoch(2, 2.0, float("nan"), 0.1)]
    assert band([first, other], "ndcg").epochs.tolist() == [1]
    assert band([first, other], "ndcg").mean.tolist() == pytest.approx([0.15])
    assert band([first, other], "validation_rmse").epochs.tolist() == [1]
    assert band([], "ndcg").epochs.tolist() == []


def test_repetitions_that_are_ended_keep_what_is_done(board):
    repeats = Repeats(SETUP, board, 3)
    while not repeats.histories:
        repeats.step()
    repeats.finish()
    assert len(repeats.histories) == 1
    finished(repeats)
    assert len(repeats.histories) == 1


def test_the_curves_show_the_mean_within_its_band(board):
    repeats = finished(Repeats(SETUP, board, 2))
    bands = repeats.bands()
    figure = learning_curves(repeats.histories[0], 3, {}, beside=band_curves(bands, 2))
    shade, mean = [trace for trace in figure.data if "hold-outs" in (trace.name or "")][-2:]
    assert shade.fill == "toself"
    assert list(mean.y) == pytest.approx(bands["ndcg"].mean)
    assert list(shade.y[: len(mean.y)]) == pytest.approx(bands["ndcg"].high)
    assert mean.yaxis == shade.yaxis == "y2"
