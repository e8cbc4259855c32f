"""The log: one JSON document a line, without listening data."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import tomllib

import pytest
from streamlit.testing.v1 import AppTest

from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import JobScheduler
from recsys.models import make_model
from recsys.system import event_log
from tests.conftest import ROOT

CANARY = "Canary Wren"


@pytest.fixture
def log():
    """Write events into a text, and give everything back as it was."""
    handlers, level, hook = event_log.LOG.handlers, event_log.LOG.level, threading.excepthook
    others = {
        handler: handler.formatter
        for logger in logging.root.manager.loggerDict.values()
        if isinstance(logger, logging.Logger)
        for handler in logger.handlers
    }
    text = io.StringIO()
    event_log.write_events(text)
    yield text
    event_log.LOG.handlers, event_log.LOG.level, threading.excepthook = handlers, level, hook
    event_log.LOG.propagate = True
    event_log.LOG.setLevel(level)
    for handler, formatter in others.items():
        handler.setFormatter(formatter)


def lines(log: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_facts(log):
    event_log.note("run ended", state="done", seconds=1.23456, epochs=20, model=None)
    (line,) = lines(log)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "run ended",
        "state": "done",
        "seconds": 1.235,
        "epochs": 20,
        "model": None,
    }


@pytest.mark.parametrize(
    "text", [CANARY, "Canary\nWren", "Zaunkönig", "", "x" * 61, '"}', "wren@example.org"]
)
def test_text_that_could_be_personal_is_not_written(log, text):
    event_log.note("input refused", reader=text)
    assert lines(log)[0]["reader"] == "?"


def test_a_refusal_names_the_place_of_its_sentence_and_not_the_sentence(log):
    try:
        make_model(CANARY)
    except InputError as error:
        event_log.refused("links", error)
    (line,) = lines(log)
    assert line["event"] == "input refused"
    assert line["reader"] == "links"
    file, number = line["sentence"].split(":")
    assert file.startswith("recsys/")
    assert "InputError" in "".join((ROOT / file).read_text().splitlines()[int(number) - 1 : int(number) + 2])
    assert "Canary" not in log.getvalue()


def test_a_run_tells_when_it_starts_and_how_it_ended(log, dataset, checkerboard_split):
    runs = JobScheduler()
    model = make_model("biased", epochs=3, factors=2)
    job = runs.start(dataset, TrainingRun(model, checkerboard_split))
    assert runs.wait(job, "done")
    started, ended = lines(log)
    assert started["event"] == "run started"
    assert ended["event"] == "run ended"
    assert started["run"] == ended["run"] == job.id[:6]
    told = {name: ended[name] for name in ("state", "model", "epochs", "pairs", "kind")}
    pairs = len(dataset.interactions)
    assert told == {"state": "done", "model": "biased", "epochs": 3, "pairs": pairs, "kind": "TrainingRun"}
    assert ended["seconds"] > 0
    assert job.id not in log.getvalue()


def test_other_loggers_and_threads_that_fail_take_the_same_form_without_the_words_of_an_error(log):
    logger = logging.getLogger("streamlit.of.a.test")
    logger.propagate = False
    logger.handlers = [logging.StreamHandler(log)]
    event_log.write_events(log)
    try:
        raise KeyError(CANARY)
    except KeyError:
        logger.exception("Uncaught app execution")
        threading.excepthook(threading.ExceptHookArgs((*sys.exc_info(), None)))
    first, second = lines(log)
    assert first["message"] == "Uncaught app execution"
    assert second["event"] == "thread failed"
    for line in (first, second):
        assert line["error"] == "KeyError"
        assert line["traceback"][-1].startswith("tests/system/test_event_log.py:")
    assert "Canary" not in log.getvalue()


def test_addresses_that_visitors_ask_for_are_not_written(log):
    logger = logging.getLogger("uvicorn.access.of.a.test")
    logger.propagate, logger.level = False, logging.INFO
    event_log.write_events(log)
    logger.info('GET /artist?artist=Canary HTTP/1.1" 200')
    assert log.getvalue() == ""
    logger.warning("Too much")
    assert lines(log)[0]["message"] == "Too much"


def test_no_other_printer_of_errors_is_on():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["logger"]["enableRich"] is False
    assert settings["client"]["showErrorDetails"] == "none"
    assert settings["server"]["enableCORS"]
    assert settings["server"]["enableXsrfProtection"]


def bring(name: str, content: bytes) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/data.py")
    app.run()
    app.file_uploader(key="file-0").upload(name, content, "text/csv").run()
    assert not app.exception
    return app


def test_what_is_brought_does_not_get_into_the_log(log):
    rows = [
        f"{CANARY} {user},{CANARY} band {item},{user + item + 1}" for user in range(40) for item in range(40)
    ]
    bad = [f"{CANARY} x,{CANARY} y,many", f",{CANARY},3"]
    content = "\n".join(["user,artist,plays", *rows, *bad]).encode()
    app = bring(f"{CANARY}.csv", content)
    app.button(key="use-own").click().run()
    assert not app.exception
    app.switch_page("pages/train.py").run()
    app.button(key="train").click().run()
    app.switch_page("pages/artist.py")
    app.query_params["artist"] = f"{CANARY} of another place"
    app.run()
    assert "Canary" in app.error[0].value
    read = next(line for line in lines(log) if line["event"] == "input read")
    told = {name: read[name] for name in ("reader", "rows", "refused", "usable")}
    assert told == {"reader": "generic", "rows": 1602, "refused": 2, "usable": True}
    assert any(line["event"] == "run started" for line in lines(log))
    assert "canary" not in log.getvalue().lower()
    assert "wren" not in log.getvalue().lower()


def test_a_file_that_is_refused_is_told_once_without_its_name_or_content(log):
    app = bring(f"{CANARY}.parquet", f"PAR1 {CANARY}".encode())
    app.run()
    assert app.error
    (line,) = (line for line in lines(log) if line["event"] == "input refused")
    assert line["reader"] == "survey"
    assert line["sentence"].startswith("recsys/data/")
    assert "canary" not in log.getvalue().lower()
