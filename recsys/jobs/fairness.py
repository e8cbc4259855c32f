"""Fair shares of the processors among visitors and their network addresses."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

HALF_LIFE = 120.0  # seconds after which time that was used counts half


class Request(Protocol):
    """A job as the shares see it: the visitor it belongs to, and their network address; "" if there is none."""

    owner: str
    address: str


R = TypeVar("R", bound=Request)


class FairShares:
    """Keeps the time that owners and addresses used lately, and puts waiting jobs in order.

    More visits give no advantage: the use of an address counts before that of each of its visitors.
    """

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[float, float]] = {}

    def charge(self, job: Request, seconds: float) -> None:
        """Count time that a job worked."""
        now = time.monotonic()
        for party in (("address", job.address), ("owner", job.owner)):
            if party[1]:
                self._used[party] = self._lately(party) + seconds, now
        self._used = {party: used for party, used in self._used.items() if self._lately(party) > 0.01}

    def order(self, line: Sequence[R], turns: Iterable[tuple[R, int]]) -> list[R]:
        """Put waiting jobs in the order of their turns.

        First come first jobs of owners before second ones; then whose address, and then who, used less time lately, in
        whole seconds; then who had no turn for longest; then who came first.

        Parameters
        ----------
        line : sequence of jobs
            Those that wait, in the order of their arrival.
        turns : iterable of (job, int)
            All jobs, with the number of their last turn.
        """
        latest: dict[str, int] = {}
        for job, turn in turns:
            latest[job.owner] = max(latest.get(job.owner, 0), turn if job.owner else 0)
        ahead: Counter[str] = Counter()
        keys = []
        for job in line:
            used = (int(self._lately((kind, getattr(job, kind)))) for kind in ("address", "owner"))
            keys.append((ahead[job.owner], *used, latest.get(job.owner, 0)))
            ahead[job.owner] += bool(job.owner)
        return [job for _, job in sorted(zip(keys, line, strict=True), key=lambda pair: pair[0])]

    def _lately(self, party: tuple[str, str]) -> float:
        seconds, when = self._used.get(party, (0.0, 0.0))
        return float(seconds * 0.5 ** ((time.monotonic() - when) / HALF_LIFE)) if seconds else 0.0


def greedier(jobs: Sequence[R], newcomer: Request) -> list[R]:
    """Return the jobs of the address, or else the owner, that has more of them than the newcomer would have.

    Parameters
    ----------
    jobs : sequence of jobs
        Those that have not ended, the newcomer not among them.
    """
    for kind in ("address", "owner"):
        same = [job for job in jobs if kind == "address" or job.address == newcomer.address]
        counts = Counter(getattr(job, kind) for job in same)
        most, count = max(counts.items(), key=lambda pair: pair[1], default=("", 0))
        if count > counts[getattr(newcomer, kind)] + 1:
            return [job for job in same if getattr(job, kind) == most]
    return []
