"""Metrics against cases worked by hand."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.interactions import Interactions
from recsys.evaluation import metrics
from recsys.evaluation.beyond_accuracy import gini, popularity_ranks, rarely_played
from recsys.evaluation.ranked_lists import RankedLists, find_hits
from recsys.models import make_model

# Three users, lists of four; they hide 2, 5 and 0 items.
HITS = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]], bool)
HIDDEN = np.array([2, 5, 0])


def without_hits(items, train):
    users = np.arange(len(items), dtype=np.int32)
    return RankedLists(users, items, np.zeros(items.shape, bool), np.ones(len(items), np.int64), train, train)


def gain(*places):
    return sum(1 / math.log2(place + 1) for place in places)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("precision", [2 / 4, 1 / 4, 0]),
        ("recall", [2 / 2, 1 / 5, 0]),
        ("ndcg", [gain(1, 4) / gain(1, 2), gain(2) / gain(1, 2, 3, 4), 0]),
        ("map", [(1 / 1 + 2 / 4) / 2, (1 / 2) / 4, 0]),
        ("mrr", [1, 1 / 2, 0]),
    ],
)
def test_accuracy_by_hand(name, expected):
    assert metrics.METRICS[name].of_hits(HITS, HIDDEN) == pytest.approx(expected)


def test_a_perfect_list_gets_one_and_an_empty_truth_gets_zero():
    hits = np.array([[1, 1, 0], [0, 0, 0]], bool)
    hidden = np.array([2, 0])
    for name in ("recall", "ndcg", "map", "mrr"):
        assert metrics.METRICS[name].of_hits(hits, hidden).tolist() == [1, 0]


def test_gini_by_hand():
    assert gini(np.array([1.0, 1, 1, 1])) == pytest.approx(0)
    assert gini(np.array([0.0, 0, 0, 1])) == pytest.approx(3 / 4)
    assert gini(np.array([1.0, 3])) == pytest.approx(1 / 4)
    assert gini(np.array([0.0, 0])) == 0


@pytest.fixture
def four_items():
    """Item popularity 3, 2, 1, 1 among four users."""
    return Interactions.from_frame(
        pd.DataFrame({"user": [1, 2, 3, 1, 2, 3, 4], "item": list("aaabbcd"), "value": [1, 1, 1, 1, 1, 1, 1]})
    )


def test_popularity_ranks_share_the_best_place(four_items):
    assert popularity_ranks(four_items).tolist() == [1, 2, 3, 3]


def test_what_is_recommended_is_measured_by_hand(four_items):
    items = np.array([[0, 1], [0, 3], [0, -1]], np.int32)
    measured = metrics.measure(without_hits(items, four_items))
    assert measured["coverage"] == 3 / 4
    bits = [-math.log2(4 / 5), -math.log2(3 / 5), -math.log2(2 / 5)]
    assert measured["novelty"] == pytest.approx((3 * bits[0] + bits[1] + bits[2]) / 5)
    assert measured["popularity_rank"] == (3 * 1 + 2 + 3) / 5
    assert measured["gini"] == pytest.approx(gini(np.array([3.0, 1, 0, 1])))


def test_personalization_by_hand(four_items):
    metric = metrics.METRICS["personalization"]
    # shared: 2 of 2, 1 of 2, 1 of 2
    lists = without_hits(np.array([[0, 1], [1, 0], [0, 3]], np.int32), four_items)
    assert metric.figure(lists) == pytest.approx((0 + 1 / 2 + 1 / 2) / 3)
    assert metric.figure(without_hits(lists.items[:1], four_items)) == 0


def test_diversity_by_hand(four_items):
    # users of the items: a 1 2 3, b 1 2, c 3, d 4
    cosines = {"ab": 2 / math.sqrt(6), "ac": 1 / math.sqrt(3), "bc": 0}
    lists = without_hits(np.array([[0, 1, 2], [0, 3, -1]], np.int32), four_items)
    assert metrics.METRICS["diversity"].per_user(lists) == pytest.approx([1 - sum(cosines.values()) / 3, 1])


def test_serendipity_by_hand(four_items):
    # user 4 (code 3) has d, so that the most popular two are a and b; user 3 (code 2) has a and c: b and d
    lists = RankedLists(
        np.array([3, 2], np.int32),
        np.array([[0, 2], [1, -1]], np.int32),
        np.array([[True, True], [True, False]]),
        np.array([2, 1]),
        four_items,
        four_items,
    )
    assert metrics.METRICS["serendipity"].per_user(lists) == pytest.approx([1 / 2, 0])


def test_debiased_ndcg_by_hand(four_items):
    # Users of a, b, c, d in training: 3, 2, 1, 1. User 1 (code 0) hides c and a, and gets a and c.
    rows = {"user": [1, 1, 2, 3, 4], "item": ["a", "c", "b", "d", "b"], "value": 1}
    relevant = Interactions.from_frame(pd.DataFrame(rows))
    lists = RankedLists(
        np.array([0], np.int32),
        np.array([[0, 2]], np.int32),
        np.array([[True, True]]),
        np.array([2]),
        four_items,
        relevant,
    )
    found = 1 / math.sqrt(3) * gain(1) + 1 * gain(2)
    perfect = 1 * gain(1) + 1 / math.sqrt(3) * gain(2)
    assert metrics.METRICS["debiased_ndcg"].per_user(lists) == pytest.approx([found / perfect])


def test_calibration_by_hand(four_items):
    """Users 1 to 4 have a b, a b, a c and d; of the items d has no tag."""
    tags = pd.DataFrame(
        {"item": list("aabcx"), "tag": ["rock", "pop", "rock", "jazz", "folk"], "count": [3, 1, 1, 2, 5]}
    )
    tagged = replace(four_items, tags=tags)
    items = np.array([[2, 0], [0, 1], [3, -1], [0, 1]], np.int32)
    first, same, empty, untagged = metrics.METRICS["calibration"].per_user(without_hits(items, tagged))

    def divergence(p, q):
        return sum(
            share * math.log2(share / (0.99 * other + 0.01 * share))
            for share, other in zip(p, q, strict=True)
        )

    # shares of rock, pop and jazz of a: 3/4, 1/4, 0; of b: 1, 0, 0; of c: 0, 0, 1
    assert first == pytest.approx(divergence([7 / 8, 1 / 8], [3 / 8, 1 / 8]))
    assert same == pytest.approx(0, abs=1e-12)
    assert empty == pytest.approx(math.log2(100))
    # all pairs: a three times, b twice, c once
    assert untagged == pytest.approx(divergence([4.25 / 6, 0.75 / 6, 1 / 6], [7 / 8, 1 / 8, 0]))


def test_calibration_of_new_users_takes_what_is_given_of_them(four_items):
    tagged = replace(four_items, tags=pd.DataFrame({"item": list("abc"), "tag": list("xyz"), "count": 1}))
    lists = without_hits(np.array([[0, 1]], np.int32), tagged.subset(tagged.user_codes > 0))
    given = tagged.subset(tagged.user_codes == 0)
    assert metrics.METRICS["calibration"].per_user(replace(lists, given=given)) == pytest.approx(
        [0], abs=1e-12
    )
    assert metrics.METRICS["calibration"].per_user(lists)[0] > 0.1


@pytest.mark.parametrize("tags", [None, pd.DataFrame({"item": ["other"], "tag": ["x"], "count": [1]})])
def test_without_tags_calibration_is_missing_and_never_a_number(four_items, tags):
    lists = without_hits(np.array([[0, 1], [0, -1]], np.int32), replace(four_items, tags=tags))
    assert np.isnan(metrics.METRICS["calibration"].per_user(lists)).all()
    figures = {f"{name}@2": value for name, value in metrics.measure(lists).items()}
    assert "calibration" not in metrics.known_metrics(lists.train)
    assert len(metrics.known_metrics(lists.train)) == len(metrics.METRICS) - 1
    (line,) = [line for line in metrics.spell(figures, dict.fromkeys(figures, 0.1)) if "Calibration" in line]
    assert line.split()[-2:] == ["not", "known"]


def test_hits_are_found_by_user_and_item(four_items):
    users = np.array([1, 3], np.int32)
    items = np.array([[1, 2, -1], [3, 1, 0]], np.int32)
    assert find_hits(items, users, four_items).tolist() == [
        [True, False, False],
        [True, False, False],
    ]


def test_a_model_that_knows_what_was_hidden_is_perfect(checkerboard_split):
    class Oracle(type(make_model("article"))):
        def scores(self, users):
            hidden = checkerboard_split.validation
            scores = np.zeros((len(users), hidden.n_items), np.float32)
            for row, user in enumerate(users):
                scores[row, hidden.item_codes[hidden.of_user(user)]] = 1
            return scores

    figures = metrics.evaluate(Oracle(), checkerboard_split, n=3)
    for name in ("ndcg@3", "recall@3", "precision@3", "map@3", "mrr@3"):
        assert figures[name] == pytest.approx(1)
    assert figures["users"] == figures["all_users"] == 40
    assert metrics.evaluate(Oracle(), checkerboard_split, n=3, most_users=9)["users"] == 9


def test_a_constant_score_is_no_better_than_chance(checkerboard_split):
    class Constant(type(make_model("article"))):
        def scores(self, users):
            return np.zeros((len(users), 40), np.float32)

    recall = metrics.evaluate(Constant(), checkerboard_split, n=5)["recall@5"]
    assert 0.0 < recall < 0.5  # about 5 of 25 unseen items


def test_what_each_list_adds_is_what_is_missing_without_it():
    random = np.random.default_rng(4)
    users, artists = np.nonzero(random.random((30, 25)) < np.linspace(0.9, 0.05, 25))
    train = Interactions.from_frame(pd.DataFrame({"user": users, "item": artists, "value": 1}))
    items = np.array([random.permutation(train.n_items)[:6] for _ in range(12)], np.int32)
    items[3, 4:] = items[7, :] = -1
    items[5] = items[6]
    lists = without_hits(items, train)
    for metric in metrics.METRICS.values():
        if isinstance(metric, metrics.ExposureMetric):
            rest = [metric.figure(without_hits(np.delete(items, user, axis=0), train)) for user in range(12)]
            expected = 12 * metric.figure(lists) - 11 * np.array(rest)
            np.testing.assert_allclose(metric.per_user(lists), expected, rtol=1e-9, err_msg=metric.name)


def test_full_lists_add_their_own_means():
    train = Interactions.from_frame(
        pd.DataFrame({"user": [0, 0, 1, 1, 2], "item": [0, 1, 0, 2, 0], "value": 1})
    )
    lists = without_hits(np.array([[2, 1], [1, 0]], np.int32), train)
    assert metrics.METRICS["popularity_rank"].per_user(lists) == pytest.approx([2, 1.5])
    assert metrics.METRICS["novelty"].per_user(lists) == pytest.approx([1, 0.5])


def test_the_share_of_what_hardly_anybody_plays_is_counted():
    train = Interactions.from_frame(
        pd.DataFrame({"user": [0, 0, 1, 1, 2], "item": [0, 1, 0, 2, 0], "value": 1})
    )
    assert rarely_played(np.array([[0, 1], [2, 1], [0, -1]], np.int32), train) == pytest.approx(3 / 5)
