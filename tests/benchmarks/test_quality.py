"""The quality benchmark: its statistics and its table."""

import pytest

from benchmarks.quality import REFERENCE, mean_and_interval, measure, table
from recsys.models import make_model


def test_the_interval_is_that_of_a_mean_of_few():
    mean, width = mean_and_interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert width == pytest.approx(4.303 * 1 / 3**0.5, rel=1e-3)


def test_a_model_is_measured_on_everybody(checkerboard_split):
    figures = measure(make_model("popular"), checkerboard_split)
    assert 0 < figures["ndcg"] < 1
    assert 0 < figures["recall"] < 1
    assert 0 < figures["coverage"] <= 1
    assert figures["seconds"] >= 0


def test_the_best_comes_first_and_is_told_apart_by_pairs():
    common = {"recall": [0.1, 0.1], "coverage": [0.5, 0.5], "seconds": [1.0, 2.0]}
    figures = {REFERENCE: {"ndcg": [0.1, 0.3], **common}, "other": {"ndcg": [0.2, 0.4], **common}}
    lines = table({"title": "T", "seeds": [1, 2], "figures": figures, "rmse": {"mean": [1.0, 1.0]}})
    rows = [line for line in lines.splitlines() if line.startswith("| ") and "---" not in line]
    assert rows[1].startswith("| other | 0.3000 ± 1.2706 | +0.1000 ± 0.0000 | 0.1000 | 0.500 | 1.50 |")
    assert rows[2].startswith(f"| {REFERENCE} | 0.2000")
    assert rows[-1] == "| mean | 1.0000 ± 0.0000 |"
