"""What every model promises, and what is special about each."""

import numpy as np
import pytest

from recsys.datasets import load
from recsys.errors import InputError
from recsys.metrics import evaluate
from recsys.models import MODELS, make_model
from recsys.models.article import Article
from recsys.models.base import Model
from recsys.models.biased import Biased
from recsys.models.factorization import Factorization
from recsys.splitting import hold_out
from recsys.training import TrainingRun

every_model = pytest.mark.parametrize("name", MODELS)


def learned(model):
    return [np.asarray(getattr(model, name)).tobytes() for name in model.learned]


@every_model
def test_same_seed_same_bytes(name, checkerboard):
    assert learned(make_model(name, seed=3).fit(checkerboard)) == learned(
        make_model(name, seed=3).fit(checkerboard)
    )


@pytest.mark.parametrize(
    ("name", "setting"), [(name, setting) for name, model in MODELS.items() for setting in model.defaults]
)
def test_every_setting_changes_the_result(name, setting, checkerboard):
    default = MODELS[name].defaults[setting]
    other = make_model(name, **{setting: default + 1 if isinstance(default, int) else default * 2})
    assert learned(other.fit(checkerboard)) != learned(make_model(name).fit(checkerboard))


@every_model
def test_training_tells_how_far_it_is_and_the_model_works_at_once(name, checkerboard):
    model = make_model(name, epochs=3)
    done = []
    for progress in model.train(checkerboard):
        done.append(progress)
        assert np.isfinite(model.rmse(checkerboard))
    assert done == [1.0, 2.0, 3.0]


@every_model
def test_recommendations_are_unseen_sorted_and_as_many_as_asked(name, checkerboard):
    model = make_model(name, epochs=2).fit(checkerboard)
    users = np.arange(checkerboard.n_users, dtype=np.int32)
    items, scores = model.recommend(checkerboard, users, 5)
    assert items.shape == scores.shape == (len(users), 5)
    assert (np.diff(scores, axis=1) <= 0).all()
    for user in users:
        known = checkerboard.item_codes[checkerboard.of_user(user)]
        assert not np.isin(items[user], known).any()
        assert len(set(items[user].tolist())) == 5
        assert scores[user] == pytest.approx(model.scores(users[user : user + 1])[0, items[user]], rel=1e-3)


@every_model
def test_scores_agree_with_the_error(name, checkerboard):
    split = hold_out(checkerboard, 10, 3)
    model = make_model(name, epochs=2).fit(split.train)
    hidden = split.validation
    scores = model.scores(np.arange(hidden.n_users, dtype=np.int32))
    errors = model.targets(hidden) - scores[hidden.user_codes, hidden.item_codes]
    assert model.rmse(hidden) == pytest.approx(float(np.sqrt(np.square(errors).mean())), rel=1e-4)


@every_model
def test_training_leaves_the_data_alone(name, checkerboard):
    before = checkerboard.fingerprint
    make_model(name, epochs=2).fit(checkerboard)
    del checkerboard.__dict__["fingerprint"]
    assert checkerboard.fingerprint == before


@pytest.mark.parametrize("name", ["article", "funk", "biased"])
def test_a_learning_rate_that_is_too_high_is_explained(name, checkerboard):
    with pytest.raises(InputError, match=r"diverged in epoch \d+\. Lower the learning rate: try"):
        make_model(name, learning_rate=10, regularization=0, epochs=100).fit(checkerboard)


@every_model
def test_whatever_the_settings_training_ends_or_says_what_to_lower(name, checkerboard):
    for learning_rate in (0.00001, 0.03, 1, 10):
        for regularization in (0, 0.1, 100):
            model = make_model(name, learning_rate=learning_rate, regularization=regularization, epochs=5)
            try:
                model.fit(checkerboard)
            except InputError as error:
                assert "Lower the learning rate" in str(error)  # noqa: PT017
            else:
                assert np.isfinite(model.scores(np.arange(40, dtype=np.int32))).all()


@pytest.mark.parametrize("name", ["article", "funk", "biased"])
def test_a_long_pass_is_cut_into_steps_with_the_same_result(name, checkerboard, monkeypatch):
    whole = make_model(name, epochs=2).fit(checkerboard)
    monkeypatch.setattr("recsys.models.factorization.PAIRS_PER_STEP", 100)
    model = make_model(name, epochs=2)
    done = list(model.train(checkerboard))
    assert len(done) > 10
    assert done == sorted(done)
    assert [progress for progress in done if float(progress).is_integer()] == [1.0, 2.0]
    assert learned(model) == learned(whole)


