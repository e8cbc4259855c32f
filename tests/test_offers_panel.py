"""What a server offers, on the Data page: whoever wants it gets it, at once or when it is read."""

import threading

import pytest
from conftest import ROOT
from streamlit.testing.v1 import AppTest

from pages.components import state
from recsys.datasets import offered

pytestmark = pytest.mark.usefixtures("fresh_server")


@pytest.fixture
def app(tmp_path, monkeypatch):
    """Open the Data page of a server that offers 60 listeners of 12 artists."""
    rows = "".join(f"u{user},Artist {(user + at) % 30},{1 + at}\n" for user in range(60) for at in range(12))
    (tmp_path / "plays.csv").write_text(f"user,artist,plays\n{rows}")
    monkeypatch.setenv("RECSYS_DATA", str(tmp_path))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    return app.switch_page("pages/data.py").run()


def in_use(app):
    return any("In use: plays\\.csv" in heading.value for heading in app.subheader)


def test_small_data_is_used_at_once(app):
    app.button(key="use-server-plays.csv").click().run()
    assert not app.exception
    assert in_use(app)


def test_whoever_waits_for_large_data_gets_it_without_another_click(app, monkeypatch):
    go_on, real = threading.Event(), offered.Reading.step

    def step(reading):
        assert go_on.wait(60)
        real(reading)

    monkeypatch.setattr(offered.Reading, "step", step)
    monkeypatch.setattr(state, "AT_ONCE", 0.05)
    app.button(key="use-server-plays.csv").click().run()
    assert not in_use(app)
    assert any("0 rows read" in str(bar.proto) for bar in app.get("progress"))
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).switch_page("pages/data.py").run()
    go_on.set()
    assert state._readings()[0].wait(state.reading(offered.find_offer("server-plays.csv")), "done")
    app.run()
    assert not app.exception
    assert in_use(app)
    other.run()
    assert not in_use(other)  # nobody else gets what they did not ask for
    assert other.button(key="use-server-plays.csv")
