"""One job in the background: what is done, whose it is and how it stands."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar

State = Literal["queued", "running", "paused", "done", "cancelled", "diverged", "failed"]
ENDED: frozenset[State] = frozenset({"done", "cancelled", "diverged", "failed"})


class Work(Protocol):
    """Work in steps, for the background: a training, a comparison, a sweep, a search."""

    @property
    def progress(self) -> float:
        """How much is done, 0 to 1."""
        ...

    def step(self) -> object:
        """Go on for a moment; raise StopIteration when all is done, InputError if it cannot go on."""

    def finish(self) -> None:
        """End here and keep what there is."""


W = TypeVar("W", bound=Work)


@dataclass(eq=False)
class Job(Generic[W]):
    """Some work with a name and a state; only `JobScheduler` changes it.

    Attributes
    ----------
    id : str
        Names the run in links.
    dataset : Dataset
        What it is done on; None for a large run, which is not listening data.
    run : Work
        What is done; read it at any time.
    state : str
        `queued`, `running`, `paused`, `done`, `cancelled`, `diverged` or `failed`.
    message : str
        A sentence about the state, where there is something to say.
    owner : str
        Owner; "" for none.
    address : str
        The network address that it was asked for from; "" if it is not known.
    saved : bool
        Whether it was saved, so that it is listed among the saved runs.
    viewers : set of str
        The visits that look at it, or did before they went elsewhere.
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
        """Whether it will not go on any more."""
        return self.state in ENDED

    @property
    def private(self) -> bool:
        """Whether it is on uploaded data: then it lasts no longer than the visit."""
        return self.dataset is not None and not self.dataset.is_public

    @property
    def seconds(self) -> float:
        """Time spent working, pauses and waiting left out."""
        since = self._since
        return self._worked + (time.monotonic() - since if since is not None else 0.0)

    @property
    def seconds_left(self) -> float | None:
        """Time that the rest takes at the same pace, while it works; None before the first moments."""
        progress = self.run.progress
        if self.ended or progress <= 0:
            return None
        return self.seconds * (1 - progress) / progress
