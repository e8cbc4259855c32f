"""Training in the foreground and in the background."""

import threading

import numpy as np
import pytest

from recsys.data.splitting import Split, hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import evaluate
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.experiments import training
from recsys.experiments.training import Stopping, TrainingRun, warm_up
from recsys.jobs.scheduler import JobScheduler
from recsys.models import MODELS, make_model
from recsys.system.memory import Footprint


@pytest.fixture
def make_run(checkerboard_split):
    return lambda name="biased", **settings: TrainingRun(make_model(name, **settings), checkerboard_split)


ITERATIVE = [name for name, model in MODELS.items() if "epochs" in model.defaults]


def errors(run):
    return [(epoch.epoch, epoch.train_rmse, epoch.validation_rmse) for epoch in run.history]


@pytest.mark.parametrize("name", ITERATIVE)
@pytest.mark.parametrize("ends", ["by itself", "early"])
def test_a_run_that_has_ended_holds_its_model_and_no_pairs(name, ends, make_run):
    run = make_run(name, epochs=3, factors=16)
    next(run)
    while ends == "by itself" and next(run, None):
        pass
    if ends == "early":
        run.finish()
    learned = Footprint().add(run.model.state())
    held = Footprint(run.split).add(run)
    assert learned <= held < learned + 4 * len(run.split.train)
    if run.model.predicts_ratings:
        assert run.model.rmse(run.split.train) == pytest.approx(run.kept.train_rmse, rel=1e-5)


@pytest.mark.parametrize("name", ITERATIVE)
def test_a_paused_run_ends_where_an_unbroken_one_does(name, make_run):
    unbroken, paused = make_run(name, epochs=6), make_run(name, epochs=6)
    for _ in unbroken:
        pass
    for epoch in paused:
        if epoch.epoch == 3:
            break
    assert len(paused.history) == 3
    for _ in paused:
        pass
    assert errors(paused) == errors(unbroken)
    assert paused.model.user_factors.tobytes() == unbroken.model.user_factors.tobytes()


def test_history_is_what_the_model_says(make_run):
    run = make_run(epochs=4)
    epochs = list(run)
    assert epochs == run.history
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4]
    assert epochs[-1].train_rmse == run.model.rmse(run.split.train)
    assert epochs[-1].validation_rmse == run.model.rmse(run.split.validation)
    assert run.best.validation_rmse == min(epoch.validation_rmse for epoch in epochs)
    assert run.updates_per_second > 0


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ITERATIVE])
def test_a_model_without_epochs_is_one_epoch_without_errors(name, make_run):
    run = make_run(name)
    (epoch,) = run
    assert (epoch.epoch, epoch.train_rmse, epoch.validation_rmse) == (1, None, None)
    assert epoch.ndcg > 0
    assert (run.epochs, run.done, run.kept, run.best) == (1, 1, epoch, epoch)
    assert run.references == {}


def test_of_a_model_without_errors_the_best_lists_count(make_run, checkerboard_split):
    run = make_run("als", factors=4, epochs=6)
    list(run)
    assert run.best.ndcg == max(epoch.ndcg for epoch in run.history if epoch.ndcg is not None)
    with pytest.raises(InputError, match="no RMSE to be watched"):
        TrainingRun(make_model("als"), checkerboard_split, Stopping("rmse"))


def test_a_long_comparison_of_neighbours_can_be_cancelled(dataset, make_run, monkeypatch):
    monkeypatch.setattr("recsys.models.nearest_neighbors.PRODUCTS_PER_STEP", 10)
    run = make_run("item-knn")
    assert run.step() is None
    assert 0 < run.done < 1
    runs = JobScheduler(at_once=1)
    job = runs.start(dataset, run)
    runs.pause(job)
    assert runs.wait(job, "paused", "done")
    runs.cancel(job)
    assert runs.wait(job, "cancelled", "done")


