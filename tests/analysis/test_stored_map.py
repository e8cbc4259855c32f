"""Stored layout of the sample; `python -m tests.analysis.test_stored_map` writes it anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pages.components.session.session import RECOMMENDED
from recsys.analysis import stored_map
from recsys.analysis.item_map import ArtistMap, shown_directions
from recsys.data.dataset import Dataset
from recsys.data.sources.sample import load_sample
from recsys.data.splitting import hold_out, suited
from recsys.experiments.setup import Setup
from recsys.models.base import Model

# t-SNE magnifies rounding: factors that differ by 1e-7 move half of the points by 0.04, and one in twenty by 0.12.
MIDDLE, MOST = 0.08, 0.25


def train(dataset: Dataset, setup: Setup) -> Model:
    """Train as the server does for all who look at a dataset."""
    minimum, hidden = suited(dataset.interactions)
    setup = replace(setup, minimum=minimum, hidden=hidden)
    run = setup.run(hold_out(dataset.interactions, **setup.hold_out))
    for _ in run:
        pass
    return run.model


@pytest.fixture(scope="module")
def recommended(sample):
    return train(sample, RECOMMENDED)


def test_it_is_the_layout_of_the_recommended_model_on_the_sample(recommended, sample):
    found = ArtistMap(recommended, sample.interactions)
    with pytest.raises(StopIteration):  # done in the first step
        found.step()
    assert found.table is not None
    made = ArtistMap(recommended, sample.interactions, stored=False).finish_now()
    assert found.table.drop(columns=["x", "y"]).equals(made.drop(columns=["x", "y"]))
    apart = np.hypot(*(found.table[["x", "y"]] - made[["x", "y"]]).to_numpy().T)
    message = "The recommended model or the layout has changed: run `make sample-map`."
    assert np.median(apart) < MIDDLE, message
    assert np.quantile(apart, 0.95) < MOST, message


def test_factors_that_are_rounded_otherwise_have_it_too(recommended, sample):
    _, directions = shown_directions(recommended, sample.interactions)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(directions.shape)
    assert stored_map.find(directions + noise) is not None


@pytest.mark.parametrize("change", [{"seed": 1}, {"regularization": 0.44}, {"factors": 95}, {"epochs": 9}])
def test_another_training_has_none(sample, change):
    other = train(sample, replace(RECOMMENDED, settings=RECOMMENDED.settings | change))
    assert stored_map.find(shown_directions(other, sample.interactions)[1]) is None


def test_other_data_has_none(small_sample):
    _, directions = shown_directions(train(small_sample, RECOMMENDED), small_sample.interactions)
    assert stored_map.find(directions) is None


def test_what_is_stored_is_found_again(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((50, 8))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    places = rng.uniform(-1, 1, (50, 2))
    stored_map.store(directions, places, tmp_path / "map.npz")
    monkeypatch.setattr(stored_map, "FILE", tmp_path / "map.npz")
    np.testing.assert_allclose(stored_map.find(directions), places, atol=1e-4)
    assert stored_map.find(directions[::-1]) is None


def main() -> None:
    """Train the recommended model on the sample and store its layout."""
    dataset = load_sample()
    model = train(dataset, RECOMMENDED)
    table = ArtistMap(model, dataset.interactions, stored=False).finish_now()
    stored_map.store(shown_directions(model, dataset.interactions)[1], table[["x", "y"]].to_numpy())


if __name__ == "__main__":
    main()
