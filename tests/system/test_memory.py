"""How much memory there is, and what something holds of it."""

import gc
import platform
import subprocess
import sys
import weakref

import numpy as np
import pytest

from recsys.system import memory
from recsys.system.memory import Footprint, available
from tests.conftest import ROOT


def test_memory_that_is_left_is_the_machines_or_less_in_a_container(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "GROUP", tmp_path / "none")
    left = available()
    assert 0 < left < 1 << 50
    monkeypatch.setattr(memory, "GROUP", tmp_path)
    for name, content in (("max", "1000\n"), ("current", "700\n"), ("stat", "anon 400\ninactive_file 250\n")):
        (tmp_path / f"memory.{name}").write_text(content)
    assert available() == 550
    (tmp_path / "memory.max").write_text("max\n")
    assert available() == pytest.approx(left, rel=0.2)


ON_GNU = pytest.mark.skipif(
    "glibc" not in platform.libc_ver(),
    reason="another C library",
)
FREED = """
import sys, threading
from recsys.system.memory import keep_heaps_few, resident

assert sys.argv[1] == "usual" or keep_heaps_few()
kept = []

def draw():  # as a page does: much that is short, and a little that stays
    for _ in range(20):
        short = []
        for _ in range(4):
            short.append(bytearray(3_000_000))
            kept.append(bytearray(600))

before = resident()
for _ in range(5):
    together = [threading.Thread(target=draw) for _ in range(8)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
print(resident() - before)
"""


@ON_GNU
def test_threads_that_come_and_go_leave_less_memory_behind():
    left = {}
    for how in ("usual", "given back"):
        left[how] = int(subprocess.check_output([sys.executable, "-c", FREED, how], cwd=ROOT))
    assert left["given back"] < left["usual"] / 2


HOLES = """
from recsys.system.memory import give_back, keep_heaps_few, resident

keep_heaps_few()
before = resident()
kept = []
for _ in range(3_000):
    short = bytearray(20_000)
    kept.append((short, bytearray(600)))
kept = [stays for _, stays in kept]
del short
full = resident() - before
give_back()
print(full, resident() - before)
"""


@ON_GNU
def test_holes_between_what_stays_go_back_to_the_system():
    full, left = map(int, subprocess.check_output([sys.executable, "-c", HOLES], cwd=ROOT).split())
    assert left < full / 2


def test_what_only_refers_to_itself_is_freed_and_what_was_settled_is_not_looked_at():
    class Ring:
        def __init__(self) -> None:
            self.own = self

    gc.disable()
    try:
        ring = weakref.ref(Ring())
        assert ring() is not None
        memory.give_back()
        assert ring() is None
        kept = Ring()
        settled = weakref.ref(kept)
        memory.settle()
        del kept
        memory.give_back()
        assert settled() is not None
    finally:
        gc.unfreeze()
        gc.enable()


def test_arrays_are_counted_once_wherever_they_are_held():
    array, other = np.zeros(1_000), np.zeros(10, np.int8)

    class Holder:
        def __init__(self) -> None:
            self.part, self.more = array[10:20], {"again": [array, (array.reshape(10, 100), other)]}

    assert Footprint().add(Holder()) == 8_000 + 10
    counted = Footprint()
    assert counted.add(array) == 8_000
    assert counted.add(Holder()) == 10
    assert Footprint(array).add(Holder()) == 10


def test_what_a_generator_works_with_counts_until_it_has_ended():
    def work():
        array = np.zeros(1_000)
        yield
        array += 1

    going = work()
    next(going)
    assert Footprint().add(going) == 8_000
    assert list(going) == []
    assert Footprint().add(going) == 0


def test_arrays_that_lie_in_bytes_count_and_the_program_does_not():
    content = bytes(5_000)
    parts = [np.frombuffer(content, np.int8), np.frombuffer(content, np.float64)]
    assert Footprint().add(parts) == 5_000
    assert Footprint().add([memory, np, Footprint, test_arrays_are_counted_once_wherever_they_are_held]) == 0
