"""Blind votes: counted whichever list was on the left, and compared with NDCG."""

import pytest

from recsys.evaluation.blind_vote import TIE, Vote, shown_first, tally

A, B = "Implicit MF", "Most popular"


def test_votes_are_counted_in_either_order_and_others_are_left_out():
    votes = [
        Vote((A, B), A, (0.5, 0.1)),
        Vote((B, A), A, (0.6, 0.2)),
        Vote((B, A), B),
        Vote((A, B), TIE, (0.5, 0.1)),
        Vote((A, "Implicit ALS"), A, (0.5, 0.1)),
    ]
    found = tally(votes, (A, B))
    assert found.wins == (2, 1)
    assert found.ties == 1
    assert (found.agree, found.told) == (1, 2)  # the second was for the list with the lower NDCG


def test_the_sign_test_needs_more_than_a_few_votes():
    assert tally([Vote((A, B), A)] * 3, (A, B)).p == pytest.approx(0.25)
    assert tally([Vote((A, B), A)] * 8, (A, B)).p == pytest.approx(2 / 2**8)
    assert tally([], (A, B)).p == 1


def test_equal_lists_tell_nothing_of_agreement():
    assert tally([Vote((A, B), A, (0.3, 0.3))], (A, B)).told == 0


def test_each_side_comes_first_about_as_often():
    first = [shown_first(7, vote) for vote in range(200)]
    assert 70 < sum(first) < 130
    assert first == [shown_first(7, vote) for vote in range(200)]
