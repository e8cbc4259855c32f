"""Figures for Prometheus."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette

from server.metrics import ROUTE, exposition
from tests.server.asgi import ask

APP = Starlette(routes=[ROUTE])
HEALTH = {
    "uptime": 12.5,
    "memory": 1_000,
    "work": {"trainings": {"running": 1, "done": 2, "queued": 3}},
    "held": {"trainings": 40},
    "data": {"sets": 1, "pairs": 99},
    "free": {"saved runs": 5, "downloads": None},
    "versions": {"encore": 'a"b'},
}


def test_they_are_off_unless_asked_for(monkeypatch):
    monkeypatch.delenv("RECSYS_METRICS", raising=False)
    assert ask(APP, "/metrics").status == 404


def test_they_are_what_the_status_says():
    lines = exposition(HEALTH).splitlines()
    assert 'encore_info{encore="a\\"b"} 1' in lines
    assert "encore_uptime_seconds 12.5" in lines
    assert 'encore_jobs{kind="trainings",state="running"} 1' in lines
    assert 'encore_queue_length{kind="trainings"} 3' in lines
    assert 'encore_disk_free_bytes{folder="saved runs"} 5' in lines
    assert not any("downloads" in line for line in lines)
    assert all(re.fullmatch(r"# (HELP|TYPE) .+|\w+(\{.+\})? [-\d.e+]+", line) for line in lines)


@pytest.mark.usefixtures("fresh_server")
def test_they_come_from_the_server(monkeypatch):
    monkeypatch.setenv("RECSYS_METRICS", "1")
    answer = ask(APP, "/metrics")
    assert answer.status == 200
    assert answer.header("Content-Type").startswith("text/plain; version=0.0.4")
    assert b"encore_uptime_seconds" in answer.body