def test_an_unknown_model_or_setting_is_explained():
    with pytest.raises(InputError, match="There is no model 'magic'"):
        make_model("magic")
    with pytest.raises(InputError, match="no setting 'depth'"):
        make_model("article", depth=3)
    with pytest.raises(InputError, match="Epochs must be"):
        make_model("article", epochs=0)


def test_the_article_scales_plays_by_the_whole_range(checkerboard):
    split = hold_out(checkerboard, 10, 3)
    low, high = checkerboard.value_range
    expected = (checkerboard.values - low) / (high - low)
    np.testing.assert_allclose(Article().targets(checkerboard), expected, rtol=1e-6)
    assert Article().targets(split.train).max() <= 1


def test_the_article_starts_where_the_article_does(checkerboard):
    model = Article(learning_rate=0.00001, epochs=1).fit(checkerboard)
    start = model.user_factors
    assert start.min() >= 0
    assert start.max() <= 3
    assert 1.2 < start.mean() < 1.8


def test_two_tastes_are_told_apart(checkerboard_split):
    model = make_model("implicit", factors=8).fit(checkerboard_split.train)
    users = np.arange(40, dtype=np.int32)
    items, _ = model.recommend(checkerboard_split.train, users, 3)
    assert (items % 2 == users[:, None] % 2).all()


def test_an_artist_without_listeners_in_training_is_recommended_to_nobody(checkerboard):
    split = hold_out(checkerboard, 10, 3)
    keep = split.train.item_codes != 0
    model = make_model("implicit", factors=8).fit(split.train.subset(keep))
    assert not model.item_factors[0].any()
    assert not model.scores(np.arange(40, dtype=np.int32))[:, 0].any()


def test_leaving_ones_own_item_out_matters(checkerboard):
    model = Biased(epochs=20, regularization=0, learning_rate=0.3).fit(checkerboard)
    own_left_out = model.rmse(checkerboard)
    own_left_in = Factorization.rmse(model, checkerboard)
    assert own_left_out != pytest.approx(own_left_in, rel=1e-3)


@pytest.fixture(scope="module")
def lastfm_split(lastfm_folder):
    return hold_out(load(str(lastfm_folder)).interactions)


def test_log_plays_are_predicted_better_than_by_biases_alone(lastfm_split):
    run = TrainingRun(Biased(), lastfm_split)
    *_, last = run
    assert run.references["Predicting the mean"] == pytest.approx(1.474, abs=0.02)
    assert run.references["Biases alone"] == pytest.approx(0.795, abs=0.01)
    assert last.validation_rmse < 0.785


def test_implicit_sgd_recommends_well(lastfm_split):
    assert evaluate(make_model("implicit").fit(lastfm_split.train), lastfm_split)["ndcg@10"] > 0.335


def test_the_article_recommends_no_better_than_chance(lastfm_split):
    assert evaluate(Article().fit(lastfm_split.train), lastfm_split)["ndcg@10"] < 0.002


def test_a_rock_listener_is_recommended_heavy_rock(lastfm_split):
    model = make_model("implicit").fit(lastfm_split.train)
    items, _ = model.recommend(lastfm_split.train, np.array([lastfm_split.train.user_code(1236)]), 10)
    heavy = {"Metallica", "Slipknot", "In Flames", "Korn", "System of a Down", "Deftones", "Papa Roach"}
    assert len(heavy & set(lastfm_split.train.names[items[0]])) >= 4


@every_model
@pytest.mark.parametrize("factors", [3, 40])
def test_lists_are_those_of_the_scores(name, factors, checkerboard):
    """A shortcut for few factors finds what the scores of all items give."""
    model = make_model(name, epochs=3, factors=factors).fit(checkerboard)
    users = np.arange(checkerboard.n_users, dtype=np.int32)
    items, scores = model.recommend(checkerboard, users, 7, 5)
    expected, given = Model.recommend(model, checkerboard, users, 7, 5)
    assert items.tolist() == expected.tolist()
    np.testing.assert_allclose(scores, given, rtol=1e-4, atol=1e-5)
