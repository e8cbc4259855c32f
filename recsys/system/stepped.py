"""Work that is done a moment at a time."""

from __future__ import annotations

from collections.abc import Generator


class SteppedWork:
    """Work that a generator does: each of its yields is a place to stop.

    Parameters
    ----------
    work : generator of None
        Not begun yet; begins with the first step.
    """

    def __init__(self, work: Generator[None, None, None]) -> None:
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
