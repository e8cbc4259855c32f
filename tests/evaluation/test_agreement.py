"""Agreement of lists against cases worked by hand."""

import numpy as np
import pytest

from recsys.evaluation.agreement import overlap, rank_biased_overlap


def lists(*rows):
    return np.array(rows, np.int32)


def test_overlap_by_hand():
    first, second = lists([1, 2, 3, -1], [1, 2, 3, 4]), lists([3, 4, 1, -1], [5, 6, 7, 8])
    assert overlap(first, second).tolist() == [2 / 4, 0]


def test_rank_biased_overlap_by_hand():
    first, second = lists([1, 2, 3]), lists([1, 3, 4])
    # Shared among the first 1, 2 and 3 places: 1, 1 and 2.
    p = 0.9
    expected = 2 / 3 * p**3 + (1 - p) / p * (1 * p + 1 / 2 * p**2 + 2 / 3 * p**3)
    assert rank_biased_overlap(first, second, p) == pytest.approx([expected])


def test_equal_lists_agree_wholly_and_different_ones_not_at_all():
    one, other = lists(list(range(10))), lists(list(range(10, 20)))
    assert rank_biased_overlap(one, one) == pytest.approx([1])
    assert rank_biased_overlap(one, other) == pytest.approx([0])
    assert overlap(one, one[:, ::-1]).tolist() == [1]
    assert 0.3 < rank_biased_overlap(one, one[:, ::-1])[0] < 0.7
