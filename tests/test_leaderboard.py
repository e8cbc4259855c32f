"""Models side by side."""

from contextlib import suppress

import numpy as np
import pytest
from scipy import stats

from recsys.errors import InputError
from recsys.leaderboard import BETTER, Leaderboard, best_of, compare, interval, listed
from recsys.metrics import Lists, evaluate
from recsys.models import make_model

EVERYONE = np.arange(40, dtype=np.int32)


def finished(models, split, n=5):
    board = Leaderboard(models, split, n)
    with suppress(StopIteration):
        while True:
            board.step()
    return board


@pytest.fixture(scope="module")
def board(checkerboard_split):
    models = [
        ("Good", make_model("implicit", factors=8)),
        ("Poor", make_model("article", epochs=2)),
        ("Same", make_model("implicit", factors=8)),
    ]
    return finished(models, checkerboard_split)


def test_figures_are_those_of_a_model_evaluated_alone(board, checkerboard_split):
    alone = evaluate(make_model("implicit", factors=8).fit(checkerboard_split.train), checkerboard_split, n=5)
    row = board.table().set_index("model").loc["Good"]
    for name in (
        "ndcg",
        "recall",
        "precision",
        "map",
        "mrr",
        "coverage",
        "novelty",
        "popularity_rank",
        "gini",
    ):
        assert row[name] == pytest.approx(alone[f"{name}@5"])
    assert row["seconds"] > 0


def test_the_best_comes_first_and_every_measure_has_a_direction(board):
    table = board.table()
    assert table["ndcg"].is_monotonic_decreasing
    measures = [name for name in table.columns if name != "model" and not name.endswith("_interval")]
    assert set(measures) == set(BETTER)


def test_the_interval_is_that_of_a_mean():
    values = np.array([0.0, 1, 1, 0, 1])
    assert interval(values) == pytest.approx(1.96 * stats.sem(values))
    assert np.isnan(interval(values[:1]))


def test_a_clear_difference_is_called_clear(board):
    good, poor, same = (entry.lists for entry in board.entries)
    better = compare(good, poor)
    assert better.is_clear
    assert better.mean > better.interval > 0
    assert better.wins > better.losses
    assert compare(poor, good).mean == -better.mean
    expected = stats.ttest_rel(good.accuracy()["ndcg"], poor.accuracy()["ndcg"]).pvalue
    assert better.p_value == pytest.approx(expected)
    equal = compare(good, same)
    assert (equal.mean, equal.p_value, equal.is_clear) == (0, 1, False)


def test_a_model_that_diverges_says_so_and_the_rest_go_on(checkerboard_split):
    models = [
        ("Wild", make_model("article", learning_rate=10, epochs=100)),
        ("Tame", make_model("article", epochs=1)),
    ]
    board = finished(models, checkerboard_split)
    assert "Lower the learning rate" in board.entries[0].message
    assert board.table()["model"].tolist() == ["Tame"]
    assert board.progress == 1


def test_what_was_measured_stays_when_the_rest_is_left_out(checkerboard_split):
    board = Leaderboard(
        [("One", make_model("article", epochs=1)), ("Two", make_model("article", epochs=500))],
        checkerboard_split,
    )
    assert board.table().empty
    while not board.measured:
        board.step()
    board.step()
    assert 0 < board.progress < 1
    board.finish()
    with pytest.raises(StopIteration):
        board.step()
    assert board.table()["model"].tolist() == ["One"]


def test_nothing_to_compare_is_explained(checkerboard_split):
    with pytest.raises(InputError, match="at least one model"):
        Leaderboard([], checkerboard_split)


def test_lists_of_one_listener_are_compared_item_by_item(board, checkerboard_split):
    tables, shared = listed(board, ["Good", "Poor", "Same"], 4)
    items = {label: table["item"].tolist() for label, table in tables.items()}
    assert items["Good"] == items["Same"]
    assert shared == len(set(items["Good"]) & set(items["Poor"]))
    for label, table in tables.items():
        others = [set(items[other]) for other in items if other != label]
        assert table["also"].tolist() == [sum(item in other for other in others) for item in items[label]]
    hidden = checkerboard_split.validation
    mine = set(hidden.items[hidden.item_codes[hidden.of_user(4)]])
    good = tables["Good"]
    assert (good["hit"] == "✓").tolist() == [item in mine for item in good["item"]]


def test_the_best_of_each_column_is_found(board):
    table = board.table()
    best = best_of(table)
    assert table["ndcg"][best["ndcg"]] == table["ndcg"].max()
    assert table["gini"][best["gini"]] == table["gini"].min()
    assert "popularity_rank" not in best


def test_lists_know_their_hits(checkerboard_split):
    model = make_model("implicit", factors=8).fit(checkerboard_split.train)
    lists = Lists.of(model, checkerboard_split, EVERYONE, 5)
    hidden = checkerboard_split.validation
    for row, user in enumerate(EVERYONE):
        wanted = hidden.item_codes[hidden.of_user(user)]
        assert lists.hits[row].tolist() == np.isin(lists.items[row], wanted).tolist()
        assert lists.hidden[row] == len(wanted)
