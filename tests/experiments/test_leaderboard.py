"""Models side by side."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from recsys.data.nouns import MUSIC
from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS, evaluate, known_metrics
from recsys.evaluation.ranked_lists import RankedLists
from recsys.evaluation.significance import interval
from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.experiments.verdict import compare, in_words, rivals
from recsys.models import make_model

EVERYONE = np.arange(40, dtype=np.int32)


def finished(models, split, n=5):
    board = Leaderboard([LeaderboardEntry(*model) for model in models], split, n)
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


def test_the_best_comes_first_and_every_metric_has_a_column(board):
    table = board.table()
    assert table["ndcg"].is_monotonic_decreasing
    measures = [name for name in table.columns if name not in ("model", "note") and "_interval" not in name]
    assert measures == [*METRICS, "seconds"]


def test_the_interval_is_that_of_a_mean():
    values = np.array([0.0, 1, 1, 0, 1])
    assert interval(values) == pytest.approx(1.96 * stats.sem(values))
    assert np.isnan(interval(values[:1]))


def test_a_clear_difference_is_called_clear(board):
    good, poor, same = board.entries
    better = compare(good, poor)
    assert better.is_clear
    assert better.mean > better.interval > 0
    assert better.wins > better.losses
    assert compare(poor, good).mean == -better.mean
    expected = stats.ttest_rel(good.by_user["ndcg"], poor.by_user["ndcg"]).pvalue
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
        [
            LeaderboardEntry("One", make_model("article", epochs=1)),
            LeaderboardEntry("Two", make_model("article", epochs=500)),
        ],
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


def test_a_table_and_its_marks_have_the_same_rows_though_another_model_is_measured_meanwhile(
    checkerboard_split,
):
    models = [("One", make_model("popular")), ("Two", make_model("article", epochs=2))]
    board = Leaderboard([LeaderboardEntry(*model) for model in models], checkerboard_split, 5)
    while not board.measured:
        board.step()
    measured = board.measured
    table = board.table(measured)
    with suppress(StopIteration):
        while True:
            board.step()
    assert len(board.table()) == len(board.marks()) == 2
    assert len(table) == len(board.marks(measured)) == 1


def test_the_best_of_each_column_is_marked_and_what_is_as_good(board):
    table, marks = board.table(), board.marks()
    ranked = {row.name for row in METRICS.values() if row.more_is_better is not None}
    assert set(marks) == ranked - {"calibration"} | {"seconds"}
    assert (marks["ndcg"] == np.where(table["model"] == "Poor", "", "best")).all()
    assert table["gini"][marks["gini"] == "best"].unique() == table["gini"].min()
    assert (marks["seconds"] == "best").sum() == 1
    assert not (marks["seconds"] == "close").any()
    assert Leaderboard(board.entries[:1], board.split).marks().eq("best").all().all()


def test_what_is_not_clearly_worse_is_marked_as_close(board):
    good, poor, _ = board.entries
    random = np.random.default_rng(3)
    nearly = LeaderboardEntry(
        "Nearly",
        good.model,
        lists=good.lists,
        figures=dict(good.figures),
        by_user=dict(good.by_user),
        by_split=dict(good.by_split),
    )
    noise = random.normal(0, 0.05, len(board.users))
    nearly.by_user["ndcg"] = good.by_user["ndcg"] - noise + noise.mean() - 0.001
    nearly.figures["ndcg"] -= 0.001
    marks = Leaderboard([good, poor, nearly], board.split).marks()
    assert marks["ndcg"].tolist() == ["best", "close", ""]


def test_every_figure_has_an_interval_that_of_a_mean_for_means(board):
    entry = board.entries[0]
    assert set(entry.by_user) == set(entry.figures) == set(METRICS)
    for name in METRICS:
        assert entry.by_user[name].shape == board.users.shape
    for name in ("ndcg", "novelty", "popularity_rank"):
        assert entry.by_user[name].mean() == pytest.approx(entry.figures[name])
    table = board.table()
    told = known_metrics(board.split.train)
    assert (table[[f"{name}_interval" for name in told]] >= 0).all().all()
    assert table[["calibration", "calibration_interval"]].isna().all().all()


def test_calibration_is_ranked_where_the_data_has_tags_and_less_is_better(checkerboard, dataset):
    items = checkerboard.items
    tags = pd.DataFrame({"item": items, "tag": np.arange(len(items)) % 2, "count": 1})
    tagged = replace(dataset, tags=tags).interactions
    split = hold_out(tagged, minimum=10, hidden=3, seed=1)
    board = finished([("Good", make_model("svd")), ("Plain", make_model("popular"))], split)
    table, marks = board.table(), board.marks()
    assert table["calibration"].notna().all()
    assert (table["calibration_interval"] > 0).all()
    assert table["calibration"][marks["calibration"] == "best"].tolist() == [table["calibration"].min()]


def test_a_trained_model_is_measured_as_it_is_and_another_stops_where_it_should(checkerboard_split):
    model = make_model("implicit", factors=8, epochs=4)
    for done in model.train(checkerboard_split.train):
        if done == 3:
            break
    model.finalize(checkerboard_split.train)
    before = model.state()
    board = Leaderboard(
        [
            LeaderboardEntry("Trained", model, trained=True, seconds=7.5),
            LeaderboardEntry("Stopped", make_model("implicit", factors=8, epochs=4), stop=3),
            LeaderboardEntry("Whole", make_model("implicit", factors=8, epochs=4)),
        ],
        checkerboard_split,
    )
    with suppress(StopIteration):
        while True:
            board.step()
    trained, stopped, whole = board.entries
    for name, value in before.items():
        np.testing.assert_array_equal(value, model.state()[name])
        np.testing.assert_array_equal(value, stopped.model.state()[name])
    assert trained.seconds == 7.5
    assert not np.array_equal(whole.model.user_factors, model.user_factors)


def test_lists_know_their_hits(checkerboard_split):
    model = make_model("implicit", factors=8).fit(checkerboard_split.train)
    lists = RankedLists.of(model, checkerboard_split, EVERYONE, 5)
    hidden = checkerboard_split.validation
    for row, user in enumerate(EVERYONE):
        wanted = hidden.item_codes[hidden.of_user(user)]
        assert lists.hits[row].tolist() == np.isin(lists.items[row], wanted).tolist()
        assert lists.hidden[row] == len(wanted)


@pytest.fixture(scope="module")
def repeated(checkerboard_split):
    models = [
        LeaderboardEntry("Good", make_model("implicit", factors=8, seed=4)),
        LeaderboardEntry("Plain", make_model("popular")),
        LeaderboardEntry("Trained", make_model("svd").fit(checkerboard_split.train), trained=True),
    ]
    board = Leaderboard(models, checkerboard_split, 5, repeats=3)
    with suppress(StopIteration):
        while True:
            board.step()
    return board


def test_figures_of_several_hold_outs_are_the_means_of_each_measured_alone(repeated, checkerboard):
    alone = []
    for number in range(3):
        split = hold_out(checkerboard, minimum=10, hidden=3, seed=1 + number)
        alone.append(
            evaluate(make_model("implicit", factors=8, seed=4 + number).fit(split.train), split, n=5)
        )
    good = repeated.entries[0]
    for name in METRICS:
        each = [figures[f"{name}@5"] for figures in alone]
        assert good.by_split[name] == pytest.approx(each, nan_ok=True)
        assert good.figures[name] == pytest.approx(np.mean(each), nan_ok=True)
    assert good.by_user["ndcg"].mean() == pytest.approx(good.figures["ndcg"])
    assert (repeated.splits, repeated.progress) == (3, 1)


def test_a_run_is_trained_anew_on_the_further_hold_outs(repeated, checkerboard):
    second = hold_out(checkerboard, minimum=10, hidden=3, seed=2)
    anew = evaluate(make_model("svd").fit(second.train), second, n=5)
    assert repeated.entries[2].by_split["ndcg"][1] == pytest.approx(anew["ndcg@5"])


def test_a_hold_out_counts_when_all_models_are_measured_on_it(checkerboard_split):
    models = [
        LeaderboardEntry("One", make_model("popular")),
        LeaderboardEntry("Two", make_model("article", epochs=3)),
    ]
    board = Leaderboard(models, checkerboard_split, 5, repeats=5)
    while board.splits < 2:
        board.step()
    for _ in range(2):
        board.step()
    assert "hold-out 3 of 5" in board.at
    assert {len(entry.by_split["ndcg"]) for entry in board.measured} == {2}
    assert 0.4 < board.progress < 0.6
    board.finish()
    assert len(board.table()) == 2


def test_a_model_that_fails_on_a_later_hold_out_is_left_out_and_says_where(checkerboard_split, monkeypatch):
    failing = LeaderboardEntry("Wild", make_model("popular"))
    monkeypatch.setattr(
        failing,
        "again",
        lambda number: LeaderboardEntry("Wild", make_model("article", learning_rate=10, epochs=100)),
    )
    board = Leaderboard(
        [failing, LeaderboardEntry("Tame", make_model("popular"))], checkerboard_split, 5, repeats=3
    )
    with suppress(StopIteration):
        while True:
            board.step()
    assert board.entries[0].message.startswith("On hold-out 2: ")
    assert board.table()["model"].tolist() == ["Tame"]
    assert len(board.entries[1].by_split["ndcg"]) == 3


def test_rivals_are_tested_with_the_correction_for_all_pairs(board):
    ranked = rivals(board.entries)
    assert [rival.comparisons for rival in ranked] == [3, 3]
    assert ranked[0].p_value == 1
    poor = next(rival for rival in ranked if rival.entry.label == "Poor")
    # the pairs Good-Poor and Same-Poor have the same p-value: the smallest of three counts three times
    assert poor.p_value == pytest.approx(3 * compare(*board.entries[:2]).p_value)
    assert rivals(board.entries[:1]) == []


def test_the_verdict_says_who_leads_by_how_much_and_whether_that_may_be_chance(board):
    good, poor, _ = board.entries
    clear = in_words(board, [good, poor], MUSIC)
    assert clear.startswith("Good finds ")
    assert "of 3 hidden artists in lists of 5" in clear
    assert "more than Poor (+" in clear
    assert clear.endswith("The lead is clear.")
    assert in_words(board, board.measured, MUSIC).endswith("Same may be as good.")
    assert "second model" in in_words(board, [poor], MUSIC)
