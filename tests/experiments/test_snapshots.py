"""Snapshots: the model of each epoch, exactly, within the bound of memory."""

import numpy as np
import pytest

from recsys.experiments.setup import Setup
from recsys.experiments.snapshots import Snapshots


def trained(split, snapshots, model="implicit", **settings):
    run = Setup(model, {"epochs": 8, "factors": 4} | settings).run(split, snapshots)
    seen = {epoch.epoch: run.model.state() for epoch in run}
    return run, seen


@pytest.mark.parametrize("model", ["implicit", "article"])
def test_a_snapshot_is_the_model_as_it_was(checkerboard_split, model):
    run, seen = trained(checkerboard_split, Snapshots(), model)
    assert run.snapshots.epochs == [1, 2, 3, 4, 5, 6, 7, 8]
    users = np.arange(3, dtype=np.int32)
    for epoch, state in seen.items():
        then = run.model_at(epoch)
        for name in run.model.learned:
            assert np.array_equal(getattr(then, name), state[name])
        assert then.scores(users).shape == run.model.scores(users).shape
    assert run.model_at(8) is run.model
    assert not np.array_equal(run.model_at(1).scores(users), run.model.scores(users))


def test_within_a_bound_the_first_and_the_last_stay_and_early_ones_lie_closer(checkerboard_split):
    whole, _ = trained(checkerboard_split, Snapshots())
    size = sum(np.asarray(value).nbytes for value in whole.model.state().values())
    run, _ = trained(checkerboard_split, Snapshots(4 * size + size // 2))
    assert len(run.snapshots.epochs) == 4
    assert run.snapshots.epochs[0] == 1
    assert run.snapshots.epochs[-1] == 8
    assert np.diff(run.snapshots.epochs).tolist() == sorted(np.diff(run.snapshots.epochs))
    assert run.model_at(next(iter({*range(1, 9)} - {*run.snapshots.epochs}))) is None


def test_a_model_too_large_for_two_leaves_none(checkerboard_split):
    run, _ = trained(checkerboard_split, Snapshots(100))
    assert run.snapshots.epochs == []
    assert run.model_at(3) is None
    assert run.model_at(8) is run.model


def test_a_training_without_snapshots_keeps_none_and_one_that_is_cleared_no_more(checkerboard_split):
    assert trained(checkerboard_split, None)[0].model_at(3) is None
    cleared = Snapshots()
    cleared.clear()
    assert trained(checkerboard_split, cleared)[0].snapshots.epochs == []


def test_the_kept_epoch_of_early_stopping_is_the_model_itself(checkerboard_split):
    run = Setup("implicit", {"epochs": 6, "factors": 4}, watch="ndcg").run(checkerboard_split, Snapshots())
    list(run)
    assert run.model_at(run.kept.epoch) is run.model


def test_a_measured_epoch_has_its_interval(checkerboard_split):
    run, _ = trained(checkerboard_split, None)
    measured = [epoch.epoch for epoch in run.history if epoch.ndcg is not None]
    assert sorted(run.margins) == measured
    assert all(margin >= 0 for pair in run.margins.values() for margin in pair)
