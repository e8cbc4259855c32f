"""Server-wide background jobs shared by all visitors."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import streamlit as st

from recsys.data.sources.server_folder import Reading
from recsys.errors import InputError
from recsys.jobs.scheduler import ENDED, Job, JobScheduler, Work
from recsys.scale.external_runs import IndexBuild

W = TypeVar("W", bound=Work)


class Once(Generic[W]):
    """One job for each key, one at a time; it goes on without viewers, and belongs to all who asked for it.

    Parameters
    ----------
    kept : int
        How many are remembered; the oldest that have ended are forgotten.
    """

    def __init__(self, kept: int) -> None:
        self._line = JobScheduler(at_once=1, kept=8, waiting=8, lease=float("inf"))
        self._jobs: dict[Hashable, Job[W]] = {}
        self._asked: dict[str, set[str]] = {}  # who, by job
        self._kept = kept

    def job(self, thing: Hashable) -> Job[W] | None:
        """Return the last job of a key since the server started."""
        return self._jobs.get(thing)

    def start(self, thing: Hashable, make: Callable[[], W], owner: str) -> Job[W]:
        """Return the job for a thing that goes on, or a new one.

        Raises
        ------
        InputError
            If too many go on.
        """
        job = self._jobs.get(thing)
        if job is None or job.ended:
            going_on = [other for other in self._jobs.values() if not other.ended]
            if len(going_on) >= self._kept:
                raise InputError(f"{self._kept} of these are in work already. Try again when one is done.")
            self._jobs.pop(thing, None)
            ended = [known for known, other in self._jobs.items() if other.ended]
            for old in ended[: len(self._jobs) + 1 - self._kept]:
                self._asked.pop(self._jobs.pop(old).id, None)
            job = self._jobs[thing] = self._line.start(None, make())
        self._asked.setdefault(job.id, set()).add(owner)
        return job

    def is_alone(self, job: Job[W], owner: str) -> bool:
        """Tell whether this owner alone asked for a job, and so may stop it."""
        return self._asked.get(job.id) == {owner}

    def wait(self, job: Job[W], seconds: float) -> None:
        """Wait for its end, but no longer than this."""
        self._line.wait(job, *ENDED, timeout=seconds)

    def stop(self, job: Job[W], owner: str) -> None:
        """Give a job up, unless someone else asked for it too."""
        if self.is_alone(job, owner):
            self._line.cancel(job)


@st.cache_resource(show_spinner=False)
def readings() -> Once[Reading]:
    """Return the data that this server reads or has read, by offer: the last few, for they fill its memory."""
    return Once(kept=3)


@st.cache_resource(show_spinner=False)
def preparations() -> Once[IndexBuild]:
    """Return the runs trained elsewhere that this server prepares or has prepared, by identity."""
    return Once(kept=64)