def test_the_mean_line_is_the_error_of_always_predicting_the_mean(make_run):
    run = make_run()
    offsets = run.model.targets(run.split.validation) - run.model.targets(run.split.train).mean()
    expected = float(np.sqrt(np.square(offsets).mean()))
    assert run.references["Predicting the mean"] == pytest.approx(expected, rel=1e-5)
    assert run.references["Biases alone"] > 0


@pytest.mark.parametrize(("quick", "every"), [(True, 14), (False, 4)])
def test_lists_are_measured_at_the_first_the_last_and_some_epochs_between(
    make_run, monkeypatch, quick, every
):
    monkeypatch.setattr(training, "QUICK", training.QUICK if quick else 0)
    run = make_run(epochs=70)
    list(run)
    measured = [epoch.epoch for epoch in run.history if epoch.ndcg is not None]
    assert measured == [1, *range(every, 70, every), 70]
    figures = evaluate(run.model, run.split)
    assert run.history[-1].ndcg == pytest.approx(figures["ndcg@10"])
    assert run.history[-1].recall == pytest.approx(figures["recall@10"])


def test_only_some_users_are_ranked_where_there_are_many(checkerboard_split):
    users = sample_users(checkerboard_split, 7)
    assert len(users) == len(set(users.tolist())) == 7
    assert users.tolist() == sample_users(checkerboard_split, 7).tolist()
    assert len(sample_users(checkerboard_split, 40)) == 40


def test_a_training_that_is_over_in_a_moment_ranks_fewer_users(checkerboard_split, monkeypatch):
    monkeypatch.setattr(training, "RANKED_WHEN_QUICK", 5)
    few = TrainingRun(make_model("funk", epochs=2, factors=2), checkerboard_split)
    monkeypatch.setattr(training, "QUICK", len(checkerboard_split.train) * 4)
    many = TrainingRun(make_model("funk", epochs=2, factors=2), checkerboard_split)
    assert (len(few.ranked_users), len(many.ranked_users)) == (5, 40)


@pytest.mark.parametrize("watch", ["rmse", "ndcg"])
def test_the_best_epoch_is_kept(watch, checkerboard_split):
    model = make_model("biased", epochs=30, regularization=0, learning_rate=0.5)
    run = TrainingRun(model, checkerboard_split, Stopping(watch))
    list(run)
    assert len(run.history) == 30
    assert run.kept == run.best
    if watch == "rmse":
        assert run.kept.epoch < 30
        assert run.kept.validation_rmse == min(epoch.validation_rmse for epoch in run.history)
        assert run.model.rmse(run.split.validation) == run.kept.validation_rmse
    else:
        assert run.kept.ndcg == max(epoch.ndcg for epoch in run.history if epoch.ndcg is not None)


def test_training_stops_when_it_is_not_getting_better(checkerboard_split):
    model = make_model("biased", epochs=300, regularization=0, learning_rate=0.5)
    run = TrainingRun(model, checkerboard_split, Stopping("rmse", patience=5))
    list(run)
    assert len(run.history) == run.kept.epoch + 5 < 300
    assert run.model.rmse(run.split.validation) == run.kept.validation_rmse


def test_without_watching_the_last_epoch_is_kept(make_run):
    run = make_run(epochs=5)
    list(run)
    assert run.kept is run.history[-1]


@pytest.mark.parametrize("watch", ["none", "rmse", "ndcg"])
def test_a_run_that_was_trained_before_is_over(watch, dataset, checkerboard_split):
    run = TrainingRun(make_model("biased", epochs=4), checkerboard_split, Stopping(watch))
    list(run)
    again = TrainingRun.over(run.model, run.split, run.stopping, run.history, run.kept.epoch)
    assert (again.history, again.best, again.kept, again.progress) == (run.history, run.best, run.kept, 1)
    assert again.done == 4
    assert again.references == run.references
    with pytest.raises(StopIteration):
        again.step()
    runs = JobScheduler()
    assert runs.wait(runs.start(dataset, again), "done")


