"""Work in steps: pieces side by side all end, stop where they are told to, and pass on their errors."""

import threading

import pytest

from recsys.system import threads
from recsys.system.stepped import SteppedWork, side_by_side


def counting(name, steps, done, ended=None):
    try:
        for step in range(steps):
            done.append((name, step))
            yield
    finally:
        if ended is not None:
            ended.append(name)


@pytest.mark.parametrize("number", ["1", "2", "3", "8"])
def test_every_piece_takes_all_its_steps_in_order(number, monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", number)
    done = []
    for _ in side_by_side([counting(name, 5, done) for name in "abcd"]):
        pass
    assert sorted(done) == [(name, step) for name in "abcd" for step in range(5)]
    for wanted in "abcd":
        assert [step for name, step in done if name == wanted] == list(range(5))
    assert threads.share() == int(number)


def test_two_pieces_work_at_the_same_time_unless_only_one_may(monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", "2")
    both = threading.Barrier(2, timeout=10)

    def meeting():
        both.wait()
        yield

    for _ in side_by_side([meeting(), meeting()]):
        pass
    here = []

    def noting():
        here.append(threading.get_ident())
        yield

    for _ in side_by_side([noting() for _ in range(4)], most=1):
        pass
    assert set(here) == {threading.get_ident()}


def test_a_piece_alone_may_use_all_threads(monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", "2")
    both = threading.Barrier(2, timeout=10)

    def alone():
        threads.run([both.wait, both.wait])
        yield

    for _ in side_by_side([alone()]):
        pass


@pytest.mark.parametrize("number", ["1", "2"])
def test_closing_it_closes_all_pieces(number, monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", number)
    done, ended = [], []
    work = SteppedWork(side_by_side([counting(name, 1000, done, ended) for name in "ab"]))
    work.step()
    work.step()
    work.finish()
    seen = len(done)
    assert sorted(ended) == (["a", "b"] if number == "2" else ["a"])  # `b` had not begun
    with pytest.raises(StopIteration):
        work.step()
    assert len(done) == seen < 10
    assert threads.share() == int(number)


@pytest.mark.parametrize("number", ["1", "2"])
def test_the_error_of_a_piece_is_raised_and_the_others_are_closed(number, monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", number)

    def failing():
        yield
        raise ValueError("of a piece")

    done, ended = [], []
    with pytest.raises(ValueError, match="of a piece"):
        for _ in side_by_side([failing(), counting("b", 10**6, done, ended)]):
            pass
    assert ended == (["b"] if number == "2" else [])
    assert threads.share() == int(number)
