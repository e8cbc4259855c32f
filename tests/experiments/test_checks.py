"""Behaviour checks: a sound model passes, and each fault is found by its own check."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.evaluation.ranked_lists import RankedLists
from recsys.experiments.checks import Checks, _alike, inner_split
from recsys.experiments.near_misses import near_misses
from recsys.models import make_model
from recsys.models.pure_svd import PureSVD


@pytest.fixture(scope="module")
def split():
    return hold_out(load("sample").interactions, seed=20, validation=0.33)


def states(make, split):
    checks = Checks(make, split)
    with suppress(StopIteration):
        while True:
            checks.step()
    assert checks.progress == 1
    return {check.name: check for check in checks.results}


def failed(found):
    return {name for name, check in found.items() if check.state == "failed"}


def leaking(known):
    """Return a model that learns, besides what it is given, all pairs of a part that it should not know."""

    class Leaking(PureSVD):
        def train(self, interactions):
            overlap = np.isin(
                known.user_codes.astype(np.int64) * known.n_items + known.item_codes,
                interactions.user_codes.astype(np.int64) * known.n_items + interactions.item_codes,
            )
            return super().train(interactions.union(known.subset(~overlap)))

    return lambda number: Leaking()


def test_a_sound_model_passes(split):
    found = states(lambda number: make_model("svd"), split)
    assert failed(found) == set()
    assert all(check.sentence.endswith(".") for check in found.values())


def test_the_most_popular_are_no_lists_of_ones_own(split):
    found = states(lambda number: make_model("popular"), split)
    assert failed(found) == {"alike", "top_20", "new_item", "near_misses"}
    assert found["leak"].state == "passed"


@pytest.mark.parametrize("part", ["test", "validation", "held_out"])
def test_a_planted_leak_is_caught(split, part):
    found = states(leaking(getattr(split, part)), split)
    assert "leak" in failed(found)
    assert found["leak"].value > 0.05


def test_a_model_that_differs_with_its_seed_is_not_stable(split):
    class Random(PureSVD):
        def scores(self, users):
            return np.random.default_rng(self.number).random((len(users), self.n_items)).astype(np.float32)

    def make(number):
        model = Random()
        model.number = number
        return model

    assert "stable" in failed(states(make, split))


def test_pairs_that_are_both_known_and_in_the_test_are_found(split):
    both = replace(split, train=split.train.union(split.test))
    assert "known" in failed(states(lambda number: make_model("popular"), both))


def test_users_with_the_same_items_may_have_the_same_list(split):
    """A third of the users have the same items; the others have items of their own."""
    rows = [
        (user, item)
        for user in range(60)
        for item in ((0, 1, 2, 3) if user < 20 else (user, user + 1, user + 2, 99))
    ]
    known = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item"]).assign(value=1))
    users = np.arange(60, dtype=np.int32)
    items = np.stack([np.where(users < 20, 40, users)] * 2, axis=1).astype(np.int32)
    items[:, 1] += 1
    hits = np.zeros(items.shape, bool)
    own = RankedLists(users, items, hits, np.ones(60, np.int64), known, known)
    assert _alike(own, known).state == "passed"
    assert _alike(replace(own, items=items[:1].repeat(60, axis=0)), known).state == "failed"


def test_a_model_that_scores_at_random_has_no_near_misses(split):
    class Random(PureSVD):
        def scores(self, users):
            random = np.random.default_rng(int(users[0]))
            return random.random((len(users), self.n_items)).astype(np.float32)

    model = Random().fit(split.train)
    users = np.flatnonzero(split.test.user_counts).astype(np.int32)[:500]
    above = near_misses(model, split, users)
    assert len(above) > 400
    assert 0.4 < above.mean() < 0.6
    found = states(lambda number: Random(), split)
    assert "near_misses" in failed(found)


def test_a_near_miss_is_told_by_common_users_and_not_by_popularity():
    """Even users have the even items, odd users the odd ones; all items are as popular."""
    rows = [(user, item) for user in range(40) for item in range(user % 2, 40, 2) if (user + item) % 7]
    known = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item"]).assign(value=1))
    split = hold_out(known, minimum=10, hidden=3, seed=20)
    users = np.arange(40, dtype=np.int32)

    class Own(PureSVD):
        sign = 1

        def scores(self, users):
            same = (known.users[users].to_numpy()[:, None] + known.items.to_numpy()) % 2 == 0
            return self.sign * same.astype(np.float32)

    class Others(Own):
        sign = -1

    near, far = (near_misses(make().fit(split.train), split, users).mean() for make in (Own, Others))
    assert near > 0.7
    assert far == pytest.approx(1 - near)


def test_what_is_hidden_for_the_check_comes_from_training_alone(split):
    inner = inner_split(split)
    assert len(inner.train) + len(inner.test) == len(split.train)
    assert (inner.test.user_counts[split.test.user_counts > 0] == 5).all()
    assert not inner.test.user_counts[split.test.user_counts == 0].any()
    again = inner_split(split)
    assert np.array_equal(again.test.item_codes, inner.test.item_codes)


def test_too_little_data_leaves_the_leak_check_out(checkerboard):
    split = hold_out(checkerboard, minimum=10, hidden=9, seed=20)
    narrow = split.train.subset(np.r_[True, np.diff(split.train.user_codes) != 0])
    assert inner_split(replace(split, train=narrow)) is None
