"""EASE against its formula, by either side, and what it does where it does not fit."""

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.models import make_model
from recsys.models.value_matrix import play_matrix
from recsys.storage.model_file import load_run, save_run


@pytest.fixture(params=[(30, 20), (20, 30)], ids=["more users", "more items"])
def uneven(request, checkerboard):
    """Return data with more users than items, or the other way round."""
    users, items = request.param
    kept = (checkerboard.user_codes < users) & (checkerboard.item_codes < items)
    return Interactions.from_frame(
        pd.DataFrame(
            {
                "user": checkerboard.user_codes[kept],
                "item": checkerboard.item_codes[kept],
                "value": checkerboard.values[kept],
            }
        )
    )


def weights(interactions, regularization, ridge_power, discount, activity_power):
    """B by the formula of the paper, in double precision."""
    values = play_matrix(interactions).toarray().astype(np.float64)
    counts = interactions.item_counts
    per_user, per_item = len(interactions) / interactions.n_users, len(interactions) / interactions.n_items
    ridge = regularization * (np.sqrt(per_user) + np.sqrt(per_item)) ** 2 * (counts / per_item) ** ridge_power
    kept = interactions.user_counts ** -float(activity_power)
    kept *= len(interactions) / (kept * interactions.user_counts).sum()
    inverse = np.linalg.inv(values.T @ (kept[:, None] * values) + np.diag(ridge))
    b = -inverse / np.diag(inverse)
    np.fill_diagonal(b, 0)
    return values, b * counts**-discount


@pytest.mark.parametrize(
    "chosen",
    [
        {"ridge_power": 0, "discount": 0, "activity_power": 0},
        {"ridge_power": 0.6, "discount": 0.2, "activity_power": 0},
        {"ridge_power": 0.3, "discount": 0.15, "activity_power": 0.5},
    ],
)
def test_scores_are_those_of_the_formula_by_either_side(chosen, uneven):
    values, b = weights(uneven, 0.7, **chosen)
    model = make_model("ease", regularization=0.7, **chosen).fit(uneven)
    assert model.inverse.shape == (20, 20)
    scores = model.scores(np.arange(uneven.n_users, dtype=np.int32))
    np.testing.assert_allclose(scores, values @ b, rtol=1e-4, atol=1e-5)
    span = uneven.of_user(3)
    known, plays = uneven.item_codes[span], uneven.values[span]
    np.testing.assert_allclose(model.fold_in_scores(known, plays), (values @ b)[3], rtol=1e-4, atol=1e-5)
    shares = model.contributions(known, plays, np.arange(uneven.n_items)).shares
    np.testing.assert_allclose(shares, (values[3, known, None] * b[known]).T, rtol=1e-4, atol=1e-5)


def test_in_parts_it_is_the_same_and_lets_others_in(uneven, monkeypatch):
    users = np.arange(uneven.n_users, dtype=np.int32)
    whole = make_model("ease").fit(uneven).scores(users)
    monkeypatch.setattr("recsys.models.ease.COLUMNS", 7)
    model = make_model("ease")
    done = list(model.train(uneven))
    assert len(done) > 3
    assert done == sorted(done)
    assert [part for part in done if part >= 1] == [1.0]
    np.testing.assert_allclose(model.scores(users), whole, rtol=1e-5, atol=1e-6)


def test_too_large_a_system_is_refused_before_it_begins(uneven, monkeypatch):
    monkeypatch.setattr("recsys.models.ease.available", lambda: 1000)
    with pytest.raises(InputError, match=r"20 equations .* GB are left\. Train 'slim' instead"):
        next(make_model("ease").train(uneven))
    monkeypatch.setattr("recsys.models.ease.available", lambda: 1_000_000)
    make_model("ease").fit(uneven)


def test_equations_without_a_solution_say_what_to_change(checkerboard):
    unknown = checkerboard.item_codes == 39
    with pytest.raises(InputError, match="Raise lambda"):
        make_model("ease", regularization=0).fit(checkerboard.subset(~unknown))


def test_a_saved_run_gives_the_same_scores(uneven, tmp_path):
    dataset = Dataset(key="uneven", title="Uneven", origin="", licence="", interactions=uneven)
    split = hold_out(uneven, 4, 1)
    model = make_model("ease").fit(split.train)
    save_run(tmp_path / "run", dataset, split, model, [])
    again = load_run(tmp_path / "run", dataset).model
    users = np.arange(uneven.n_users, dtype=np.int32)
    assert again.scores(users).tobytes() == model.scores(users).tobytes()


def test_slim_on_all_neighbours_is_ease(checkerboard):
    users = np.arange(checkerboard.n_users, dtype=np.int32)
    # items that share no user weigh nothing for each other in either
    expected = make_model("ease").fit(checkerboard).scores(users)
    np.testing.assert_allclose(
        make_model("slim").fit(checkerboard).scores(users), expected, rtol=1e-3, atol=1e-4
    )


def test_slim_solves_for_each_item_on_its_nearest_neighbours(checkerboard, monkeypatch):
    model = make_model("slim", neighbours=6, discount=0).fit(checkerboard)
    values = play_matrix(checkerboard).toarray().astype(np.float64)
    ridge = make_model("ease", discount=0).fit(checkerboard).ridge
    for item in (0, 11):
        own = np.flatnonzero(model.item_similarity[:, [item]].toarray().ravel())
        assert len(own) == 6
        # twelve products of each item are kept, so that nearly all among six are known
        matrix = values[:, own].T @ values[:, own] + np.diag(ridge[own])
        exact = np.linalg.solve(matrix, values[:, own].T @ values[:, item])
        found = model.item_similarity[own][:, [item]].toarray().ravel()
        assert np.corrcoef(exact, found)[0, 1] > 0.9
    monkeypatch.setattr("recsys.models.slim.ITEMS_PER_STEP", 7)
    monkeypatch.setattr("recsys.models.nearest_neighbors.PRODUCTS_PER_STEP", 1000)
    again = make_model("slim", neighbours=6, discount=0)
    done = list(again.train(checkerboard))
    assert len(done) > 8
    assert done == sorted(done)
    np.testing.assert_allclose(again.item_similarity.toarray(), model.item_similarity.toarray(), rtol=1e-5)
