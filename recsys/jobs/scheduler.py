"""Fair scheduler for long-running jobs."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterable
from typing import Any, Literal, get_args

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.jobs.fairness import FairShares, greedier
from recsys.jobs.job import ENDED, Job, State, W, Work
from recsys.system import threads
from recsys.system.event_log import note
from recsys.system.memory import Footprint, available

__all__ = ["ENDED", "Job", "JobScheduler", "State", "Work"]

MIN_HELD_BYTES = 2**30
SHORTEST = 0.5  # seconds
# Seconds after which a waiting job looks again: what others used lately counts less with time, so that two jobs that
# look one after the other may each find the other one first.
LOOK_AGAIN = 1.0
PARTING = 3.0  # seconds for jobs to stop when the program ends
_ALL: weakref.WeakSet[JobScheduler] = weakref.WeakSet()
_THREADS: weakref.WeakSet[threading.Thread] = weakref.WeakSet()


class JobScheduler:
    """Scheduler that runs jobs in a few threads and keeps the latest.

    Addresses and owners share the processors alike: see `FairShares`. A job that others wait for goes back to the
    queue after its time slice; the more owners wait, the shorter the slices.

    Parameters
    ----------
    at_once : int or None
        Maximum number of running jobs; by default one less than there are processors.
    kept : int
        Number of ended jobs to keep; those not viewed for longest are forgotten first.
    most : int or None
        How many bytes those that are remembered may hold together, the data that they are done on left out; by
        default an eighth of the memory that is there now, or 1 GiB. The ended one that was looked at last stays
        whatever it is; where those that have not ended are too much, no more are taken in.
    lease : float
        A run without viewers for this many seconds is paused, and may be forgotten.
    each : int
        Maximum number of unfinished jobs of one owner.
    turn : float
        Time slice in seconds of a job that one owner waits for; with n owners waiting, an n-th of it, at least
        half a second.
    unseen : float
        An ended job gives up what can be had again this many seconds after its last viewer left.
    grace : float
        A job on uploaded data is forgotten this many seconds after its last viewer left.
    waiting : int
        How many runs that have not ended there may be; then those of the greediest make room.
    paused : float
        A job that is paused for this many seconds ends.
    """

    def __init__(
        self,
        at_once: int | None = None,
        kept: int = 30,
        most: int | None = None,
        lease: float = 900.0,
        each: int = 4,
        turn: float = 10.0,
        unseen: float = 120.0,
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
        self.unseen = unseen
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
        """Queue a job; it starts as soon as there is room.

        Parameters
        ----------
        dataset, run
            The dataset and the work.
        owner : str
            Owner whose turn it takes; "" for none.
        viewer : str
            The visit; see `leave`.
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
        """Register that a visit ended or lost its connection; it may come back within `grace`.

        Jobs on uploaded data are forgotten when they have no viewers left, and all ended jobs lightened after `unseen`.
        """
        with self._changed:
            left = [job for job in self._runs.values() if viewer in job.viewers]
            for job in left:
                job.viewers.discard(viewer)
        private = [job for job in left if job.private]
        for jobs, seconds, what in (
            (left, self.unseen, self._lighten),
            (private, self.grace, self._forget_left),
        ):
            if jobs:
                timer = threading.Timer(seconds, what, args=(jobs,))
                timer.daemon = True
                timer.start()

    def _lighten(self, left: list[Job[Any]]) -> None:
        """Take what can be had again from ended jobs of an owner without viewers."""
        for job in left:
            if job.ended and job.owner and not job.viewers and hasattr(job.run, "lighten"):
                job.run.lighten()

    def _forget_left(self, left: list[Job[Any]]) -> None:
        with self._changed:
            for job in left:
                if job.private and not job.viewers and self._runs.pop(job.id, None) is not None:
                    job._wish = "cancel"
            self._changed.notify_all()

    def pause(self, job: Job[Any]) -> None:
        """Pause after the current step."""
        self._wish(job, "pause")

    def resume(self, job: Job[Any]) -> None:
        """Resume a paused job."""
        self._wish(job, "run")

    def cancel(self, job: Job[Any]) -> None:
        """Cancel a job after the current step; its result so far stays."""
        self._wish(job, "cancel")

    def place(self, job: Job[Any]) -> int:
        """Return the position in the queue, from 1; 0 if the job is not waiting."""
        with self._changed:
            waiting = self._waiting()
            return waiting.index(job) + 1 if job in waiting else 0

    def counts(self) -> dict[str, int]:
        """Count the kept jobs in each state; `queued` is the length of the queue."""
        with self._changed:
            found = Counter(job.state for job in self._runs.values())
            return {name: found[name] for name in get_args(State)} | {"queued": len(self._line)}

    def held(self) -> int:
        """Return the bytes held by all kept jobs, without their datasets."""
        return sum(self._sizes(self._runs.values()).values())

    def wait(self, job: Job[Any], *states: State, timeout: float = 60.0) -> bool:
        """Wait until a job is in one of these states; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: job.state in states, timeout)

    def _sizes(self, jobs: Iterable[Job[Any]]) -> dict[Job[Any], int]:
        """Return the bytes that each of these jobs holds and none before it; the last viewed first."""
        with self._changed:
            ordered = sorted(jobs, key=lambda job: -job._seen)
        footprint = Footprint(*(job.dataset for job in ordered))
        return {job: footprint.add(job.run) for job in ordered}

    def _forget_heavy(self) -> None:
        """Forget ended jobs beyond the memory bound, those not viewed for longest first."""
        sizes = self._sizes(self._runs.values()).items()
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
        sizes = self._sizes(going)
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
        """Return the waiting jobs in the order of their turns."""
        return self._shares.order(self._line, ((job, job._turn) for job in self._runs.values()))

    def _slice(self) -> float:
        """Return the time slice in seconds."""
        owners = len({job.owner or job.id for job in list(self._line)})
        return min(self.turn, max(SHORTEST, self.turn / max(1, owners)))

    def _wish(self, job: Job[Any], wish: Literal["run", "pause", "cancel"]) -> None:
        with self._changed:
            if not job.ended and job._wish != "cancel":
                job._wish = wish
                job._seen = time.monotonic()
                self._changed.notify_all()

    def _work(self, job: Job[Any]) -> None:
        """Run one job to its end; the target of each thread."""
        threads.give_way()
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
            self._lighten([job])
            self._forget_heavy()

    def _enter(self, job: Job[Any]) -> bool:
        """Wait for a turn; return False if the job was cancelled instead."""
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
                self._changed.wait(self.paused / 30 if job.state == "paused" else LOOK_AGAIN)
            if job in self._line:
                self._line.remove(job)
            job.run.finish()
            self._set(job, "cancelled")
            return False

    def _train(self, job: Job[Any]) -> None:
        """Do steps until another state is requested."""
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


def cancel_all() -> None:
    """Cancel the jobs of all schedulers."""
    for runs in list(_ALL):
        for job in list(runs._runs.values()):
            runs.cancel(job)


@atexit.register
def _end_all() -> None:
    """Cancel all jobs when the program ends, and wait briefly for them.

    A thread stopped inside library code can crash the interpreter.
    """
    cancel_all()
    until = time.monotonic() + PARTING
    for thread in list(_THREADS):
        thread.join(max(0.0, until - time.monotonic()))


def _tell(event: str, job: Job[Any]) -> None:
    """Log an event of a job with half of its id, since the whole id opens it."""
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
