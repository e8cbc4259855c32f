"""What every model promises, and what is special about each."""

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.metrics import evaluate
from recsys.models import MODELS, make_model
from recsys.models.article import Article
from recsys.models.biased import Biased
from recsys.splitting import hold_out

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
        assert scores[user] == pytest.approx(model.scores(users[user : user + 1])[0, items[user]])


@every_model
def test_scores_agree_with_the_error(name, checkerboard):
    model = make_model(name, epochs=2).fit(checkerboard)
    scores = model.scores(np.arange(checkerboard.n_users, dtype=np.int32))
    errors = model.targets(checkerboard) - scores[checkerboard.user_codes, checkerboard.item_codes]
    assert model.rmse(checkerboard) == pytest.approx(float(np.sqrt(np.square(errors).mean())), rel=1e-4)


@every_model
def test_training_leaves_the_data_alone(name, checkerboard):
    before = checkerboard.fingerprint
    make_model(name, epochs=2).fit(checkerboard)
    del checkerboard.__dict__["fingerprint"]
    assert checkerboard.fingerprint == before


@every_model
def test_a_learning_rate_that_is_too_high_is_explained(name, checkerboard):
    with pytest.raises(InputError, match=r"diverged in epoch \d+\. Lower the learning rate: try"):
        make_model(name, learning_rate=10, regularization=0, epochs=100).fit(checkerboard)


@every_model
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


def test_biases_beat_the_mean_of_log_plays_on_hidden_pairs(lastfm_folder):
    from recsys.datasets import load
    from recsys.training import TrainingRun

    run = TrainingRun(Biased(), hold_out(load(str(lastfm_folder)).interactions))
    *_, last = run
    assert run.mean_rmse == pytest.approx(1.474, abs=0.02)
    assert last.validation_rmse < 0.83


def test_the_article_recommends_no_better_than_chance(lastfm_folder):
    from recsys.datasets import load

    split = hold_out(load(str(lastfm_folder)).interactions)
    assert evaluate(Article().fit(split.train), split)["ndcg@10"] < 0.002
