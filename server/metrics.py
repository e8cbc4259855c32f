"""Server status for Prometheus at `/metrics`: off unless RECSYS_METRICS is 1, and without personal data."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from pages.components.session import session


def exposition(health: dict[str, Any]) -> str:
    """Return a server status (`recsys.jobs.health`) in the text format of Prometheus.

    References
    ----------
    https://prometheus.io/docs/instrumenting/exposition_formats/
    """
    return "".join(f"{line}\n" for line in _lines(health))


def _lines(health: dict[str, Any]) -> Iterator[str]:
    versions = ",".join(f'{name}="{_quoted(version)}"' for name, version in health["versions"].items())
    yield from _metric("encore_info", "Versions.", [(versions, 1)])
    yield from _metric("encore_uptime_seconds", "Time since the start.", [("", health["uptime"])])
    if health["memory"] is not None:
        yield from _metric("encore_resident_bytes", "Resident memory.", [("", health["memory"])])
    jobs = [
        (f'kind="{_quoted(kind)}",state="{state}"', number)
        for kind, counts in health["work"].items()
        for state, number in counts.items()
        if state != "queued"
    ]
    yield from _metric("encore_jobs", "Background jobs that are remembered, by state.", jobs)
    lines = [(f'kind="{_quoted(kind)}"', counts["queued"]) for kind, counts in health["work"].items()]
    yield from _metric("encore_queue_length", "Background jobs that wait for a turn.", lines)
    held = [(f'kind="{_quoted(kind)}"', number) for kind, number in health["held"].items()]
    yield from _metric("encore_jobs_bytes", "Memory of background jobs, without their data.", held)
    yield from _metric("encore_datasets", "Data sets in memory.", [("", health["data"]["sets"])])
    yield from _metric(
        "encore_dataset_pairs", "Pairs of all data sets in memory.", [("", health["data"]["pairs"])]
    )
    free = [(f'folder="{_quoted(name)}"', size) for name, size in health["free"].items() if size is not None]
    yield from _metric("encore_disk_free_bytes", "Free disk space.", free)


def _metric(name: str, purpose: str, samples: list[tuple[str, float]]) -> Iterator[str]:
    yield f"# HELP {name} {purpose}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"


def _quoted(text: object) -> str:
    return str(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


async def _metrics(request: Request) -> PlainTextResponse:
    if os.environ.get("RECSYS_METRICS") != "1":
        return PlainTextResponse("Metrics are off. RECSYS_METRICS=1 turns them on.", 404)
    text = exposition(await run_in_threadpool(session.health))
    return PlainTextResponse(
        text, media_type="text/plain; version=0.0.4", headers={"Cache-Control": "no-store"}
    )


ROUTE = Route("/metrics", _metrics)
