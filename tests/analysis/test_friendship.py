"""Friends beside strangers: on data where they are alike, and on data where they are not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.analysis.friendship import compare_friends
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions

USERS, ITEMS = 120, 60


def dataset(alike: bool) -> Dataset:
    """Users in circles of four friends, whose items are those of the circle or anybody's."""
    random = np.random.default_rng(20)
    circles = [random.choice(ITEMS, 16, replace=False) for _ in range(USERS // 4)]
    rows = [
        (user, int(item))
        for user in range(USERS)
        for item in random.choice(circles[user // 4] if alike else ITEMS, 10, replace=False)
    ]
    friends = [(a, b) for a in range(USERS) for b in range(USERS) if a != b and a // 4 == b // 4]
    return Dataset(
        "own",
        "Own",
        "",
        "",
        Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item"]).assign(value=1.0)),
        friends=pd.DataFrame(friends, columns=["user", "friend"]),
    )


def test_friends_with_the_taste_of_their_circle_share_clearly_more():
    found = compare_friends(dataset(alike=True), seed=20)
    assert found is not None
    assert len(found.users) == USERS * 3
    assert found.friendships == USERS * 3 / 2
    assert found.friends.mean() == pytest.approx(10 * 10 / 16, rel=0.05)
    assert found.difference.is_clear
    assert found.difference.mean > 3
    assert found.closer > 0.9


def test_friends_of_any_taste_do_not():
    found = compare_friends(dataset(alike=False), seed=20)
    assert found is not None
    assert abs(found.difference.mean) < 2 * found.difference.interval
    assert 0.4 < found.closer < 0.6


def test_what_a_pair_shares_is_counted_from_its_items():
    data = dataset(alike=True)
    found = compare_friends(data, seed=20)
    assert found is not None
    items = [
        set(data.interactions.item_codes[data.interactions.of_user(user)].tolist()) for user in range(USERS)
    ]
    pairs = sorted({tuple(pair) for pair in data.friends.to_numpy().tolist()})
    assert found.friends.tolist() == [len(items[a] & items[b]) for a, b in pairs]
    assert found.friends_overlap[0] == pytest.approx(len(items[0] & items[1]) / len(items[0] | items[1]))


def test_without_friends_or_with_strangers_to_none_there_is_nothing_to_compare():
    data = dataset(alike=True)
    assert compare_friends(replace(data, friends=None)) is None
    unknown = pd.DataFrame({"user": [7, 8], "friend": ["x", "y"]})
    assert compare_friends(replace(data, friends=unknown)) is None
    assert compare_friends(replace(data, friends=pd.DataFrame({"user": [1], "friend": [1]}))) is None


def test_a_friendship_counts_where_there_is_no_stranger_to_compare_with():
    data = dataset(alike=True)
    everybody = [(a, b) for a in range(USERS) for b in range(USERS) if a != b]
    known = [pair for pair in everybody if pair[0] == 0] + [
        (5, 6)
    ]  # user 0 knows all others, so that none is a stranger
    found = compare_friends(replace(data, friends=pd.DataFrame(known, columns=["user", "friend"])))
    assert found is not None
    assert set(found.users.tolist()) == {5}
    assert found.friendships == USERS
