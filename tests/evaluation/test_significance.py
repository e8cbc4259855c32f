"""Significance against cases worked by hand."""

import numpy as np
import pytest
from scipy import stats

from recsys.evaluation.significance import holm, interval, paired_test, standard_error


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert len(holm([])) == 0


def test_the_error_over_users_and_splits_by_hand():
    by_user, by_split = np.array([0.0, 1, 2, 3]), np.array([1.0, 1.5, 2])
    users, splits = (5 / 3) / 4, 0.25 / 3
    error, df = standard_error(by_user, by_split)
    assert error == pytest.approx(np.sqrt(users + splits))
    assert df == pytest.approx((users + splits) ** 2 / (users**2 / 3 + splits**2 / 2))
    assert interval(by_user, by_split) == pytest.approx(stats.t.ppf(0.975, df) * error)


def test_one_split_adds_nothing():
    values = np.array([0.1, 0.3, -0.1, 0.2])
    assert interval(values, np.array([0.1])) == interval(values)
    assert paired_test(values.mean(), values, np.array([0.1])) == paired_test(values.mean(), values)
    assert paired_test(values.mean(), values).p_value == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


def test_splits_that_disagree_make_a_difference_less_clear():
    offsets = np.random.default_rng(20).normal(0.05, 0.2, 400)
    mean = float(offsets.mean())
    agree = paired_test(mean, offsets, np.full(3, mean))
    disagree = paired_test(mean, offsets, mean + np.array([-0.2, 0, 0.2]))
    assert agree.is_clear
    assert not disagree.is_clear
    assert disagree.interval > agree.interval


def test_the_interval_over_users_and_splits_holds_the_truth_at_least_as_often_as_it_says():
    random = np.random.default_rng(21)
    inside = 0
    for _ in range(400):
        users, splits = random.normal(0, 1, (60, 1)), random.normal(0, 0.2, (1, 5))
        values = users + splits + random.normal(0, 1, (60, 5))
        inside += abs(values.mean()) <= interval(values.mean(axis=1), values.mean(axis=0))
    assert inside / 400 >= 0.93
