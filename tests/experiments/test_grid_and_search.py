"""Grids and searches: the right trainings, in the right order, kept when they end early."""

import numpy as np
import pytest

from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.experiments.grid import GridAxis, GridSearch, axis, sweepable
from recsys.experiments.search import Search, reach
from recsys.experiments.setup import Setup
from recsys.jobs.scheduler import JobScheduler
from recsys.models import MODELS
from recsys.settings import SETTINGS

SETUP = Setup("funk", {"epochs": 4, "factors": 2, "learning_rate": 0.05}, minimum=10, hidden=3)


@pytest.fixture(scope="module")
def split(checkerboard):
    return hold_out(checkerboard, **SETUP.hold_out)


def drive(work):
    found = []
    try:
        while True:
            found.append(work.step())
    except StopIteration:
        return [one for one in found if one is not None]


def test_linear_and_logarithmic_steps():
    assert axis("regularization", 0, 1, 5) == GridAxis("regularization", (0.0, 0.25, 0.5, 0.75, 1.0))
    assert axis("regularization", 0.001, 10, 5, log=True).values == (0.001, 0.01, 0.1, 1.0, 10.0)
    assert axis("factors", 1, 4, 7).values == (1, 2, 3, 4)
    assert axis("factors", 5, 5, 1).values == (5,)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("magic", 1, 2, 3), "no setting 'magic'"),
        (("factors", 0, 2, 3), "from 1 to 256"),
        (("factors", 4, 2, 3), "from a lower to a higher"),
        (("factors", 2, 2, 3), "from a lower to a higher"),
        (("factors", 1, 2, 21), "1 to 20 values, not 21"),
        (("factors", "many", 2, 3), "not 'many'"),
    ],
)
def test_a_wrong_axis_is_explained(given, words):
    with pytest.raises(InputError, match=words):
        axis(*given)


def test_a_logarithmic_axis_does_not_start_at_zero():
    with pytest.raises(InputError, match="above 0 on a logarithmic scale"):
        axis("regularization", 0, 1, 3, log=True)


def test_a_cell_is_what_a_training_with_its_settings_comes_to(split):
    sweep = GridSearch(SETUP, split, axis("factors", 1, 3, 3), axis("regularization", 0.01, 1, 2, log=True))
    drive(sweep)
    assert len(sweep.cells) == 6
    assert sweep.progress == 1
    cell = sweep.cells[2, 1]
    assert (cell.setup.settings["factors"], cell.setup.settings["regularization"]) == (3, 1.0)
    run = cell.setup.run(split)
    assert [(epoch.validation_rmse, epoch.ndcg) for epoch in run] == [
        (epoch.validation_rmse, epoch.ndcg) for epoch in cell.history
    ]
    assert cell.rmse == min(epoch.validation_rmse for epoch in run.history)
    assert cell.ndcg == max(epoch.ndcg for epoch in run.history)
    assert sweep.grid("rmse")[1, 2] == cell.rmse
    assert sweep.best("rmse").rmse == np.nanmin(sweep.grid("rmse"))
    assert sweep.best("ndcg").ndcg == np.nanmax(sweep.grid("ndcg"))


def test_a_cell_that_diverges_has_its_sentence_and_the_others_go_on(split):
    setup = Setup("article", {"epochs": 3}, minimum=10, hidden=3)
    sweep = GridSearch(setup, split, axis("learning_rate", 0.001, 10, 2), axis("factors", 1, 2, 2))
    drive(sweep)
    assert "diverged" in sweep.cells[1, 0].message
    assert sweep.cells[1, 0].rmse is None
    assert np.isnan(sweep.grid("rmse")).tolist() == [[False, True], [False, True]]
    assert sweep.best("rmse").message == ""


@pytest.mark.parametrize("number", ["2", "3"])
def test_cells_are_the_same_on_any_number_of_threads(number, split, monkeypatch):
    found = []
    for threads in ("1", number):
        monkeypatch.setenv("RECSYS_THREADS", threads)
        sweep = GridSearch(SETUP, split, axis("factors", 1, 3, 3), axis("epochs", 2, 3, 2))
        drive(sweep)
        found.append({measure: sweep.grid(measure) for measure in ("rmse", "ndcg")})
    np.testing.assert_equal(found[1], found[0])


