"""Job: work in the background with its owner and state."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

State = Literal["queued", "running", "paused", "done", "cancelled", "diverged", "failed"]
ENDED: frozenset[State] = frozenset({"done", "cancelled", "diverged", "failed"})


class Work(Protocol):
    """Work in steps, for the background: a training, a comparison, a sweep, a search.

    It may have a method `lighten`, which gives up what can be had again by doing the work again.
    """

    @property
    def progress(self) -> float:
        """Fraction done, 0 to 1."""
        ...

    def step(self) -> object:
        """Do the next step; raise StopIteration at the end, InputError on failure."""

    def finish(self) -> None:
        """Stop and keep the result so far."""


W = TypeVar("W", bound=Work)


@dataclass(eq=False)
class Job(Generic[W]):
    """Work with an id and a state; only `JobScheduler` changes it.

    Attributes
    ----------
    id : str
        Identifier in links.
    dataset : Dataset
        Dataset of the work; None for the index of an external run.
    run : Work
        The work; may be read at any time.
    state : str
        `queued`, `running`, `paused`, `done`, `cancelled`, `diverged` or `failed`.
    message : str
        A sentence about the state, or empty.
    owner : str
        Owner; "" for none.
    address : str
        Network address of the visitor; "" if not known.
    saved : bool
        Whether it was saved, so that it is listed among the saved runs.
    viewers : set of str
        Visits that have opened it.
    """

    id: str
    dataset: Any
    run: W
    owner: str = ""
    address: str = ""
    state: State = "queued"
    message: str = ""
    viewers: set[str] = field(default_factory=set)
    saved: bool = False
    _wish: Literal["run", "pause", "cancel"] = "run"
    _seen: float = field(default_factory=time.monotonic)
    _turn: int = 0
    _stopped: float = 0.0
    _worked: float = 0.0
    _since: float | None = None

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.state in ENDED

    @property
    def private(self) -> bool:
        """Whether it is on uploaded data: then it lasts no longer than the visit."""
        return self.dataset is not None and not self.dataset.is_public

    @property
    def seconds(self) -> float:
        """Seconds of work, without pauses and waiting."""
        since = self._since
        return self._worked + (time.monotonic() - since if since is not None else 0.0)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds of the rest, while it runs; None at first."""
        progress = self.run.progress
        if self.ended or progress <= 0:
            return None
        return self.seconds * (1 - progress) / progress
