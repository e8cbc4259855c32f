"""How the server is: the figures, on the page and for machines."""

from __future__ import annotations

import gc
import json
import shutil
import threading

from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from recsys.data.dataset import HELD, Dataset
from recsys.jobs.health import free, health
from recsys.jobs.scheduler import JobScheduler
from recsys.system.memory import resident
from server.health import ROUTE
from tests.conftest import ROOT
from tests.server.asgi import ask


class Waits:
    """Work that goes on until it is let go."""

    progress = 0.5

    def __init__(self) -> None:
        self.go = threading.Event()

    def step(self) -> None:
        self.go.wait(30)
        raise StopIteration

    def finish(self) -> None:
        """End here."""


def test_what_goes_on_is_counted_by_state(dataset):
    runs, first, second = JobScheduler(at_once=1), Waits(), Waits()
    jobs = [runs.start(dataset, work) for work in (first, second)]
    assert runs.wait(jobs[0], "running")
    assert runs.wait(jobs[1], "queued")
    now = runs.counts()
    assert (now["running"], now["queued"], now["done"]) == (1, 1, 0)
    first.go.set()
    second.go.set()
    assert runs.wait(jobs[1], "done")
    assert runs.wait(jobs[0], "done")
    assert runs.counts()["done"] == 2


def test_data_sets_are_counted_while_they_are_in_memory(dataset):
    gc.collect()
    before = len(HELD)
    other = Dataset("x", "X", "", "", dataset.interactions)
    assert len(HELD) == before + 1
    del other
    gc.collect()
    assert len(HELD) == before


def test_the_figures_are_json_and_say_what_is_free_where_a_folder_is_not_there_yet(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    # other programs write on the disk, too
    monkeypatch.setattr("shutil.disk_usage", lambda place: usage if place.stat() else None)
    now = json.loads(json.dumps(health({"trainings": JobScheduler()}, {"runs": tmp_path / "not" / "yet"})))
    assert now["free"]["runs"] == free(tmp_path) > 0
    assert now["memory"] is None or now["memory"] > 10_000_000
    assert now["uptime"] >= 0
    assert now["versions"]["streamlit"]
    assert resident() / 2 < now["memory"] < resident() * 2


def test_machines_and_people_read_the_same():
    answer = ask(Starlette(routes=[ROUTE]), "/health.json")
    assert answer.status == 200
    assert answer.header("Cache-Control") == "no-store"
    now = json.loads(answer.body)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/health.py").run()
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Data sets in memory"].isdigit()
    work, versions = (table.value for table in app.table)
    assert {*now["work"]["trainings"], "in memory"} == set(work["State"])
    assert work["Trainings"].iloc[-1] == f"{now['held']['trainings'] / 1e6:,.1f} MB"
    assert dict(zip(versions["Package"], versions["Version"], strict=True)) == now["versions"]