def test_a_cancelled_run_keeps_its_best_epoch(dataset, checkerboard_split):
    model = make_model("biased", epochs=5000, regularization=0, learning_rate=0.5)
    runs = JobScheduler()
    job = runs.start(dataset, TrainingRun(model, checkerboard_split, Stopping("rmse")))
    while len(job.run.history) < 60:
        assert job.state in ("queued", "running")
    runs.cancel(job)
    assert runs.wait(job, "cancelled")
    assert job.run.model.rmse(job.run.split.validation) == job.run.kept.validation_rmse


@pytest.mark.parametrize(("watch", "patience"), [("mood", 0), ("rmse", -1), ("rmse", 0.5)])
def test_a_bad_rule_for_stopping_is_explained(watch, patience):
    with pytest.raises(InputError, match="must be"):
        Stopping(watch, patience)


def test_a_diverging_run_stops_and_says_what_to_lower(make_run):
    run = make_run("article", learning_rate=10, epochs=100)
    with pytest.raises(
        InputError, match=r"diverged in epoch \d+\. Lower the learning rate: try 1 instead of 10"
    ):
        list(run)
    with pytest.raises(StopIteration):
        next(run)
    assert all(np.isfinite(epoch.train_rmse) for epoch in run.history)


def test_a_run_in_the_background_ends_like_one_in_the_foreground(dataset, make_run):
    runs = JobScheduler()
    job = runs.start(dataset, make_run(epochs=20))
    assert runs.wait(job, "done")
    foreground = make_run(epochs=20)
    list(foreground)
    assert errors(job.run) == errors(foreground)
    assert runs.get(job.id) is job


class Gated(TrainingRun):
    """A run whose epochs wait for permission, so that tests need no clock."""

    def __init__(self, *given):
        super().__init__(*given)
        self.permits = threading.Semaphore(0)

    def step(self):
        assert self.permits.acquire(timeout=30)
        return super().step()


@pytest.fixture
def gated(checkerboard_split):
    return lambda **settings: Gated(make_model("biased", **settings), checkerboard_split)


def test_a_run_is_paused_continued_and_cancelled(dataset, gated):
    runs = JobScheduler()
    job = runs.start(dataset, gated(epochs=1000))
    assert runs.wait(job, "running")
    runs.pause(job)
    job.run.permits.release()
    assert runs.wait(job, "paused")
    assert len(job.run.history) == 1
    runs.resume(job)
    assert runs.wait(job, "running")
    runs.cancel(job)
    job.run.permits.release()
    assert runs.wait(job, "cancelled")
    assert len(job.run.history) == 2
    runs.resume(job)
    assert job.state == "cancelled"


def test_a_paused_run_can_be_cancelled(dataset, gated):
    runs = JobScheduler()
    job = runs.start(dataset, gated(epochs=1000))
    runs.pause(job)
    job.run.permits.release()
    assert runs.wait(job, "paused")
    runs.cancel(job)
    assert runs.wait(job, "cancelled")


def test_runs_wait_in_line_and_see_their_place(dataset, gated):
    runs = JobScheduler(at_once=1)
    first = runs.start(dataset, gated(epochs=2))
    assert runs.wait(first, "running")
    second, third = (runs.start(dataset, gated(epochs=1)) for _ in range(2))
    assert (runs.place(first), runs.place(second), runs.place(third)) == (0, 1, 2)
    runs.cancel(second)
    assert runs.wait(second, "cancelled")
    assert runs.place(third) == 1
    first.run.permits.release(9)
    third.run.permits.release(9)
    assert runs.wait(first, "done")
    assert runs.wait(third, "done")
    assert runs.place(third) == 0


def test_a_run_makes_room_while_it_is_paused(dataset, gated):
    runs = JobScheduler(at_once=1)
    first = runs.start(dataset, gated(epochs=5))
    runs.pause(first)
    first.run.permits.release()
    assert runs.wait(first, "paused")
    second = runs.start(dataset, gated(epochs=1))
    second.run.permits.release(9)
    assert runs.wait(second, "done")
    runs.resume(first)
    first.run.permits.release(9)
    assert runs.wait(first, "done")


