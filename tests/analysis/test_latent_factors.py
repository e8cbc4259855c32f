"""Interpretation of latent factors."""

import numpy as np
import pandas as pd
import pytest

from recsys.analysis.latent_factors import (
    describe_features,
    learned_features,
    main_directions,
    main_plane,
    shares,
)
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models import make_model


@pytest.fixture(scope="module")
def model(checkerboard):
    return make_model("implicit", factors=4).fit(checkerboard)


def dataset(interactions, tags=None):
    return Dataset("board", "Checkerboard", "", "", interactions, tags=tags)


@pytest.fixture(scope="module")
def tagged(checkerboard):
    rows = [{"item": item, "tag": ("even", "odd")[item % 2], "count": 3} for item in range(40)]
    rows += [{"item": item, "tag": "music", "count": 5} for item in range(40)]
    return dataset(checkerboard, pd.DataFrame(rows))


def test_shares_add_up_and_come_largest_first(model, checkerboard):
    table = describe_features(learned_features(model), dataset(checkerboard))
    assert table["share"].sum() == pytest.approx(1)
    assert table["share"].is_monotonic_decreasing
    assert sorted(table["feature"]) == [0, 1, 2, 3]
    assert table["share"].tolist() == shares(*learned_features(model))[table["feature"]].tolist()


def test_a_share_by_hand(model):
    squares = [
        np.square(np.outer(model.user_factors[:, f], model.item_factors[:, f]), dtype=float).sum()
        for f in range(4)
    ]
    np.testing.assert_allclose(shares(*learned_features(model)), squares / np.sum(squares), rtol=1e-5)


def test_ends_hold_the_artists_with_most_and_least(model, checkerboard):
    table = describe_features(learned_features(model), dataset(checkerboard), n=3)
    directions = model.item_factors / np.linalg.norm(model.item_factors, axis=1, keepdims=True)
    for row in table.itertuples():
        order = np.argsort(-directions[:, row.feature], kind="stable")
        assert row.top == order[:3].tolist()
        assert row.bottom == order[::-1][:3].tolist()


def test_tags_that_everybody_has_tell_nothing(model, tagged, monkeypatch):
    monkeypatch.setattr("recsys.analysis.latent_factors.TAGGED", 10)
    table = describe_features(learned_features(model), tagged)
    named = [set(tags) for column in ("top_tags", "bottom_tags") for tags in table[column]]
    assert all("music" not in tags for tags in named)
    assert {"even"} in named
    assert {"odd"} in named


def test_without_tags_there_are_none(model, checkerboard):
    table = describe_features(learned_features(model), dataset(checkerboard))
    assert all(tags == [] for tags in [*table["top_tags"], *table["bottom_tags"]])


def test_main_directions_leave_every_score_as_it_is(model):
    users, items = main_directions(model)
    np.testing.assert_allclose(users @ items.T, model.user_factors @ model.item_factors.T, atol=1e-5)


def test_main_directions_tell_most_first_and_each_tells_something_of_its_own(model):
    users, items = main_directions(model)
    part = shares(users, items)
    assert (np.diff(part) <= 0).all()
    # no learned feature alone leaves less of the scores unexplained than the first direction does
    scores, learned = users @ items.T, learned_features(model)

    def unexplained(p, q, feature):
        return np.linalg.norm(scores - np.outer(p[:, feature], q[:, feature]))

    least = min(unexplained(*learned, feature) for feature in range(learned[0].shape[1]))
    assert unexplained(users, items, 0) <= least
    gram = items.T @ items
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-8)
    # two tastes: one direction says to which of them an artist belongs
    even = items[::2] > 0
    assert any(
        even[:, f].mean() in (0, 1) and (items[1::2, f] > 0).mean() == 1 - even[:, f].mean() for f in (0, 1)
    )


@pytest.mark.parametrize("of", [learned_features, main_directions])
def test_a_model_without_features_is_named(of, checkerboard):
    with pytest.raises(InputError, match="has no latent features"):
        of(make_model("popular").fit(checkerboard))


def test_the_main_plane_lies_within_its_frame_as_the_main_directions_lie(checkerboard, checkerboard_split):
    model = make_model("als", factors=2, epochs=2).fit(checkerboard_split.train)
    plane = main_plane(model, checkerboard)[["x", "y"]].to_numpy()
    items = main_directions(model)[1]
    assert np.abs(plane).max() == pytest.approx(1)
    for one, other in zip(plane.T, items.T, strict=True):
        assert np.corrcoef(one, other)[0, 1] == pytest.approx(1)
