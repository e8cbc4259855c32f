"""Ratings are predicted as they are; counts by their logarithm."""

from dataclasses import replace

import numpy as np
import pytest

from recsys.data.splitting import hold_out
from recsys.experiments.training import TrainingRun
from recsys.models import make_model

predicts_values = pytest.mark.parametrize("name", ["biased", "funk"])


@pytest.fixture
def stars(checkerboard):
    """Return the checkerboard with ratings from 1 to 5, mostly 4, instead of plays."""
    random = np.random.default_rng(3)
    values = random.choice([1, 2, 3, 4, 5], len(checkerboard), p=[0.1, 0.1, 0.2, 0.4, 0.2])
    return replace(checkerboard, values=values.astype(np.float32), value_range=(1.0, 5.0))


@pytest.mark.parametrize(
    ("values", "rated"),
    [
        ([1, 2, 3, 4, 4, 5], True),
        ([0.5, 3.5, 3.5, 5, 4], True),
        ([7, 8, 8, 9, 10], True),
        ([1, 1, 1, 2, 2, 3, 4], False),  # small counts: the lowest is the most frequent
        ([1, 1, 1, 1], False),
        ([1, 2, 2], False),
        ([1.2, 3, 3, 4], False),
        ([1, 40, 40, 50], False),
        (list(range(1, 60)) * 2, False),
    ],
)
def test_ratings_are_told_from_counts(values, rated, checkerboard):
    short = checkerboard.subset(np.arange(len(checkerboard)) < len(values))
    assert replace(short, values=np.array(values, np.float32)).rated is rated


@predicts_values
def test_a_rating_is_predicted_itself_with_errors_in_its_unit(name, stars):
    run = TrainingRun(make_model(name), hold_out(stars, 10, 3))
    *_, last = run
    hidden = run.split.validation
    predicted = run.model.scores(np.arange(40, dtype=np.int32))[hidden.user_codes, hidden.item_codes]
    errors = hidden.values - predicted
    assert last.validation_rmse == pytest.approx(np.sqrt(np.square(errors).mean()), rel=1e-4)
    assert last.validation_mae == pytest.approx(np.abs(errors).mean(), rel=1e-4)
    assert 3 < predicted.mean() < 4
    assert run.model.target == "{nouns.value}"
    # more than the highest rating, as a number of plays for a new listener would be, counts as the highest
    np.testing.assert_array_equal(run.model._on_scale(np.array([3.0, 100.0])), [3, 5])


@predicts_values
def test_a_count_is_predicted_by_its_logarithm(name, checkerboard):
    run = TrainingRun(make_model(name), hold_out(checkerboard, 10, 3))
    *_, last = run
    assert run.model.target == "log(1 + {nouns.value})"
    np.testing.assert_allclose(run.model.targets(checkerboard), np.log1p(checkerboard.values), rtol=1e-6)
    assert last.validation_mae is None