def test_a_diverged_run_has_its_sentence(dataset, make_run):
    runs = JobScheduler()
    job = runs.start(dataset, make_run("article", learning_rate=10, epochs=100))
    assert runs.wait(job, "diverged")
    assert "Lower the learning rate" in job.message


def test_a_run_that_nobody_watches_is_paused_with_a_sentence(dataset, gated):
    runs = JobScheduler(lease=-1.0)
    job = runs.start(dataset, gated(epochs=1000))
    job.run.permits.release()
    assert runs.wait(job, "paused")
    assert "nobody was watching" in job.message


def test_the_oldest_ended_run_is_forgotten_first(dataset, make_run, gated):
    runs = JobScheduler(kept=2)
    going = runs.start(dataset, gated(epochs=1000))
    going.run.permits.release()
    assert runs.wait(going, "running")
    runs.pause(going)
    going.run.permits.release()
    assert runs.wait(going, "paused")
    ended = []
    for _ in range(3):
        ended.append(runs.start(dataset, make_run(epochs=1)))
        assert runs.wait(ended[-1], "done")
    assert [runs.get(job.id) is not None for job in (going, *ended)] == [True, False, True, True]
    runs.cancel(going)


def test_too_many_waiting_runs_are_refused(dataset, gated):
    runs = JobScheduler(waiting=1)
    job = runs.start(dataset, gated(epochs=1))
    assert runs.wait(job, "running")
    with pytest.raises(InputError, match="Too many trainings"):
        runs.start(dataset, gated(epochs=1))
    job.run.permits.release(9)
    assert runs.wait(job, "done")


def test_a_fault_is_reported_and_makes_room(dataset, make_run, monkeypatch):
    faults = []
    monkeypatch.setattr(threading, "excepthook", lambda fault: faults.append(fault.exc_type))
    broken = make_run(epochs=2)
    monkeypatch.setattr(broken, "step", lambda: 1 / 0)
    runs = JobScheduler(at_once=1)
    job = runs.start(dataset, broken)
    assert runs.wait(job, "failed")
    assert "fault in this program" in job.message
    following = runs.start(dataset, make_run(epochs=1))
    assert runs.wait(following, "done")
    assert faults == [ZeroDivisionError]


def test_warming_up_runs_every_kernel():
    warm_up()


def test_the_test_part_changes_nothing_in_a_training(checkerboard):
    split = hold_out(checkerboard, 10, 6, 1, validation=0.5)
    keep = np.arange(len(split.test)) % 2 == 0
    poisoned = Split(split.train, split.validation, split.test.subset(keep), split.settings)
    runs = [
        TrainingRun(make_model("implicit", factors=4, epochs=3), one, Stopping("ndcg"))
        for one in (split, poisoned)
    ]
    histories = [[(epoch.ndcg, epoch.recall, epoch.train_rmse) for epoch in run] for run in runs]
    assert histories[0] == histories[1]


def test_curves_read_validation_and_the_figures_of_exports_the_test(checkerboard):
    split = hold_out(checkerboard, 10, 6, 1, validation=0.5)
    model = make_model("implicit", factors=4, epochs=2)
    (*_, last) = TrainingRun(model, split)
    swapped = Split(split.train, split.test, split.validation, split.settings)
    two_parts = Split(split.train, split.validation, split.validation, split.settings)
    assert last.ndcg == pytest.approx(evaluate(model, two_parts)["ndcg@10"])
    assert evaluate(model, split)["ndcg@10"] != pytest.approx(evaluate(model, swapped)["ndcg@10"])


def test_validation_items_are_not_recommended_in_the_test(checkerboard):
    split = hold_out(checkerboard, 10, 6, 1, validation=0.5)
    model = make_model("popular").fit(split.train)
    users = sample_users(split, 40)
    lists = RankedLists.of(model, split, users, 8)
    assert not RankedLists.judge(lists.items, split, users, "validation").hits.any()
