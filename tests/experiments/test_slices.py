"""Slices of users and items against cases worked by hand."""

import numpy as np
import pandas as pd
import pytest

from recsys.data.interactions import Interactions
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.experiments.slices import divide, mainstreamness, people, popularity_groups, shares
from recsys.models import make_model


def pairs(*rows):
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value"]))


@pytest.fixture(scope="module")
def measured(checkerboard_split):
    model = make_model("svd").fit(checkerboard_split.train)
    users = sample_users(checkerboard_split, 1000)
    return RankedLists.of(model, checkerboard_split, users, 5)


def test_head_middle_and_tail_have_a_third_of_the_pairs_each_by_hand():
    # Users of the items: 3, 3, 2, 1 of 9 pairs in all; 0, 3, 6 and 8 pairs come before.
    train = pairs(*[(u, i, 1) for i, n in enumerate((3, 3, 2, 1)) for u in range(n)])
    assert popularity_groups(train).tolist() == [0, 1, 2, 2]


def test_mainstreamness_is_the_mean_popularity_percentile_by_hand():
    train = pairs((0, "a", 1), (0, "b", 1), (1, "a", 1))
    # Two items: percentiles 75 for the one with two users and 25 for the other.
    assert mainstreamness(train).tolist() == [50, 75]


def test_slices_of_users_are_thirds_that_together_are_all(measured, checkerboard_split):
    for kind in ("activity", "mainstream"):
        rows = [one.rows for one in divide(measured, checkerboard_split.before_test) if one.kind == kind]
        assert np.sort(np.concatenate(rows)).tolist() == list(range(len(measured.users)))
    low, *_, high = (
        one for one in divide(measured, checkerboard_split.before_test) if one.kind == "activity"
    )
    counts = measured.train.user_counts[measured.users]
    assert counts[low.rows].max() < counts[high.rows].min()


def test_the_figure_of_a_slice_is_the_mean_of_its_users(measured, checkerboard_split):
    ndcg = METRICS["ndcg"]
    for one in divide(measured, checkerboard_split.before_test):
        if one.kind != "popularity":
            value, half = one.measure(ndcg)
            assert value == pytest.approx(ndcg.per_user(measured)[one.rows].mean())
            assert half > 0


def test_hits_among_items_of_some_popularity_add_up_to_all_hits(measured, checkerboard_split):
    found = [one for one in divide(measured, checkerboard_split.before_test) if one.kind == "popularity"]
    assert sum(one.lists.hits.sum() for one in found) == measured.hits.sum()
    assert sum(one.lists.hidden.sum() for one in found) == measured.hidden.sum()
    assert np.isnan(found[0].measure(METRICS["coverage"])).all()
    assert shares(measured).sum() == pytest.approx(1)


def test_the_most_popular_model_finds_nothing_of_the_tail(checkerboard_split):
    model = make_model("popular").fit(checkerboard_split.train)
    users = sample_users(checkerboard_split, 1000)
    lists = RankedLists.of(model, checkerboard_split, users, 3)
    head, _, tail = (one for one in divide(lists, checkerboard_split.before_test) if one.kind == "popularity")
    assert tail.measure(METRICS["recall"])[0] == 0
    assert head.measure(METRICS["recall"])[0] >= 0
    assert shares(lists)[2] == 0


def test_the_people_behind_a_figure_have_a_row_each(measured):
    table = people(measured, measured.train, METRICS["ndcg"].per_user(measured))
    assert len(table) == len(measured.users)
    assert (table["found"] <= table["hidden"]).all()
    assert table["figure"].mean() == pytest.approx(METRICS["ndcg"].figure(measured))
