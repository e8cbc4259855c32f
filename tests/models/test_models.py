"""The contract of all models, and the specifics of each."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import evaluate
from recsys.experiments.training import TrainingRun
from recsys.models import MODELS, implicit_package, make_model
from recsys.models.asymmetric_svd import AsymmetricSVD
from recsys.models.base import Model
from recsys.models.matrix_factorization import MatrixFactorization
from recsys.models.nearest_neighbors import nearest
from recsys.models.plain_mf import PlainMF
from recsys.models.value_matrix import play_matrix
from recsys.settings import ROWS, Choice, Text

every_model = pytest.mark.parametrize("name", MODELS)
sgd = pytest.mark.parametrize(
    "name", [name for name, model in MODELS.items() if "learning_rate" in model.defaults]
)
ranking = [name for name, model in MODELS.items() if not model.predicts_ratings]
SMALL = {"factors": 8, "neighbours": 5}


def small(name, **settings):
    """Return a model that suits the checkerboard; settings that it does not have are left out."""
    wanted = SMALL | settings
    return make_model(name, **{key: value for key, value in wanted.items() if key in MODELS[name].defaults})


def learned(model):
    values = [getattr(model, name) for name in model.learned]
    return [(value.toarray() if sparse.issparse(value) else np.asarray(value)).tobytes() for value in values]


@every_model
def test_same_seed_same_bytes(name, checkerboard):
    assert learned(small(name, seed=3).fit(checkerboard)) == learned(small(name, seed=3).fit(checkerboard))


@pytest.mark.parametrize(
    ("name", "setting"), [(name, setting) for name, model in MODELS.items() for setting in model.defaults]
)
def test_every_setting_changes_the_result(name, setting, checkerboard):
    model = small(name)
    default, row = model.settings[setting], ROWS[setting]
    if isinstance(row, Choice):
        others = [word for word in row.options if word != default]
    elif isinstance(row, Text):
        others = ["ease,item-knn", f"{default}*0.5", "implicit:factors=4,ease"]
    else:
        others = [default + 1 if row.whole else (default * 2 or row.maximum / 10)]
    dated = replace(checkerboard, ages=np.arange(len(checkerboard), dtype=np.float32))
    results = [learned(small(name, **{setting: other}).fit(dated)) for other in others]
    assert learned(model.fit(dated)) not in results


@every_model
def test_training_tells_how_far_it_is_and_the_model_works_at_once(name, checkerboard):
    model = small(name, epochs=3)
    done = []
    for progress in model.train(checkerboard):
        if name == "blend" and progress < 1:
            continue  # its parts have epochs
        done.append(progress)
        assert np.isfinite(model.scores(np.arange(40, dtype=np.int32))).all()
        if model.predicts_ratings:
            assert np.isfinite(model.rmse(checkerboard))
    assert done == ([1.0, 2.0, 3.0] if "epochs" in model.defaults else [1.0])
    assert len(done) == model.epochs


@every_model
def test_recommendations_are_unseen_sorted_and_as_many_as_asked(name, checkerboard):
    model = small(name, epochs=2).fit(checkerboard)
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
    model = small(name, epochs=2).fit(split.train)
    hidden = split.validation
    if not model.predicts_ratings:
        assert model.rmse(hidden) is None
        assert model.references(split.train, hidden) == {}
        return
    scores = model.scores(np.arange(hidden.n_users, dtype=np.int32))
    errors = model.targets(hidden) - scores[hidden.user_codes, hidden.item_codes]
    assert model.rmse(hidden) == pytest.approx(float(np.sqrt(np.square(errors).mean())), rel=1e-4)


@every_model
def test_training_leaves_the_data_alone(name, checkerboard):
    before = checkerboard.fingerprint
    small(name, epochs=2).fit(checkerboard)
    del checkerboard.__dict__["fingerprint"]
    assert checkerboard.fingerprint == before


@pytest.mark.parametrize("name", ["article", "funk", "biased"])
def test_a_learning_rate_that_is_too_high_is_explained(name, checkerboard):
    with pytest.raises(InputError, match=r"diverged in epoch \d+\. Lower the learning rate: try"):
        make_model(name, learning_rate=10, regularization=0, epochs=100).fit(checkerboard)


@sgd
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
    monkeypatch.setattr("recsys.models.matrix_factorization.PAIRS_PER_STEP", 100)
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
    np.testing.assert_allclose(PlainMF().targets(checkerboard), expected, rtol=1e-6)
    assert PlainMF().targets(split.train).max() <= 1


def test_the_article_starts_where_the_article_does(checkerboard):
    model = PlainMF(learning_rate=0.00001, epochs=1).fit(checkerboard)
    start = model.user_factors
    assert start.min() >= 0
    assert start.max() <= 3
    assert 1.2 < start.mean() < 1.8


@pytest.mark.parametrize("name", [name for name in ranking if name != "popular"])
def test_two_tastes_are_told_apart(name, checkerboard_split):
    model = small(name, neighbours=20).fit(checkerboard_split.train)
    users = np.arange(40, dtype=np.int32)
    items, _ = model.recommend(checkerboard_split.train, users, 3)
    assert (items % 2 == users[:, None] % 2).all()


@pytest.mark.parametrize("name", ranking)
def test_an_artist_without_listeners_in_training_is_recommended_to_nobody(name, checkerboard):
    split = hold_out(checkerboard, 10, 3)
    keep = split.train.item_codes != 0
    model = small(name).fit(split.train.subset(keep))
    assert not model.scores(np.arange(40, dtype=np.int32))[:, 0].any()


@every_model
def test_a_listener_without_plays_in_training_gets_a_list(name, checkerboard):
    train = checkerboard.subset(checkerboard.user_codes != 7)
    items, scores = small(name).fit(train).recommend(train, np.array([7], np.int32), 5)
    assert len(set(items[0].tolist())) == 5
    assert np.isfinite(scores).all()


@every_model
def test_more_factors_and_neighbours_than_there_are_listeners_do_no_harm(name):
    frame = pd.DataFrame({"user": [0, 0, 1, 1], "item": [0, 1, 1, 2], "value": [3, 1, 2, 9]})
    tiny = Interactions.from_frame(frame)
    model = small(name, factors=16, neighbours=50, epochs=2).fit(tiny)
    items, scores = model.recommend(tiny, np.arange(2, dtype=np.int32), 2)
    assert items.tolist() == [[2, -1], [0, -1]]
    assert np.isfinite(scores[:, 0]).all()


def test_als_is_what_the_package_makes_of_it(checkerboard):
    from implicit.cpu.als import AlternatingLeastSquares

    model = make_model("als", factors=8, alpha=5, regularization=2, epochs=7, seed=4).fit(checkerboard)
    alone = AlternatingLeastSquares(8, 2.0, 5.0, iterations=7, num_threads=1, random_state=4)
    plays = sparse.csr_matrix(play_matrix(checkerboard))
    alone.fit(plays, show_progress=False)
    np.testing.assert_array_equal(model.user_factors, alone.recalculate_user(np.arange(40), plays))
    np.testing.assert_array_equal(model.item_factors, alone.item_factors)


def test_als_that_breaks_down_says_what_to_change(checkerboard, monkeypatch):
    from implicit.cpu.als import AlternatingLeastSquares

    monkeypatch.setattr(
        AlternatingLeastSquares, "solver", lambda _, __, factors, *___, **____: factors.fill(np.nan)
    )
    with pytest.raises(InputError, match=r"broke down in epoch 1.*Raise lambda"):
        make_model("als", factors=8).fit(checkerboard)


def test_an_unscaled_svd_is_the_best_approximation(checkerboard):
    plays = play_matrix(checkerboard, "raw").toarray()
    u, s, vt = np.linalg.svd(plays)
    model = make_model("svd", factors=5, scaling=1, plays="raw").fit(checkerboard)
    scores = model.scores(np.arange(40, dtype=np.int32))
    np.testing.assert_allclose(scores, (u[:, :5] * s[:5]) @ vt[:5], atol=1e-3)


def test_scaling_weighs_items_by_their_length(checkerboard):
    plays = play_matrix(checkerboard).toarray()
    lengths = np.linalg.norm(plays, axis=0)
    vt = np.linalg.svd(plays * lengths ** (0.3 - 1))[2][:5]
    model = make_model("svd", factors=5, scaling=0.3).fit(checkerboard)
    np.testing.assert_allclose(
        model.scores(np.arange(40, dtype=np.int32)), plays @ vt.T @ vt, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("products_per_step", [10, 10_000_000])
@pytest.mark.parametrize(("neighbours", "shrinkage", "power"), [(3, 0, 1), (5, 2.5, 1.5), (100, 5, 1)])
def test_neighbours_are_the_most_similar(neighbours, shrinkage, power, products_per_step, monkeypatch):
    monkeypatch.setattr("recsys.models.nearest_neighbors.PRODUCTS_PER_STEP", products_per_step)
    rows = np.random.default_rng(5).random((30, 20)) * (np.random.default_rng(6).random((30, 20)) < 0.3)
    expected = np.zeros((30, 30))
    for a in range(30):
        for b in range(30):
            if a != b:
                lengths = np.linalg.norm(rows[a]) * np.linalg.norm(rows[b])
                expected[a, b] = (rows[a] @ rows[b] / (lengths + shrinkage)) ** power
        expected[a, np.argsort(-expected[a])[neighbours:]] = 0
    steps = nearest(sparse.csr_array(rows.astype(np.float32)), neighbours, shrinkage, power)
    parts = []
    try:
        while True:
            parts.append(next(steps))
    except StopIteration as end:
        found = end.value
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-4)
    assert parts == sorted(parts)
    assert all(0 < part < 1 for part in parts)
    assert len(parts) == (29 if products_per_step == 10 else 0)


def test_play_counts_are_relative_to_the_listener(checkerboard):
    means = play_matrix(checkerboard).sum(axis=1) / checkerboard.user_counts
    np.testing.assert_allclose(means, 1, rtol=1e-5)
    assert set(play_matrix(checkerboard, "binary").data) == {1}
    np.testing.assert_array_equal(play_matrix(checkerboard, "raw").data, checkerboard.values)


def test_leaving_ones_own_item_out_matters(checkerboard):
    model = AsymmetricSVD(epochs=20, regularization=0, learning_rate=0.3).fit(checkerboard)
    own_left_out = model.rmse(checkerboard)
    own_left_in = MatrixFactorization.rmse(model, checkerboard)
    assert own_left_out != pytest.approx(own_left_in, rel=1e-3)


@pytest.fixture(scope="module")
def lastfm_splits(lastfm_folder):
    interactions = load(str(lastfm_folder)).interactions
    return [hold_out(interactions, seed=seed) for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def lastfm_split(lastfm_folder):
    return hold_out(load(str(lastfm_folder)).interactions)


def test_log_plays_are_predicted_better_than_by_biases_alone(lastfm_split):
    run = TrainingRun(AsymmetricSVD(), lastfm_split)
    *_, last = run
    assert run.references["Predicting the mean"] == pytest.approx(1.474, abs=0.02)
    assert run.references["Biases alone"] == pytest.approx(0.795, abs=0.01)
    assert last.validation_rmse < 0.785


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("popular", {}, 0.112),
        ("item-knn", {"weighting": "cosine", "neighbours": 200, "shrinkage": 5, "plays": "log"}, 0.298),
        ("item-knn", {"weighting": "bm25", "neighbours": 500, "shrinkage": 0, "plays": "binary"}, 0.281),
        ("user-knn", {"weighting": "cosine", "neighbours": 100, "power": 1, "plays": "binary"}, 0.261),
        ("user-knn", {"weighting": "tfidf", "neighbours": 50, "power": 1.5, "plays": "binary"}, 0.283),
        ("user-knn", {"weighting": "tfidf", "neighbours": 50, "power": 1.5, "plays": "log"}, 0.290),
        ("svd", {"factors": 10, "scaling": 1, "plays": "raw"}, 0.116),
        ("svd", {"factors": 10, "scaling": 1, "plays": "binary"}, 0.254),
        ("svd", {"factors": 60, "scaling": 0.55}, 0.319),
        ("als", {"factors": 128, "alpha": 20, "regularization": 80}, 0.329),
        ("implicit", {}, 0.345),
    ],
)
def test_lists_are_as_good_as_is_known_of_the_method(name, settings, expected, lastfm_splits):
    """The figures of the same methods with the same settings elsewhere, each a mean over hold-outs."""
    measured = [
        evaluate(make_model(name, **settings).fit(split.train), split)["ndcg@10"] for split in lastfm_splits
    ]
    assert np.mean(measured) == pytest.approx(expected, abs=0.005)


def test_als_on_the_published_data_is_what_the_package_makes_of_it(lastfm_split):
    from implicit.cpu.als import AlternatingLeastSquares

    model = make_model("als", factors=16, epochs=3, seed=4).fit(lastfm_split.train)
    alone = AlternatingLeastSquares(16, 80.0, 20.0, iterations=3, num_threads=1, random_state=4)
    plays = sparse.csr_matrix(play_matrix(lastfm_split.train))
    alone.fit(plays, show_progress=False)
    np.testing.assert_array_equal(model.item_factors, alone.item_factors)
    np.testing.assert_array_equal(
        model.user_factors, alone.recalculate_user(np.arange(plays.shape[0]), plays)
    )
    users = np.arange(50, dtype=np.int32)
    items, scores = model.recommend(lastfm_split.train, users, 10)
    theirs, their_scores = alone.recommend(users, plays[users], 10, recalculate_user=True)
    np.testing.assert_array_equal(items, theirs)
    np.testing.assert_allclose(scores, their_scores, rtol=1e-4)


def test_the_article_recommends_no_better_than_chance(lastfm_split):
    assert evaluate(PlainMF().fit(lastfm_split.train), lastfm_split)["ndcg@10"] < 0.002


def test_a_rock_listener_is_recommended_heavy_rock(lastfm_split):
    model = make_model("implicit").fit(lastfm_split.train)
    items, _ = model.recommend(lastfm_split.train, np.array([lastfm_split.train.user_code(1236)]), 10)
    heavy = {"Metallica", "Slipknot", "In Flames", "Korn", "System of a Down", "Deftones", "Papa Roach"}
    assert len(heavy & set(lastfm_split.train.names[items[0]])) >= 4


@every_model
@pytest.mark.parametrize("factors", [3, 40])
def test_lists_are_those_of_the_scores(name, factors, checkerboard):
    """A shortcut for few factors finds what the scores of all items give."""
    model = small(name, epochs=3, factors=factors).fit(checkerboard)
    users = np.arange(checkerboard.n_users, dtype=np.int32)
    items, scores = model.recommend(checkerboard, users, 7, 5)
    expected, given = Model.recommend(model, checkerboard, users, 7, 5)
    assert items.tolist() == expected.tolist()
    np.testing.assert_allclose(scores, given, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "settings"), [("als", {}), ("item-knn", {"weighting": "tfidf"})])
def test_a_model_whose_package_cannot_be_loaded_says_what_to_install(
    name, settings, checkerboard, monkeypatch
):
    def fail(module):
        raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(implicit_package, "import_module", fail)
    with pytest.raises(InputError, match=r"needs the package implicit.*libgomp\.so\.1.*apt install libgomp1"):
        make_model(name, **settings).fit(checkerboard)
