"""Independent tasks on several threads: all of them run, once each, and errors come back."""

import threading

import pytest

from recsys.system import threads

any_number = pytest.mark.parametrize("number", ["1", "2", "3", "8"])


@any_number
def test_every_task_runs_once(number, monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", number)
    done = []
    threads.run([lambda place=place: done.append(place) for place in range(100)])
    assert sorted(done) == list(range(100))
    assert threads.share() == int(number)


def test_two_threads_work_at_the_same_time(monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", "2")
    both = threading.Barrier(2, timeout=10)
    threads.run([both.wait, both.wait])


@any_number
def test_the_error_of_a_task_is_raised_and_the_next_call_works(number, monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", number)

    def fail():
        raise ValueError("of a task")

    with pytest.raises(ValueError, match="of a task"):
        threads.run([lambda: None, fail, fail])
    assert threads.share() == int(number)
    test_every_task_runs_once(number, monkeypatch)


def test_a_task_runs_its_own_tasks_by_itself(monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", "2")
    seen = []

    def outer():
        threads.run([lambda: seen.append(threading.get_ident())] * 3)

    threads.run([outer] * 4)
    assert len(seen) == 12


def test_callers_at_the_same_time_share_the_threads(monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", "6")
    with threads.lease() as most:
        assert most == 6
        assert threads.share() == 3
        with threads.lease() as second:
            assert second == 3
            assert threads.share() == 2
    assert threads.share() == 6


@pytest.mark.parametrize("wrong", ["", "0", "-1", "many"])
def test_a_limit_that_is_no_number_leaves_the_number_of_cores(wrong, monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", wrong)
    assert threads.limit() >= 1


def test_parts_of_a_range_follow_one_another():
    assert threads.parts(slice(3, 10), 3) == [slice(3, 6), slice(6, 9), slice(9, 10)]
    assert threads.parts(slice(0, 0), 3) == []


def test_cores_that_other_programs_use_are_left_to_them(monkeypatch):
    monkeypatch.delenv("RECSYS_THREADS", raising=False)
    monkeypatch.setattr(threads.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for busy, expected in ((0.0, 8), (0.4, 8), (3.1, 5), (8.0, 1), (20.0, 1)):
        monkeypatch.setattr(threads._others, "cores", lambda busy=busy: busy)
        assert threads.limit() == expected


def test_the_work_of_this_process_is_not_that_of_others():
    others = threads._Others()
    others._seen = others._seen[0] - 10, others._seen[1] - 15
    assert others.cores() == pytest.approx(1.5, abs=0.3)
