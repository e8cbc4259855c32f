"""Independent tasks on all cores that are free.

Plain threads, for tasks that release the GIL. The tasks are the same whatever the number of threads, and share nothing
that one of them writes, so neither does the result depend on it.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")

# Threads that help give way to those that answer a page.
NICER_BY = 5
# Helpers of all callers together; each starts when it is first needed.
MOST = 64
# Seconds over which the work of other programs is measured.
MOMENT = 0.25

_lock = threading.Lock()
_busy = 0
_within = threading.local()


def limit() -> int:
    """Return how many threads may work at a time: RECSYS_THREADS, or else the cores that no other program uses."""
    named = os.environ.get("RECSYS_THREADS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # A thread that waits for its core holds up all others of a round.
    return max(1, round(cores - _others.cores())) if cores > 1 else 1


class _Others:
    """How many cores other programs keep busy, as Linux tells; 0 elsewhere."""

    def __init__(self) -> None:
        self._seen = time.monotonic(), self._busy()
        self._cores = 0.0

    def cores(self) -> float:
        """Return their number over the last moments."""
        then, busy = self._seen
        now = time.monotonic()
        if now - then > MOMENT:
            self._seen = now, self._busy()
            self._cores = max(0.0, (self._seen[1] - busy) / (now - then))
        return self._cores

    def _busy(self) -> float:
        """Return the seconds that all processors have worked for others than this process."""
        try:
            with open("/proc/stat") as file:
                _, user, nice, system, _, _, *rest = file.readline().split()[:9]
            ticks = sum(map(int, (user, nice, system, *rest)))
            return ticks / os.sysconf("SC_CLK_TCK") - time.process_time()
        except (OSError, ValueError, AttributeError):
            return 0.0


_others = _Others()


def share() -> int:
    """Return how many threads one more caller may use now: an equal part of all, at least 1."""
    return max(1, limit() // (_busy + 1))


@contextlib.contextmanager
def lease() -> Iterator[int]:
    """Take one's share of the threads for a library that starts its own; its number."""
    global _busy
    with _lock:
        most = share()
        _busy += 1
    try:
        yield most
    finally:
        with _lock:
            _busy -= 1


def run(tasks: Sequence[Callable[[], object]]) -> None:
    """Run independent tasks to the end, in this thread and in others that are free.

    Callers at the same time get equal shares of the threads. A task that calls `run` runs its own tasks by itself.

    Parameters
    ----------
    tasks : sequence of functions without arguments
        The largest first, if their sizes differ.

    Raises
    ------
    Exception
        That of the first task that raised one; tasks that had not begun are left out.
    """
    if len(tasks) < 2 or limit() < 2 or getattr(_within, "task", False):
        for task in tasks:
            task()
        return
    left = deque(tasks)
    errors: list[BaseException] = []

    def work() -> None:
        _within.task = True
        try:
            while not errors:
                try:
                    task = left.popleft()
                except IndexError:
                    return
                task()
        except BaseException as error:
            errors.append(error)
        finally:
            _within.task = False

    with lease() as most:
        number = min(most, len(tasks)) - 1
        helpers = [_pool().submit(work) for _ in range(number)]
        work()
        for helper in helpers:
            if not helper.cancel():  # one that has not begun is not waited for
                helper.result()
    if errors:
        raise errors[0]


def submit(task: Callable[..., T], *given: object) -> Future[T]:
    """Begin a task in a thread of its own, where `run` does not start others."""

    def work() -> T:
        _within.task = True
        try:
            return task(*given)
        finally:
            _within.task = False

    return _pool().submit(work)


def parts(whole: slice, most: int) -> list[slice]:
    """Cut a range into parts of at most this length, the same for any number of threads."""
    return [
        slice(first, min(first + most, whole.stop)) for first in range(whole.start or 0, whole.stop, most)
    ]


@cache
def _pool() -> ThreadPoolExecutor:
    # It starts a thread only where none is idle.
    return ThreadPoolExecutor(MOST, "helper", initializer=give_way)


def give_way() -> None:
    """Let threads that answer a page go before this one from now on."""
    # Linux alone sets this for a single thread.
    with contextlib.suppress(OSError, AttributeError):
        if os.uname().sysname == "Linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICER_BY)
