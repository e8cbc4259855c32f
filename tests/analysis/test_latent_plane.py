"""Latent plane: as learned, or the main directions, found fast; turned without a change of distances."""

import numpy as np
import pytest

from recsys.analysis.latent_factors import main_directions
from recsys.analysis.latent_plane import LatentPlane, latent_plane
from recsys.errors import InputError
from recsys.figures.latent_space import latent_space
from recsys.models import make_model


@pytest.fixture(scope="module")
def wide(checkerboard):
    return make_model("implicit", factors=6, epochs=5).fit(checkerboard)


def test_many_features_are_turned_to_the_main_directions(wide, checkerboard):
    codes = np.arange(checkerboard.n_items)
    users, items = main_directions(wide)
    plane = latent_plane(wide, codes, 2)
    size = np.abs(items[:, :2]).max()
    scale = np.linalg.norm(plane.items[:, 0]) / np.linalg.norm(items[:, 0])
    assert np.allclose(np.abs(plane.items), np.abs(items[:, :2]) * scale, atol=0.03 * size * scale)
    scores = plane.items @ plane.user
    assert np.allclose(scores, items[:, :2] @ users[2, :2], atol=0.03 * np.abs(scores).max())
    squares = np.square(np.linalg.svd(users @ items.T, compute_uv=False))
    assert plane.share == pytest.approx(squares[:2].sum() / squares.sum(), rel=0.02)


@pytest.mark.parametrize(("factors", "third"), [(1, False), (2, False), (3, True)])
def test_up_to_three_features_are_as_learned(checkerboard, factors, third):
    model = make_model("article", factors=factors, epochs=2).fit(checkerboard)
    plane = latent_plane(model, np.array([3, 1]), 0)
    shown = min(factors, 2)
    assert np.allclose(plane.items[:, :shown], model.item_factors[[3, 1], :2])
    assert np.allclose(plane.user[:shown], model.user_factors[0, :2])
    assert (plane.third is not None) is third
    assert plane.share is None


def test_turning_finds_the_places_before_and_keeps_the_scores():
    random = np.random.default_rng(0)
    items, user = random.standard_normal((9, 2)), random.standard_normal(2)
    angle = 0.7
    turn = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), -np.cos(angle)]])
    turned = LatentPlane(items @ turn, user @ turn, share=0.5).turned_to(items)
    assert np.allclose(turned.items, items)
    assert np.allclose(turned.user, user)


def test_what_has_no_factors_or_diverged_is_refused(wide, checkerboard):
    with pytest.raises(InputError, match="no latent features"):
        latent_plane(make_model("popular").fit(checkerboard), np.arange(2), 0)
    broken = wide.copy()
    broken.item_factors[0] = np.nan
    with pytest.raises(InputError, match="diverged"):
        latent_plane(broken, np.arange(2), 0)


def test_the_chart_shows_each_item_once_and_names_that_do_not_overlap():
    plane = LatentPlane(np.array([[1.0, 1.0], [1.01, 1.0], [-1.0, -1.0]]), np.array([2.0, 0.0]), share=0.4)
    figure = latent_space(plane, ["<b>One</b>", "Two", "Three"], np.array([False, True, False]), "Listener 7")
    known, recommended, user = figure.data
    assert list(known.hovertext) == ["&lt;b&gt;One&lt;/b&gt;", "Three"]
    assert list(known.text) == ["", "Three"]  # the first lies under the recommended one
    assert list(recommended.text) == ["Two"]
    assert list(user.x) == [0, pytest.approx(1.01)]
    assert figure.layout.transition.duration > 0
