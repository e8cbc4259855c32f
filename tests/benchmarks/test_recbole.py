"""The split of the published protocol for Last.fm."""

import numpy as np

from benchmarks.recbole import parts, split_by_ratio


def test_each_user_is_split_eight_to_one_to_one():
    part = parts(np.array([50, 10, 3, 2, 1]), seed=10)
    by_user = np.split(part, np.cumsum([50, 10, 3, 2]))
    assert [np.bincount(own, minlength=3).tolist() for own in by_user] == [
        [40, 5, 5],
        [8, 1, 1],
        [1, 1, 1],
        [1, 0, 1],
        [1, 0, 0],
    ]


def test_another_seed_draws_others_and_no_pair_is_lost(checkerboard):
    first, second = (split_by_ratio(checkerboard, seed) for seed in (10, 11))
    assert not np.array_equal(first.test.item_codes, second.test.item_codes)
    assert len(first.train) + len(first.validation) + len(first.test) == len(checkerboard)
    assert len(first.seen("test")) == len(first.train) + len(first.validation)
