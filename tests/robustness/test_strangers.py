"""Malicious names and addresses."""

from __future__ import annotations

import csv
import datetime
import io
import json
import time

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.splitting import hold_out
from recsys.models import make_model
from recsys.storage import recommendation_lists
from recsys.storage.html_report import report
from recsys.storage.tables import FORMULA, disarm, to_csv
from tests.conftest import ROOT

NAMES = [
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\n=1",
    "\uff1d1+1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1))",
    "$\\href{javascript:alert(1)}{x}$",
    ":material/home:",
    '"><b>',
]
NONSENSE = [
    "",
    "nan",
    "inf",
    "-1",
    "1e999",
    "9" * 400,
    "../../etc/passwd",
    "<script>",
    "0x10",
    "\x00",
    "🎵" * 50,
    "[]",
]
NUMBERS = ["epochs", "factors", "learning_rate", "regularization", "seed", "minimum", "hidden", "patience"]
TEXTS = ["model", "watch", "data", "fingerprint", "run", "comparison", "sweep", "search", "tab"]
ONES = ["artist", "artists", "listener", "n", "dial", "variety", "likes", "yes", "no", "name"]
PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))


pytestmark = pytest.mark.usefixtures("fresh_server")


@pytest.fixture(scope="module")
def hostile() -> Dataset:
    """Names of artists and listeners that want to be more than text."""
    names = [f"{name}{more}" for name in NAMES for more in ("", " 2", " 3", " 4")]
    pairs = [(u, i) for u in range(len(names)) for i in range(len(names)) if (u * 7 + i * 3) % 5 < 3]
    frame = pd.DataFrame(
        {
            "user": [names[u] for u, _ in pairs],
            "item": [names[i] for _, i in pairs],
            "value": [1 + (u * i) % 9 for u, i in pairs],
        }
    )
    return Dataset("x", "=1<script>", "<b>", "", Interactions.from_frame(frame))


def test_no_cell_of_an_export_is_a_formula(hostile):
    split = hold_out(hostile.interactions, minimum=10, hidden=3, seed=1)
    model = make_model("popular")
    model.fit(split.train)
    users = np.arange(hostile.interactions.n_users, dtype=np.int32)
    content = b"".join(recommendation_lists.csv(recommendation_lists.lists(model, split, users, 5))).decode(
        "utf-8-sig"
    )
    cells = [cell for row in csv.reader(io.StringIO(content, newline="")) for cell in row]
    assert any("cmd|" in cell for cell in cells)
    bad = [
        cell for cell in cells if cell.startswith(FORMULA) and not cell.lstrip("-").replace(".", "").isdigit()
    ]
    assert bad == []
    for line in (
        b"".join(recommendation_lists.json_lines(recommendation_lists.lists(model, split, users, 5)))
        .decode()
        .splitlines()
    ):
        assert json.loads(line)["listener"] in set(hostile.interactions.users)


def test_a_page_for_offline_use_holds_no_markup_of_names(hostile):
    split = hold_out(hostile.interactions, minimum=10, hidden=3, seed=1)
    model = make_model("item-knn")
    model.fit(split.train)
    for user in range(0, len(NAMES) * 4, 4):
        page = report(hostile, split, model, user, 40, made=datetime.date(2026, 1, 1))
        for mark in ("<script", "<img", "<b>"):
            assert mark not in page


@pytest.mark.parametrize("name", NAMES[:7])
def test_what_a_table_on_the_screen_hands_to_a_spreadsheet_is_text(name):
    assert not disarm(name).startswith(FORMULA)
    assert disarm(name).endswith(name)
    assert (
        to_csv(pd.DataFrame({"artist": [name]}))
        .decode("utf-8-sig")
        .split("\n")[1]
        .lstrip('"')
        .startswith("'")
    )


@pytest.mark.parametrize("name", PAGES)
def test_no_address_makes_a_page_fail(name):
    for value in NONSENSE:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.switch_page(f"pages/{name}")
        for parameter in [*NUMBERS, *TEXTS, *ONES]:
            if parameter != "model":
                app.query_params[parameter] = value
        app.query_params["model"] = "popular"
        app.run()
        assert not app.exception, (value, app.exception)


@pytest.mark.parametrize("name", ["recommend.py", "present.py", "new_listener.py", "map.py"])
def test_no_address_makes_a_page_about_a_run_fail(name):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/train.py")
    app.query_params["model"] = "biased"
    app.query_params["epochs"] = "2"
    app.query_params["factors"] = "2"
    app.run()
    run = app.session_state.run
    for _ in range(100):
        if any("Done" in text.value for text in app.markdown):
            break
        time.sleep(0.1)
        app.run()
    for value in NONSENSE:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        app.switch_page(f"pages/{name}")
        app.query_params["run"] = run
        for parameter in ONES:
            app.query_params[parameter] = value
        app.run()
        assert not app.exception, (value, app.exception)
