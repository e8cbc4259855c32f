"""Many people's work in the background: turns, limits, and what is left behind."""

import contextlib
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.experiments.snapshots import Snapshots
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import Job, JobScheduler
from recsys.models import make_model
from tests.conftest import ROOT


class Steps:
    """Work of some steps; each waits for a permit and is written down."""

    def __init__(self, name, diary, steps=3):
        self.name, self.diary, self.steps = name, diary, steps
        self.permits = threading.Semaphore(0)
        self.done = 0

    @property
    def progress(self):
        return self.done / self.steps

    def step(self):
        if self.done == self.steps:
            raise StopIteration
        self.permits.acquire()
        self.done += 1
        self.diary.append(self.name)

    def finish(self):
        self.diary.append(f"{self.name} ended")


@pytest.fixture
def diary():
    return []


def test_owners_take_turns(dataset, diary):
    runs = JobScheduler(at_once=1)
    jobs = [
        runs.start(dataset, Steps(name, diary, 1), owner)
        for name, owner in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("c1", "c"), ("b2", "b"))
    ]
    assert runs.wait(jobs[0], "running")
    by_place = {runs.place(job): job.run.name for job in jobs}
    assert by_place == {0: "a1", 1: "b1", 2: "c1", 3: "a2", 4: "b2", 5: "a3"}
    for job in jobs:
        job.run.permits.release()
    assert all(runs.wait(job, "done") for job in jobs)
    assert diary == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_two_that_find_each_other_first_do_not_wait_for_ever(dataset, diary, monkeypatch):
    runs = JobScheduler(at_once=1)
    first, *others = (runs.start(dataset, Steps(name, diary, 1), name) for name in "abc")
    assert runs.wait(first, "running")
    asked = set()

    def order(line, turns):
        asker = threading.current_thread().name.removeprefix("training-")
        courteous = asker not in asked
        asked.add(asker)
        return sorted(line, key=lambda job: (job.id == asker) == courteous)

    monkeypatch.setattr(runs._shares, "order", order)
    for job in (first, *others):
        job.run.permits.release()
    assert all(runs.wait(job, "done", timeout=20) for job in others)


def test_a_long_run_lets_others_have_their_turn(dataset, diary):
    runs = JobScheduler(at_once=1, turn=0.0)
    long = runs.start(dataset, Steps("long", diary, 100), "a")
    assert runs.wait(long, "running")
    short = runs.start(dataset, Steps("short", diary, 1), "b")
    short.run.permits.release()
    long.run.permits.release(9)
    assert runs.wait(short, "done")
    assert not long.ended
    long.run.permits.release(100)
    assert runs.wait(long, "done")
    assert diary.count("long") == 100


def test_nobody_can_have_too_many_at_once(dataset, diary):
    runs = JobScheduler(each=2)
    own = [runs.start(dataset, Steps("own", diary), "a") for _ in range(2)]
    with pytest.raises(InputError, match="2 of your trainings"):
        runs.start(dataset, Steps("own", diary), "a")
    other = runs.start(dataset, Steps("other", diary), "b")
    runs.cancel(own[0])
    own[0].run.permits.release()
    assert runs.wait(own[0], "cancelled")
    third = runs.start(dataset, Steps("own", diary), "a")
    for job in (own[1], other, third):
        runs.cancel(job)
        job.run.permits.release()
        assert runs.wait(job, "cancelled")


def test_what_was_paused_and_left_makes_room_for_what_comes(dataset, diary):
    runs = JobScheduler(waiting=1)
    left = runs.start(dataset, Steps("left", diary, 100), "a")
    runs.pause(left)
    left.run.permits.release()
    assert runs.wait(left, "paused")
    with pytest.raises(InputError, match="Too many trainings"):
        runs.start(dataset, Steps("next", diary), "b")
    runs.lease = -1.0
    following = runs.start(dataset, Steps("next", diary, 1), "b")
    assert runs.get(left.id) is None
    assert runs.wait(left, "cancelled")
    runs.lease = 900.0
    following.run.permits.release()
    assert runs.wait(following, "done")


