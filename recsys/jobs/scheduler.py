"""Long work in the background: it goes on while readers click, leave and come back."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import time
import weakref
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.system.event_log import note
from recsys.system.memory import Footprint, available

State = Literal["queued", "running", "paused", "done", "cancelled", "diverged", "failed"]
ENDED: frozenset[State] = frozenset({"done", "cancelled", "diverged", "failed"})
MOST = 2**30  # bytes
PARTING = 3.0  # seconds that work has to end in when the program ends
_ALL: weakref.WeakSet[JobScheduler] = weakref.WeakSet()
_THREADS: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class Work(Protocol):
    """What can be done in the background, a step at a time: a training, a comparison, a sweep, a search."""

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
        Whose it is; "" if nobody's.
    viewers : set of str
        The visits that look at it, or did before they went elsewhere.
    """

    id: str
    dataset: Any
    run: W
    owner: str = ""
    state: State = "queued"
    message: str = ""
    viewers: set[str] = field(default_factory=set)
    _wish: Literal["run", "pause", "cancel"] = "run"
    _seen: float = field(default_factory=time.monotonic)
    _turn: int = 0
    _worked: float = 0.0
    _since: float | None = None

    @property
    def ended(self) -> bool:
        """Whether it will not go on any more."""
        return self.state in ENDED

    @property
    def private(self) -> bool:
        """Whether it holds data that somebody brought: then it lasts no longer than their visit."""
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


