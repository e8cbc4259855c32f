"""Data that a server offers: what is listed, read a moment at a time, and used by everybody."""

import contextlib
import os
import threading

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.session import session, shared_jobs
from recsys.data.sources import server_folder
from recsys.data.sources.load import load
from recsys.data.sources.server_folder import Reading, find_offer, offers
from recsys.errors import InputError
from tests.conftest import ROOT


def table(users=30, items=12):
    return pd.DataFrame(
        [(user, f"Artist {(user + item) % 40}", item + 1) for user in range(users) for item in range(items)],
        columns=["user", "artist", "plays"],
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "data"
    (place / "parts").mkdir(parents=True)
    rows = table()
    rows[:100].to_parquet(place / "parts" / "part-0.parquet")
    rows[100:].to_parquet(place / "parts" / "part-1.parquet")
    rows.to_csv(place / "small.csv", index=False)
    (place / "name with blanks.csv").touch()
    (place / ".hidden.csv").touch()
    monkeypatch.setenv("RECSYS_DATA", str(place))
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "runs"))
    st.cache_resource.clear()
    yield place
    st.cache_resource.clear()


def steps(reading):
    """Read to the end; return how far it was after each step."""
    seen = []
    with contextlib.suppress(StopIteration):
        while True:
            reading.step()
            seen.append((reading.report.rows, reading.progress))
    return seen


def test_what_lies_in_the_folder_is_offered(folder):
    assert [offer.key for offer in offers()] == ["server-parts", "server-small.csv"]
    assert find_offer("server-small.csv").size == (folder / "small.csv").stat().st_size


def test_nothing_is_offered_unless_the_operator_says_so(monkeypatch, tmp_path):
    monkeypatch.delenv("RECSYS_DATA", raising=False)
    assert offers() == []
    monkeypatch.setenv("RECSYS_DATA", str(tmp_path / "nowhere"))
    assert offers() == []


@pytest.mark.parametrize(
    "key", ["server-", "server-..", "server-../parts", "server-nowhere", "server-.hidden.csv"]
)
def test_a_key_is_no_path(folder, key):
    with pytest.raises(InputError, match="offers no data"):
        find_offer(key)


def test_a_folder_of_parts_is_read_a_moment_at_a_time(folder):
    reading = Reading(find_offer("server-parts"))
    seen = steps(reading)
    assert seen[0] == (0, 0.0)
    assert seen == sorted(seen)
    assert reading.report.rows == 360
    assert reading.progress == 1
    assert reading.dataset.key == "server-parts"
    known = load(str(folder / "parts")).interactions
    assert reading.dataset.interactions.fingerprint == known.fingerprint


def test_a_file_that_was_written_again_is_another_offer(folder):
    before = find_offer("server-small.csv")
    os.utime(folder / "small.csv", ns=(1, before.changed + 1))
    assert find_offer("server-small.csv") != before


def test_what_cannot_be_used_says_why(folder):
    (folder / "bad.csv").write_text("user,artist,plays\n1,a,x\n")
    reading = Reading(find_offer("server-bad.csv"))
    with pytest.raises(InputError, match="No row can be used"):
        steps(reading)


def opened(page, **query):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def test_it_is_used_on_the_data_page_and_by_its_address(folder):
    app = opened("data")
    app.button(key="use-server-parts").click().run()
    assert not app.exception
    assert any("In use: parts" in shown.value for shown in app.header)
    assert app.query_params["data"] == "server-parts"
    other = opened("train", data="server-parts", model="funk", epochs="2", factors="2")
    assert not other.exception
    assert not other.warning
    assert other.session_state.dataset.key == "server-parts"


def test_a_visitor_who_waits_for_large_data_gets_it_without_another_click(folder, monkeypatch):
    go_on, real = threading.Event(), Reading.step

    def step(reading):
        assert go_on.wait(60)
        real(reading)

    monkeypatch.setattr(Reading, "step", step)
    monkeypatch.setattr(session, "AT_ONCE", 0.05)
    app, other, elsewhere = opened("data"), opened("data"), opened("data")
    app.button(key="use-server-parts").click().run()
    elsewhere.button(key="use-server-parts").click().run()
    elsewhere.button(key="use-sample").click().run()
    assert not any("In use: parts" in shown.value for shown in app.header)
    assert any("0 rows read" in str(bar.proto) for bar in app.get("progress"))
    app.run()
    assert not cancels(app)  # another one waits for it, too
    go_on.set()
    reading = shared_jobs.readings().job(find_offer("server-parts"))
    shared_jobs.readings().wait(reading, 60)
    assert reading.state == "done"
    app.run()
    assert not app.exception
    assert any("In use: parts" in shown.value for shown in app.header)
    for visit in (other, elsewhere):  # no visit gets data it did not ask for, or wants no longer
        visit.run()
        assert not visit.exception
        assert not any("In use: parts" in shown.value for shown in visit.header)


def cancels(app):
    return [button for button in app.button if button.label == "Cancel"]


def test_a_reading_is_stopped_by_no_other_visitor_than_the_one_who_asked_for_it(folder, monkeypatch):
    go_on, real = threading.Event(), Reading.step

    def step(reading):
        assert go_on.wait(60)
        real(reading)

    monkeypatch.setattr(Reading, "step", step)
    monkeypatch.setattr(session, "AT_ONCE", 0.05)
    app, stranger = opened("data"), opened("data")
    app.button(key="use-server-parts").click().run()
    job = shared_jobs.readings().job(find_offer("server-parts"))
    stranger.run()
    assert not cancels(stranger)
    shared_jobs.readings().stop(job, "browser: another")
    assert job._wish == "run"
    app.run()
    (cancel,) = cancels(app)
    cancel.click().run()
    go_on.set()
    shared_jobs.readings().wait(job, 60)
    assert job.state == "cancelled"


def test_a_reading_that_goes_on_is_not_given_up_for_another_one():
    go_on = threading.Event()

    class Waiting:
        progress = 0.0

        def step(self):
            assert go_on.wait(60)
            raise StopIteration

        def finish(self):
            pass

    shared = shared_jobs.Once(kept=2)
    first, second = (shared.start(thing, Waiting, "Ann") for thing in "ab")
    with pytest.raises(InputError, match="2 of these are in work already"):
        shared.start("c", Waiting, "Bob")
    assert shared.start("a", Waiting, "Bob") is first
    assert not shared.is_alone(first, "Ann")
    assert shared.is_alone(second, "Ann")
    go_on.set()
    shared.wait(second, 60)
    shared.start("c", Waiting, "Bob")
    assert shared.job("a") is None
    assert shared.job("b") is second


def test_what_does_not_fit_into_memory_is_not_begun(folder, monkeypatch):
    monkeypatch.setattr(server_folder, "available", lambda: 90 * 360 - 1)
    with pytest.raises(InputError, match=r"has 360 rows\. Reading them takes about .* GB are free"):
        steps(Reading(find_offer("server-parts")))
    app = opened("data")
    app.button(key="use-server-parts").click().run()
    assert not app.exception
    assert any("spark-train" in shown.value.replace("\\", "") for shown in (*app.error, *app.warning))
    for left in (90 * 360, None):
        monkeypatch.setattr(server_folder, "available", lambda left=left: left)
        assert steps(Reading(find_offer("server-parts")))


def test_an_address_of_nothing_is_explained(folder):
    app = opened("explore", data="server-nothing")
    assert not app.exception
    assert any("offers no data" in shown.value for shown in app.warning)