def test_runs_that_are_too_much_together_make_room_and_what_is_looked_at_stays(dataset, diary):
    runs = JobScheduler(at_once=2, most=1_000)
    shared = np.zeros(10)

    def start(name, size, shared=shared):
        work = Steps(name, diary, 1)
        work.learned, work.shared = np.zeros(size, np.int8), shared
        return runs.start(dataset, work)

    def end(job):
        job.run.permits.release()
        assert runs.wait(job, "done")
        for thread in threading.enumerate():
            if thread.name == f"training-{job.id}":
                thread.join(10)

    first, second = start("a", 400), start("b", 400)
    end(first)
    end(second)
    assert runs.held() == 2 * 400 + shared.nbytes
    assert runs.get(first.id) is first
    third = start("c", 400)
    end(third)
    assert runs.get(second.id) is None
    assert runs.held() == 2 * 400 + shared.nbytes
    going, heavy = start("going", 400), start("heavy", 5_000)
    end(heavy)
    assert [job for job in (first, third, heavy) if runs.get(job.id)] == [heavy]
    assert runs.get(going.id) is going
    end(going)
    # what two share counts though one of them is forgotten
    large = np.zeros(500, np.int8)
    for name in "de":
        end(start(name, 100, large))
    end(start("f", 450))
    assert runs.held() <= runs.most


def test_work_on_own_data_is_forgotten_with_its_last_viewer(dataset, diary):
    runs = JobScheduler(at_once=1, grace=0.0)
    job = runs.start(dataset, Steps("own", diary), "a", "first tab")
    assert job.private
    runs.get(job.id, "second tab")
    runs.leave("first tab")
    runs._forget_left([job])
    assert runs.get(job.id) is job
    runs.leave("second tab")
    runs._forget_left([job])  # as the timer does; a step that went on before it would wait for ever
    job.run.permits.release(1)
    assert runs.wait(job, "cancelled")
    assert runs.get(job.id) is None


def test_who_comes_back_in_time_finds_their_own_work(dataset, diary):
    runs = JobScheduler(at_once=1, grace=3600.0)
    job = runs.start(dataset, Steps("own", diary), "a", "tab")
    runs.leave("tab")
    assert runs.get(job.id, "tab") is job
    runs._forget_left([job])
    assert runs.get(job.id) is job
    runs.cancel(job)
    job.run.permits.release(3)


def test_an_ended_run_without_viewers_gives_up_its_copies_of_epochs(dataset):
    runs = JobScheduler(at_once=1, unseen=3600.0)
    public = replace(dataset, is_public=True)
    split = hold_out(dataset.interactions, minimum=2, hidden=1)

    def trained(owner: str, viewer: str) -> Job[TrainingRun]:
        run = TrainingRun(make_model("funk", epochs=4, factors=2), split, snapshots=Snapshots())
        job = runs.start(public, run, owner, viewer)
        assert runs.wait(job, "done")
        return job

    watched, shared = trained("a", "tab"), trained("", "")
    runs._lighten([watched])  # as the timer does
    assert watched.run.snapshots.epochs == [1, 2, 3, 4]
    runs.leave("tab")
    runs._lighten([watched, shared])
    assert watched.run.snapshots.epochs == []
    assert shared.run.snapshots.epochs == [1, 2, 3, 4]
    assert [epoch.epoch for epoch in watched.run.history] == [1, 2, 3, 4]


def test_work_on_the_sample_stays_when_all_have_left(dataset, diary):
    runs = JobScheduler(at_once=1, grace=0.0)
    job = runs.start(replace(dataset, is_public=True), Steps("shared", diary, 1), "a", "tab")
    job.run.permits.release()
    assert runs.wait(job, "done")
    runs.leave("tab")
    runs._forget_left([job])
    assert runs.get(job.id) is job


