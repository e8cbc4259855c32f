"""Work that is done a moment at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait

from recsys.system import threads

Steps = Generator[None, None, None]


class SteppedWork:
    """Work that a generator does: each of its yields is a place to stop.

    Parameters
    ----------
    work : generator of None
        Not begun yet; begins with the first step.
    """

    def __init__(self, work: Steps) -> None:
        self._work = work

    def step(self) -> None:
        """Work on to the next place to stop.

        Raises
        ------
        StopIteration
            If all is done.
        """
        next(self._work)

    def finish(self) -> None:
        """Leave the rest out; what was done stays."""
        self._work.close()


def side_by_side(works: Iterable[Steps], most: int = threads.MOST) -> Steps:
    """Step through independent pieces of work, as many at a time as there are free threads.

    Each yield is a place to stop: a piece that is in the middle of a step goes on to the end of that step, and no
    further. A piece that is alone runs in this thread, and may use all threads itself.

    Parameters
    ----------
    works : iterable of generators of None
        They must release the GIL to gain by this, and must not depend on the order in which they end.
    most : int
        How many at a time, at most: for work that needs much memory.

    Raises
    ------
    Exception
        That of the first piece that raised one; the others are closed.
    """
    ready = deque(works)
    stepping: dict[Future[bool], Steps] = {}
    try:
        while ready or stepping:
            if not stepping and (len(ready) == 1 or min(most, threads.share()) == 1):
                if not _step(ready[0]):
                    ready.popleft()
            else:
                with threads.lease() as number:
                    while ready and len(stepping) < min(most, number):
                        work = ready.popleft()
                        stepping[threads.submit(_step, work)] = work
                    for future in wait(stepping, return_when=FIRST_COMPLETED).done:
                        work = stepping.pop(future)
                        if future.result():
                            ready.appendleft(work)
            yield
    finally:
        wait([future for future in stepping if not future.cancel()])
        for work in (*ready, *stepping.values()):
            work.close()


def _step(work: Steps) -> bool:
    """Work on to the next place to stop; False if there is none."""
    try:
        next(work)
    except StopIteration:
        return False
    return True
