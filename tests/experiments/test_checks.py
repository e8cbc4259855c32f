"""Behaviour checks: a sound model passes, and each fault is found by its own check."""

from contextlib import suppress

import numpy as np
import pytest

from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.experiments.checks import Checks, inner_split
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
    assert failed(found) == {"alike", "top_20", "new_item"}
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
    from dataclasses import replace

    both = replace(split, train=split.train.union(split.test))
    assert "known" in failed(states(lambda number: make_model("popular"), both))


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
    from dataclasses import replace

    assert inner_split(replace(split, train=narrow)) is None
