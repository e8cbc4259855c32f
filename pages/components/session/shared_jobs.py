"""Server-wide background jobs shared by all visitors."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import streamlit as st

from recsys.data.sources.server_folder import Reading
from recsys.jobs.scheduler import ENDED, Job, JobScheduler, Work
from recsys.scale.external_runs import IndexBuild

W = TypeVar("W", bound=Work)


class Once(Generic[W]):
    """One job for each key, one at a time; it goes on without viewers.

    Parameters
    ----------
    kept : int
        How many are remembered; the oldest are forgotten, and given up if they still go on.
    """

    def __init__(self, kept: int) -> None:
        self._line = JobScheduler(at_once=1, kept=8, waiting=8, lease=float("inf"))
        self._jobs: dict[Hashable, Job[W]] = {}
        self._kept = kept

    def job(self, thing: Hashable) -> Job[W] | None:
        """Return the last job of a key since the server started."""
        return self._jobs.get(thing)

    def start(self, thing: Hashable, make: Callable[[], W]) -> Job[W]:
        """Return the job for a thing that goes on, or a new one.

        Raises
        ------
        InputError
            If too many wait.
        """
        job = self._jobs.get(thing)
        if job is None or job.ended:
            job = self._jobs[thing] = self._line.start(None, make())
            for old in [*self._jobs][: -self._kept]:
                self.stop(self._jobs.pop(old))
        return job

    def wait(self, job: Job[W], seconds: float) -> None:
        """Wait for its end, but no longer than this."""
        self._line.wait(job, *ENDED, timeout=seconds)

    def stop(self, job: Job[W]) -> None:
        """Give a job up."""
        self._line.cancel(job)


@st.cache_resource(show_spinner=False)
def readings() -> Once[Reading]:
    """Return the data that this server reads or has read, by offer: the last few, for they fill its memory."""
    return Once(kept=3)


@st.cache_resource(show_spinner=False)
def preparations() -> Once[IndexBuild]:
    """Return the runs trained elsewhere that this server prepares or has prepared, by identity."""
    return Once(kept=64)
