"""Long work in the background: it goes on while readers click, leave and come back."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import time
import weakref
from collections import Counter
from typing import Any, Literal, get_args

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.jobs.fairness import FairShares, greedier
from recsys.jobs.job import ENDED, Job, State, W, Work
from recsys.system.event_log import note
from recsys.system.memory import Footprint, available

__all__ = ["ENDED", "Job", "JobScheduler", "State", "Work"]

MIN_HELD_BYTES = 2**30
SHORTEST = 0.5  # seconds
PARTING = 3.0  # seconds that work has to end in when the program ends
_ALL: weakref.WeakSet[JobScheduler] = weakref.WeakSet()
_THREADS: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class JobScheduler:
    """Runs trainings in threads, a few at a time, and remembers the latest.

    Addresses and owners share the processors alike: see `FairShares`. A run that others wait for goes back into the
    line when its turn is over; the more owners wait, the shorter the turns.

    Parameters
    ----------
    at_once : int or None
        How many may train at the same time; one less than there are processors by default.
    kept : int
        How many runs that have ended are remembered; which was not looked at for longest is forgotten first.
    most : int or None
        How many bytes those that are remembered may hold together, the data that they are done on left out; by
        default an eighth of the memory that is there now, or 1 GiB. The ended one that was looked at last stays
        whatever it is; where those that have not ended are too much, no more are taken in.
    lease : float
        A run without viewers for this many seconds is paused, and may be forgotten.
    each : int
        How many runs of one owner may be there without having ended.
    turn : float
        A run that one other waits for works for this many seconds at a time; with n owners waiting, an n-th of it, but
        at least half a second.
    grace : float
        A job on uploaded data is forgotten this many seconds after its last viewer left.
    waiting : int
        How many runs that have not ended there may be; then those of the greediest make room.
    paused : float
        A run that is paused for this many seconds ends.
    """

    def __init__(
        self,
        at_once: int | None = None,
        kept: int = 30,
        most: int | None = None,
        lease: float = 900.0,
        each: int = 4,
        turn: float = 10.0,
        grace: float = 900.0,
        waiting: int = 64,
        paused: float = 1800.0,
    ) -> None:
        self.at_once = at_once if at_once is not None else max(1, (os.cpu_count() or 2) - 1)
        self.kept = kept
        self.most = most if most is not None else max(MIN_HELD_BYTES, (available() or 0) // 8)
        self.lease = lease
        self.each = each
        self.turn = turn
        self.grace = grace
        self.waiting = waiting
        self.paused = paused
        self._shares = FairShares()
        self._runs: dict[str, Job[Any]] = {}
        self._line: list[Job[Any]] = []
        self._training = 0
        self._turns = 0
        self._changed = threading.Condition()
        _ALL.add(self)

    def start(
        self, dataset: Dataset | None, run: W, owner: str = "", viewer: str = "", address: str = ""
    ) -> Job[W]:
        """Take a run in; it trains as soon as there is room.

        Parameters
        ----------
        dataset, run
            What is done, and on what.
        owner : str
            Owner whose turn it takes; "" for none.
        viewer : str
            The visit that looks at it; see `leave`.
        address : str
            The network address of the visitor; "" if it is not known.

        Raises
        ------
        InputError
            If too many runs, or too many of this owner, have not ended yet, or they hold too much memory.
        """
        job = Job(secrets.token_hex(6), dataset, run, owner, address, viewers={viewer} - {""})
        with self._changed:
            own = sum(not other.ended and other.owner == owner for other in self._runs.values())
            if owner and own >= self.each:
                raise InputError(
                    f"{own} of your trainings have not ended yet. Cancel one, or wait for one to end."
                )
            self._make_room(job)
            self._runs[job.id] = job
            self._line.append(job)
        thread = threading.Thread(target=self._work, args=(job,), name=f"training-{job.id}", daemon=True)
        _THREADS.add(thread)
        thread.start()
        return job

    def get(self, run_id: str, viewer: str = "") -> Job[Any] | None:
        """Return a run and register this visit as a viewer; None if it is not known (any more)."""
        with self._changed:
            job = self._runs.get(run_id)
            if job is not None:
                job._seen = time.monotonic()
                job.viewers |= {viewer} - {""}
            return job

    def of(self, owner: str) -> list[Job[Any]]:
        """Return the runs of an owner that are remembered, in the order in which they came."""
        with self._changed:
            return [job for job in self._runs.values() if job.owner == owner]

    def leave(self, viewer: str) -> None:
        """Note that a visit is over, or its connection broke off: it may come back within the grace.

        Jobs on uploaded data are forgotten when they have no viewers left.
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

    def _make_room(self, newcomer: Job[Any]) -> None:
        """Forget what has ended or was left, and end what waits of the greediest, until one more fits in."""
        ended = sorted((job for job in self._runs.values() if job.ended), key=lambda job: job._seen)
        for job in ended[: max(0, len(ended) - self.kept + 1)]:
            del self._runs[job.id]
        while len(going := self._going()) >= self.waiting:
            self._push_out(going, newcomer, "Too many trainings are waiting.")
        sizes = {job: size for job, size in self._sizes() if job in going}
        while (going := self._going()) and sum(map(sizes.__getitem__, going)) > self.most:
            self._push_out(going, newcomer, "The trainings that have not ended fill the memory for them.")

    def _going(self) -> list[Job[Any]]:
        return [job for job in self._runs.values() if not job.ended and job._wish != "cancel"]

    def _push_out(self, going: list[Job[Any]], newcomer: Job[Any], why: str) -> None:
        """End one that was paused and left, or the latest of the greediest that does not run; else refuse."""
        now = time.monotonic()
        left = [job for job in going if job.state == "paused" and now - job._seen > self.lease]
        greedy = [job for job in greedier(going, newcomer) if job.state in ("paused", "queued")]
        if left:
            victim = min(left, key=lambda job: job._seen)
            del self._runs[victim.id]
        elif greedy:
            victim = greedy[-1]
            victim.message = f"Ended to make room for others. {why}"
        else:
            raise InputError(f"{why} Cancel one, or wait for one to end.")
        victim._wish = "cancel"
        self._changed.notify_all()

    def _waiting(self) -> list[Job[Any]]:
        """Return who waits, in the order of their turns."""
        return self._shares.order(self._line, ((job, job._turn) for job in self._runs.values()))

    def _slice(self) -> float:
        """Return for how many seconds a run may go on that others wait for."""
        owners = len({job.owner or job.id for job in list(self._line)})
        return min(self.turn, max(SHORTEST, self.turn / max(1, owners)))

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
                    if time.monotonic() - job._stopped > self.paused:
                        job.message = f"Ended: it was paused for more than {self.paused / 60:.0f} minutes."
                        break
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
                self._changed.wait(self.paused / 30 if job.state == "paused" else None)
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
                    job.message = (
                        f"Paused because nobody was watching. It ends in {self.paused / 60:.0f} minutes."
                    )
                    job._wish = "pause"
                if self._line and time.monotonic() - started > self._slice():
                    break
        finally:
            with self._changed:
                job._worked, job._since = job.seconds, None
                self._shares.charge(job, time.monotonic() - started)
                self._training -= 1
                self._changed.notify_all()

    def _set(self, job: Job[Any], state: State) -> None:
        if job.state != state:
            job.state = state
            job._stopped = time.monotonic()
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