def test_what_goes_on_ends_with_the_program_and_is_waited_for():
    program = """
import time
from recsys.jobs.scheduler import JobScheduler

class Works:
    progress = 0.5
    def step(self):
        time.sleep(0.3)
    def finish(self):
        print("finished")

runs = JobScheduler(at_once=1)
first, second = runs.start(None, Works()), runs.start(None, Works())
assert runs.wait(first, "running")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (0, "finished\nfinished\n"), ended.stderr


class Endless:
    """Work that never ends, a little at a time."""

    progress = 0.0

    def __init__(self, size=0):
        self.learned = np.zeros(size, np.int8)
        self.steps = 0

    def step(self):
        time.sleep(0.01)
        self.steps += 1

    def finish(self):
        self.learned = None


def end_all(runs, *jobs):
    for job in jobs:
        runs.cancel(job)
    assert all(runs.wait(job, "cancelled") for job in jobs)


@pytest.mark.parametrize("addresses", ["one", "many"])
def test_who_comes_last_starts_soon_beside_thirty_who_are_greedy(dataset, monkeypatch, addresses):
    monkeypatch.setattr("recsys.jobs.scheduler.SHORTEST", 0.05)
    runs = JobScheduler(at_once=1, turn=1.0)
    greedy = []
    for number in range(30):
        for _ in range(4):
            address = "10.0.0.1" if addresses == "one" else f"10.0.0.{number}"
            with contextlib.suppress(InputError):
                greedy.append(runs.start(dataset, Endless(), f"greedy {number}", address=address))
    honest = runs.start(dataset, Endless(), "honest", address="10.0.1.1")
    started = time.monotonic()
    assert runs.wait(honest, "running", timeout=30)
    waited = time.monotonic() - started
    assert waited < 30 * 0.05 * 2 + 1  # a tenth of what it is with turns of the usual length
    end_all(runs, honest, *greedy)


def test_an_address_has_no_more_of_the_processors_by_more_visits(dataset):
    runs = JobScheduler(at_once=1, turn=0.05)
    crowd = [runs.start(dataset, Endless(), f"visit {n}", address="10.0.0.1") for n in range(10)]
    alone = runs.start(dataset, Endless(), "alone", address="10.0.0.2")
    time.sleep(3)
    end_all(runs, alone, *crowd)
    assert alone.run.steps > 0.25 * sum(job.run.steps for job in crowd)


def test_a_full_line_ends_what_the_greediest_wait_for(dataset):
    runs = JobScheduler(at_once=1, waiting=6)
    greedy = [runs.start(dataset, Endless(), "a", address="1") for _ in range(4)]
    other = [runs.start(dataset, Endless(), name, address="2") for name in "bc"]
    late = runs.start(dataset, Endless(), "d", address="3")
    assert runs.wait(greedy[3], "cancelled")
    assert "to make room for others" in greedy[3].message
    assert not any(job.ended for job in (*greedy[:3], *other, late))
    end_all(runs, *greedy[:3], *other, late)


def test_a_full_line_of_equals_refuses_the_next(dataset):
    runs = JobScheduler(at_once=1, waiting=3)
    jobs = [runs.start(dataset, Endless(), name, address=name) for name in "abc"]
    with pytest.raises(InputError, match="Too many trainings are waiting"):
        runs.start(dataset, Endless(), "d", address="d")
    end_all(runs, *jobs)


def test_what_waits_and_is_paused_counts_against_the_bound_of_memory(dataset):
    runs = JobScheduler(at_once=1, most=1_000)
    paused = [runs.start(dataset, Endless(600), "a", address="1") for _ in range(2)]
    for job in paused:
        runs.pause(job)
        assert runs.wait(job, "paused")
    following = runs.start(dataset, Endless(10), "b", address="2")
    assert runs.wait(paused[1], "cancelled")
    assert "fill the memory" in paused[1].message
    assert not paused[0].ended
    alone = JobScheduler(at_once=1, most=1_000)
    large = alone.start(dataset, Endless(2_000), "a", address="1")
    with pytest.raises(InputError, match="fill the memory"):
        alone.start(dataset, Endless(10), "b", address="2")
    end_all(alone, large)
    end_all(runs, following, paused[0])


def test_a_pause_has_an_end_that_is_said(dataset):
    runs = JobScheduler(at_once=1, paused=0.2)
    job = runs.start(dataset, Endless(), "a")
    runs.pause(job)
    assert runs.wait(job, "cancelled")
    assert "it was paused for more than" in job.message
