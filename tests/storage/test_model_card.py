"""Model cards."""

import datetime
import json
from contextlib import suppress
from html.parser import HTMLParser

import pytest

from recsys.evaluation.metrics import METRICS
from recsys.experiments.checks import Check
from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.models import make_model
from recsys.storage.model_card import card, to_html

MADE = datetime.datetime(2026, 11, 26, 12, tzinfo=datetime.UTC)
CHECK = Check("alike", "Does each {nouns.user} get a list?", "failed", "All get <b>one</b> list.", 1.0)


@pytest.fixture(scope="module")
def board(checkerboard_split):
    board = Leaderboard([LeaderboardEntry("Mine <&>", make_model("svd"))], checkerboard_split, 5, repeats=2)
    with suppress(StopIteration):
        while True:
            board.step()
    return board


def test_a_card_holds_what_was_measured_and_on_what(board, dataset):
    entry = board.entries[0]
    made = json.loads(json.dumps(card(dataset, board, entry, [CHECK], MADE), allow_nan=False))
    assert made["figures"]["ndcg"]["value"] == pytest.approx(entry.figures["ndcg"])
    assert made["figures"]["ndcg"]["interval"] == pytest.approx(entry.interval("ndcg"))
    assert set(made["figures"]) == set(METRICS)
    assert made["figures"]["calibration"] == {"value": None, "interval": None}  # this data has no tags
    assert "not known" in to_html(made, dataset)
    assert made["data"]["fingerprint"] == dataset.interactions.fingerprint
    assert made["model"]["settings"] == entry.model.settings
    assert made["split"]["settings"] == board.split.settings
    assert (made["hold_outs"], made["users"], made["made"]) == (2, 40, "2026-11-26T12:00:00+00:00")
    assert {"encore", "python", "numpy"} <= made["versions"].keys()
    assert made["checks"][0]["question"] == "Does each listener get a list?"
    assert any("Head" in part["slice"] for part in made["slices"])
    activity = [part for part in made["slices"] if part["by"].startswith("How many")]
    assert sum(part["users"] for part in activity) == 40


def test_the_page_of_a_card_says_the_same_and_escapes_names(board, dataset):
    entry = board.entries[0]
    made = card(dataset, board, entry, [CHECK], MADE)
    page = to_html(made, dataset)
    HTMLParser().feed(page)
    assert "Mine &lt;&amp;&gt;" in page
    assert "<b>one</b>" not in page
    assert f"{entry.figures['ndcg']:.4f} ± {entry.interval('ndcg'):.4f}" in page
    assert "and 2 hold-outs" in page
    assert "default-src 'none'" in page
    assert "No checks were made" in to_html(card(dataset, board, entry, [], MADE), dataset)