def test_a_sweep_that_is_ended_keeps_what_it_has(split, monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", "1")
    sweep = GridSearch(SETUP, split, axis("factors", 1, 3, 3), axis("epochs", 2, 3, 2))
    while len(sweep.cells) < 2:
        sweep.step()
    sweep.finish()
    assert drive(sweep) == []
    assert sorted(sweep.cells) == [(0, 0), (1, 0)]
    assert np.isfinite(sweep.grid("ndcg")).sum() == 2
    assert 0 < sweep.progress < 1


@pytest.mark.parametrize(
    ("across", "up"), [("seed", "factors"), ("factors", "factors"), ("minimum", "factors")]
)
def test_settings_that_cannot_be_swept_are_explained(across, up, split):
    axes = [axis(name, 2, 4, 2) for name in (across, up)]
    with pytest.raises(InputError, match=r"cannot be swept|needs two settings"):
        GridSearch(SETUP, split, *axes)


def test_a_sweep_is_cancelled_half_way_in_the_background(dataset, split):
    runs = JobScheduler()
    long = Setup("funk", {"epochs": 400, "factors": 2}, minimum=10, hidden=3)
    job = runs.start(
        dataset, GridSearch(long, split, axis("factors", 1, 20, 20), axis("epochs", 400, 410, 10))
    )
    while len(job.run.cells) < 2:
        assert job.state in ("queued", "running")
    assert job.seconds > 0
    assert job.seconds_left > job.seconds
    runs.cancel(job)
    assert runs.wait(job, "cancelled")
    assert 2 <= len(job.run.cells) < 200
    assert job.seconds_left is None
    seconds = job.seconds
    assert seconds == job.seconds


def test_a_sweep_ends_by_itself_in_the_background(dataset, split):
    runs = JobScheduler()
    job = runs.start(dataset, GridSearch(SETUP, split, axis("factors", 1, 2, 2), axis("epochs", 1, 2, 2)))
    assert runs.wait(job, "done")
    assert len(job.run.cells) == 4


@pytest.fixture(scope="module")
def search(split):
    search = Search(SETUP, split, trials=14, measure="rmse")
    drive(search)
    return search


def test_a_search_spends_its_budget_and_starts_with_the_setup(search):
    assert len(search.cells) == 14
    assert search.progress == 1
    assert search.cells[0].setup == SETUP
    assert search.best.rmse == min(cell.rmse for cell in search.cells if not (cell.pruned or cell.diverged))
    assert search.best.rmse <= search.cells[0].rmse
    assert set(search.names) == {"factors", "learning_rate", "regularization", "epochs"}


def test_a_search_tries_words_as_well(split):
    search = Search(Setup("item-knn"), split, trials=12)
    drive(search)
    assert {"weighting", "plays"} <= set(search.names)
    tried = {cell.setup.settings["weighting"] for cell in search.cells}
    assert len(tried) > 1
    assert tried <= {"cosine", "tfidf", "bm25"}


def test_a_search_with_the_same_seed_finds_the_same(search, split):
    again = Search(SETUP, split, trials=14, measure="rmse")
    drive(again)
    assert [cell.setup for cell in again.cells] == [cell.setup for cell in search.cells]
    assert [cell.pruned for cell in again.cells] == [cell.pruned for cell in search.cells]
    assert [cell.rmse for cell in again.cells] == [cell.rmse for cell in search.cells]


def test_hopeless_trainings_are_given_up(split):
    setup = Setup("funk", {"epochs": 40, "factors": 2, "learning_rate": 0.05}, minimum=10, hidden=3)
    search = Search(setup, split, trials=25, measure="rmse")
    drive(search)
    pruned = [cell for cell in search.cells if cell.pruned]
    assert pruned
    for cell in pruned:
        assert len(cell.history) < cell.setup.settings["epochs"]
        assert "Given up" in cell.message
    assert not search.best.pruned


def test_what_a_search_found_can_be_trained_again(search, split):
    run = search.best.setup.run(split)
    assert min(epoch.validation_rmse for epoch in run) == search.best.rmse


def test_the_shares_of_importance_sum_to_one(search):
    shares = search.importance()
    assert set(shares) <= set(search.names)
    assert sum(shares.values()) == pytest.approx(1)


def test_a_search_goes_over_chosen_settings_only(split):
    search = Search(SETUP, split, trials=3, names=["regularization"])
    drive(search)
    assert search.importance() == {}
    for cell in search.cells:
        others = cell.setup.settings | {"regularization": SETUP.settings["regularization"]}
        assert others == SETUP.settings
    assert len({cell.setup.settings["regularization"] for cell in search.cells}) == 3


@pytest.mark.parametrize("name", list(MODELS))
def test_what_can_be_searched_reaches_both_ways_within_the_range(name):
    setup = Setup(name)
    for setting in sweepable(setup):
        value, row = setup.settings[setting], SETTINGS[setting]
        low, high = reach(setting, float(value))
        assert row.check(low) < value or value == row.minimum
        assert row.check(high) > value or value == row.maximum


def test_a_search_ends_when_its_time_is_spent(split):
    search = Search(SETUP, split, trials=500, seconds=1e-9)
    drive(search)
    assert [cell.setup for cell in search.cells] == [SETUP]
    assert search.progress == 1.0


def test_a_search_starts_also_from_outside_its_reach(split):
    setup = Setup("funk", {"epochs": 2, "regularization": 0.0}, minimum=10, hidden=3)
    search = Search(setup, split, trials=2)
    drive(search)
    assert search.cells[0].setup == setup


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"trials": 0}, "1 to 500 times, not 0"),
        ({"trials": 501}, "1 to 500"),
        ({"names": ["seed"]}, "cannot change 'seed'"),
        ({"names": []}, "no setting"),
        ({"seconds": 0.0}, "some time, not 0"),
    ],
)
def test_a_wrong_search_is_explained(given, words, split):
    with pytest.raises(InputError, match=words):
        Search(SETUP, split, **given)


def test_a_cancelled_search_keeps_what_it_found(dataset, split):
    runs = JobScheduler()
    long = Setup("funk", {"epochs": 100, "factors": 2}, minimum=10, hidden=3)
    job = runs.start(dataset, Search(long, split, trials=500))
    while len(job.run.cells) < 2:
        assert job.state in ("queued", "running")
    runs.cancel(job)
    assert runs.wait(job, "cancelled")
    assert job.run.best is not None
    assert len(job.run.cells) < 500