class JobScheduler:
    """Runs trainings in threads, a few at a time, and remembers the latest.

    Owners take turns: everybody's first run goes before anybody's second, and who had no turn for longest is
    first. A run that others wait for goes back into the line when its turn is over.

    Parameters
    ----------
    at_once : int or None
        How many may train at the same time; one less than there are processors by default.
    kept : int
        How many runs are remembered; of those that have ended, who was not looked at for longest is forgotten first.
    most : int or None
        How many bytes those that are remembered may hold together, the data that they are done on left out; by
        default an eighth of the memory that is there now, or 1 GiB. What has not ended stays whatever it is, and
        so does the one that was looked at last.
    lease : float
        A run that nobody has looked at for this many seconds is paused, and may be forgotten.
    each : int
        How many runs of one owner may be there without having ended.
    turn : float
        A run that others wait for works for this many seconds at a time.
    grace : float
        What is done on somebody's own data is forgotten this many seconds after the last who looked at it left.
    """

    def __init__(
        self,
        at_once: int | None = None,
        kept: int = 30,
        most: int | None = None,
        lease: float = 900.0,
        each: int = 4,
        turn: float = 10.0,
        grace: float = 120.0,
    ) -> None:
        self.at_once = at_once if at_once is not None else max(1, (os.cpu_count() or 2) - 1)
        self.kept = kept
        self.most = most if most is not None else max(MOST, (available() or 0) // 8)
        self.lease = lease
        self.each = each
        self.turn = turn
        self.grace = grace
        self._runs: dict[str, Job[Any]] = {}
        self._line: list[Job[Any]] = []
        self._training = 0
        self._turns = 0
        self._changed = threading.Condition()
        _ALL.add(self)

    def start(self, dataset: Dataset | None, run: W, owner: str = "", viewer: str = "") -> Job[W]:
        """Take a run in; it trains as soon as there is room.

        Parameters
        ----------
        dataset, run
            What is done, and on what.
        owner : str
            Whose turn it takes; "" if nobody's.
        viewer : str
            The visit that looks at it; see `leave`.

        Raises
        ------
        InputError
            If too many runs, or too many of this owner, have not ended yet.
        """
        job = Job(secrets.token_hex(6), dataset, run, owner, viewers={viewer} - {""})
        with self._changed:
            own = sum(not other.ended and other.owner == owner for other in self._runs.values())
            if owner and own >= self.each:
                raise InputError(
                    f"{own} of your trainings have not ended yet. Cancel one, or wait for one to end."
                )
            while len(self._runs) >= self.kept:
                self._forget_one()
            self._runs[job.id] = job
            self._line.append(job)
        thread = threading.Thread(target=self._work, args=(job,), name=f"training-{job.id}", daemon=True)
        _THREADS.add(thread)
        thread.start()
        return job

    def get(self, run_id: str, viewer: str = "") -> Job[Any] | None:
        """Return a run and note that somebody (this visit) looks at it; None if it is not known (any more)."""
        with self._changed:
            job = self._runs.get(run_id)
            if job is not None:
                job._seen = time.monotonic()
                job.viewers |= {viewer} - {""}
            return job

    def leave(self, viewer: str) -> None:
        """Note that a visit is over, or its connection broke off: it may come back within the grace.

        What is done on the data that somebody brought is forgotten when nobody is left who looks at it.
        """
        with self._changed:
            left = [job for job in self._runs.values() if viewer in job.viewers]
            for job in left:
                job.viewers.discard(viewer)
        if any(job.private for job in left):
            timer = threading.Timer(self.grace, self._forget_left, args=(left,))
            timer.daemon = True
            timer.start()

    def _forget_left(self, left: list[Job[Any]]) -> None:
        with self._changed:
            for job in left:
                if job.private and not job.viewers and self._runs.pop(job.id, None) is not None:
                    job._wish = "cancel"
            self._changed.notify_all()

    def pause(self, job: Job[Any]) -> None:
        """Stop after the current step; `resume` goes on from there."""
        self._wish(job, "pause")

    def resume(self, job: Job[Any]) -> None:
        """Go on where the run was paused."""
        self._wish(job, "run")

    def cancel(self, job: Job[Any]) -> None:
        """End the run after the current step; what it has learned stays."""
        self._wish(job, "cancel")

    def place(self, job: Job[Any]) -> int:
        """Return the place in the queue, 1 for the next; 0 if the run is not waiting."""
        with self._changed:
            waiting = self._waiting()
            return waiting.index(job) + 1 if job in waiting else 0

    def counts(self) -> dict[str, int]:
        """Return how many of the runs that are remembered are in each state; `queued` is the length of the queue."""
        with self._changed:
            found = Counter(job.state for job in self._runs.values())
            return {name: found[name] for name in get_args(State)} | {"queued": len(self._line)}

    def held(self) -> int:
        """Return how many bytes the runs that are remembered hold, the data that they are done on left out."""
        return sum(size for _, size in self._sizes())

    def wait(self, job: Job[Any], *states: State, timeout: float = 60.0) -> bool:
        """Wait until the run is in one of these states; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: job.state in states, timeout)

    def _sizes(self) -> list[tuple[Job[Any], int]]:
        """Return what each run holds that none before it does; the one looked at last comes first."""
        with self._changed:
            known = sorted(self._runs.values(), key=lambda job: -job._seen)
        footprint = Footprint(*(job.dataset for job in known))
        return [(job, footprint.add(job.run)) for job in known]

    def _forget_heavy(self) -> None:
        """Forget runs that have ended: from where they are too much together, all that were looked at before."""
        sizes = self._sizes()
        held = sum(size for job, size in sizes if not job.ended)
        ended = [(job, size) for job, size in sizes if job.ended]
        for place, (job, size) in enumerate(ended):
            held += size
            if held > self.most and place:
                with self._changed:
                    self._runs.pop(job.id, None)

    def _forget_one(self) -> None:
        """Forget a run that has ended, or else one that was paused and left."""
        now = time.monotonic()
        ended = [job for job in self._runs.values() if job.ended]
        left = [job for job in self._runs.values() if job.state == "paused" and now - job._seen > self.lease]
        if not (ended or left):
            raise InputError("Too many trainings are waiting. Cancel one, or wait for one to end.")
        oldest = min(ended or left, key=lambda job: job._seen)
        oldest._wish = "cancel"
        self._changed.notify_all()
        del self._runs[oldest.id]

    def _waiting(self) -> list[Job[Any]]:
        """Return who waits, in the order of their turns."""
        latest: dict[str, int] = {}
        for job in self._runs.values():
            latest[job.owner] = max(latest.get(job.owner, 0), job._turn if job.owner else 0)
        own: Counter[str] = Counter()
        order = []
        for job in self._line:
            order.append((own[job.owner], latest.get(job.owner, 0)))
            own[job.owner] += bool(job.owner)
        return [job for _, job in sorted(zip(order, self._line, strict=True), key=lambda pair: pair[0])]

    def _wish(self, job: Job[Any], wish: Literal["run", "pause", "cancel"]) -> None:
        with self._changed:
            if not job.ended and job._wish != "cancel":
                job._wish = wish
                job._seen = time.monotonic()
                self._changed.notify_all()

    def _work(self, job: Job[Any]) -> None:
        """Train until the end; this is what each thread does."""
        try:
            while self._enter(job):
                self._train(job)
        except StopIteration:
            self._end(job, "done", "")
        except InputError as error:
            self._end(job, "diverged", str(error))
        except Exception:
            self._end(job, "failed", "Training stopped because of a fault in this program.")
            raise
        finally:
            self._forget_heavy()

    def _enter(self, job: Job[Any]) -> bool:
        """Wait for room to train; False if the run was cancelled instead."""
        with self._changed:
            while job._wish != "cancel":
                if job._wish == "pause":
                    if job in self._line:
                        self._line.remove(job)
                    self._set(job, "paused")
                else:
                    if job not in self._line:
                        self._line.append(job)
                    if self._training < self.at_once and self._waiting()[0] is job:
                        self._line.remove(job)
                        self._training += 1
                        self._turns += 1
                        if not job._turn:
                            _tell("run started", job)
                        job._turn = self._turns
                        self._set(job, "running")
                        return True
                    self._set(job, "queued")
                self._changed.wait()
            if job in self._line:
                self._line.remove(job)
            job.run.finish()
            self._set(job, "cancelled")
            return False

    def _train(self, job: Job[Any]) -> None:
        """Train until something else is wished for."""
        job._since = started = time.monotonic()
        try:
            while job._wish == "run":
                job.run.step()
                if time.monotonic() - job._seen > self.lease:
                    job.message = "Paused because nobody was watching."
                    job._wish = "pause"
                if self._line and time.monotonic() - started > self.turn:
                    break
        finally:
            with self._changed:
                job._worked, job._since = job.seconds, None
                self._training -= 1
                self._changed.notify_all()

    def _set(self, job: Job[Any], state: State) -> None:
        if job.state != state:
            job.state = state
            if state in ("running", "queued"):
                job.message = ""
            if job.ended:
                _tell("run ended", job)
            self._changed.notify_all()

    def _end(self, job: Job[Any], state: State, message: str) -> None:
        with self._changed:
            job.message = message
            self._set(job, state)


@atexit.register
def _end_all() -> None:
    """Cancel what goes on when the program ends, and wait a moment for it.

    A thread that is cut off within a library's code can end the program with a fault.
    """
    for runs in list(_ALL):
        for job in list(runs._runs.values()):
            runs.cancel(job)
    until = time.monotonic() + PARTING
    for thread in list(_THREADS):
        thread.join(max(0.0, until - time.monotonic()))


def _tell(event: str, job: Job[Any]) -> None:
    """Tell the log about a run; half of its name, for who knows all of it can open the run."""
    model = getattr(job.run, "model", None)
    note(
        event,
        run=job.id[:6],
        kind=type(job.run).__name__,
        state=job.state,
        model=getattr(model, "name", None),
        epochs=len(getattr(job.run, "history", ())),
        seconds=job.seconds,
        pairs=None if job.dataset is None else len(job.dataset.interactions),
    )
