"""The hold-out."""

import numpy as np
import pytest

from recsys.data.splitting import hold_out, in_words, validation_items
from recsys.errors import InputError


def pairs(part):
    return set(zip(part.user_codes.tolist(), part.item_codes.tolist(), strict=True))


def test_every_pair_is_on_one_side(checkerboard):
    split = hold_out(checkerboard, 10, 3)
    assert pairs(split.train) | pairs(split.validation) == pairs(checkerboard)
    assert not pairs(split.train) & pairs(split.validation)


def test_those_who_have_enough_hide_as_many_as_asked(checkerboard):
    split = hold_out(checkerboard, 19, 3)
    takes_part = checkerboard.user_counts >= 19
    assert takes_part.any()
    assert not takes_part.all()
    assert (split.validation.user_counts == np.where(takes_part, 3, 0)).all()


def test_three_parts_hold_every_pair_once_and_hide_what_two_parts_hide(checkerboard):
    two, three = hold_out(checkerboard, 10, 6, 5), hold_out(checkerboard, 10, 6, 5, validation=0.33)
    assert two.validation is two.test
    assert not two.has_validation
    assert pairs(three.train) == pairs(two.train)
    assert pairs(three.validation) | pairs(three.test) == pairs(two.test) == pairs(three.held_out)
    assert not pairs(three.validation) & pairs(three.test)
    assert set(three.validation.user_counts.tolist()) == {2}
    assert set(three.test.user_counts.tolist()) == {4}
    assert pairs(three.before_test) == pairs(three.train) | pairs(three.validation)
    assert (np.diff(three.before_test.user_codes) >= 0).all()


@pytest.mark.parametrize(
    ("hidden", "share", "expected"), [(15, 0.33, 5), (15, 0, 0), (1, 0.9, 0), (3, 0.33, 1), (4, 0.9, 3)]
)
def test_the_test_keeps_at_least_one_item(hidden, share, expected):
    assert validation_items(hidden, share) == expected


def test_a_split_is_said_in_words(checkerboard):
    assert (
        in_words(hold_out(checkerboard, 10, 3, 1, 0.33).settings) == "10/3, of which 1 for validation, seed 1"
    )
    assert in_words(hold_out(checkerboard, 10, 3).settings) == "10/3, validation and test the same, seed 0"


def test_the_seed_decides(checkerboard):
    assert pairs(hold_out(checkerboard, 10, 3, 5).validation) == pairs(
        hold_out(checkerboard, 10, 3, 5).validation
    )
    assert pairs(hold_out(checkerboard, 10, 3, 5).validation) != pairs(
        hold_out(checkerboard, 10, 3, 6).validation
    )


def test_every_item_of_a_listener_can_be_hidden(checkerboard):
    hidden = set()
    for seed in range(60):
        hidden |= {item for user, item in pairs(hold_out(checkerboard, 10, 3, seed).validation) if user == 0}
    assert hidden == {item for user, item in pairs(checkerboard) if user == 0}


def test_hiding_as_many_as_there_are_is_refused(checkerboard):
    with pytest.raises(InputError, match="Hide fewer"):
        hold_out(checkerboard, 10, 10)


def test_data_where_nobody_has_enough_is_explained(checkerboard):
    with pytest.raises(InputError, match=r"Nobody has 500; the most is \d+"):
        hold_out(checkerboard, 500, 3)
