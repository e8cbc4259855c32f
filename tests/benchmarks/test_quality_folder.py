"""The quality benchmark on data of other kinds: its choice of peers' settings and its table."""

import json

import pytest

from benchmarks import quality_folder
from benchmarks.quality_folder import CHOICE, benchmark, table
from recsys.experiments import candidates
from recsys.models import make_model


def test_a_peer_gets_the_settings_that_were_best_on_the_draw_it_is_tuned_on(
    tmp_path, checkerboard, monkeypatch
):
    monkeypatch.setattr(candidates, "GRID", {"popular": [{}], "svd": [{"factors": 4}]})
    monkeypatch.setattr(quality_folder, "DRAWS", (11,))
    path = tmp_path / "board.csv"
    frame = zip(checkerboard.user_codes.tolist(), checkerboard.item_codes.tolist(), strict=True)
    path.write_text("user,item\n" + "\n".join(f"u{user},i{item}" for user, item in frame))
    grid = [lambda: make_model("popular"), lambda: make_model("svd", factors=4)]
    found = benchmark(path, {"peer": grid})
    assert found["peer"]["ndcg"] == found[CHOICE]["ndcg"]
    assert found[CHOICE]["seconds"][0] > 0
    assert json.loads(json.dumps(found)) == found


def test_the_best_of_each_data_set_is_bold_and_what_is_missing_is_empty():
    results = {
        "one": {
            CHOICE: {"ndcg": [0.2, 0.4], "seconds": [3.0, 5.0]},
            "peer": {"ndcg": [0.1], "seconds": [1.0]},
        },
        "two": {CHOICE: {"ndcg": [0.1], "seconds": [9.0]}},
    }
    lines = table(results).splitlines()
    assert lines[0] == "| | one | two |"
    assert lines[2] == f"| {CHOICE} | **0.3000** | **0.1000** |"
    assert lines[3] == "| peer | 0.1000 |  |"
    assert lines[4] == "| CPU seconds to choose and train | 4 | 9 |"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    monkeypatch.setenv("RECSYS_THREADS", "1")
