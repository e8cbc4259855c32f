"""Listeners who were not in the data, and what a score is made of."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import evaluate
from recsys.experiments.training import Stopping, TrainingRun
from recsys.models import MODELS, make_model

FOLDS_IN = [name for name, model in MODELS.items() if model.supports_fold_in]
who_folds_in = pytest.mark.parametrize("name", FOLDS_IN)


@pytest.fixture(scope="module")
def trained(checkerboard):
    return {name: make_model(name).fit(checkerboard) for name in FOLDS_IN}


def own(interactions, user):
    span = interactions.of_user(user)
    return interactions.item_codes[span], interactions.values[span]


@who_folds_in
def test_a_listener_of_the_data_gets_the_same_scores_as_a_new_one_who_plays_the_same(
    name, trained, checkerboard
):
    for user in (0, 7, 39):
        known = trained[name].scores(np.array([user], np.int32))[0]
        np.testing.assert_allclose(
            trained[name].fold_in_scores(*own(checkerboard, user)), known, rtol=2e-3, atol=2e-4
        )


@who_folds_in
@given(data=st.data())
def test_contributions_add_up_to_the_score(name, data, trained):
    items = data.draw(st.lists(st.integers(0, 39), min_size=1, max_size=12, unique=True))
    values = data.draw(
        st.lists(st.one_of(st.just(0.0), st.floats(1, 1e5)), min_size=len(items), max_size=len(items)).filter(
            any
        )
    )
    wanted = np.arange(40, dtype=np.int32)
    parts = trained[name].contributions(items, values, wanted)
    assert parts.shares.shape == (40, len(items))
    np.testing.assert_allclose(
        parts.scores, trained[name].fold_in_scores(items, values), rtol=1e-3, atol=1e-4
    )


@who_folds_in
def test_the_order_of_what_is_known_does_not_matter(name, trained):
    forth = trained[name].fold_in_scores([4, 8, 20], [10, 200, 3])
    back = trained[name].fold_in_scores([20, 8, 4], [3, 200, 10])
    np.testing.assert_allclose(forth, back, rtol=1e-4, atol=1e-5)


@who_folds_in
def test_without_plays_all_count_alike(name, trained):
    assert (
        trained[name].fold_in_scores([4, 8]).tobytes()
        == trained[name].fold_in_scores([4, 8], [1, 1]).tobytes()
    )


def test_a_few_artists_of_one_taste_bring_more_of_it(trained):
    scores = trained["implicit"].fold_in_scores([1, 5, 9])
    new = np.setdiff1d(np.arange(40), [1, 5, 9])
    assert (new[np.argsort(-scores[new])][:10] % 2 == 1).all()


def test_who_turns_an_artist_down_gets_less_of_its_kind_and_sees_why(trained):
    model = trained["implicit"]
    liked, disliked = [1, 5, 9], 11
    before, after = model.fold_in_scores(liked), model.fold_in_scores([*liked, disliked], [1, 1, 1, 0])
    assert abs(after[disliked]) < 0.7 * abs(before[disliked])
    assert after[[13, 17, 21]].mean() < before[[13, 17, 21]].mean()
    shares = model.contributions([*liked, disliked], [1, 1, 1, 0], [13]).shares[0]
    assert shares[3] < 0 < shares[:3].min()


@who_folds_in
@pytest.mark.parametrize(
    ("items", "values", "sentence"),
    [
        ([], None, "Name at least one"),
        ([1, 2], [0, 0], "Name at least one"),
        ([1, 1], None, "named only once"),
        ([1, 2], [1], "needs one number"),
        ([1, 2], [1, -1], "0 or more"),
        ([1, 2], [1, float("nan")], "0 or more"),
        ([1, 40], None, "from 0 to 39"),
        ([-1], None, "from 0 to 39"),
    ],
)
def test_what_is_said_of_a_new_listener_is_checked(name, items, values, sentence, trained):
    with pytest.raises(InputError, match=sentence):
        trained[name].fold_in_scores(items, values)
    with pytest.raises(InputError, match=sentence):
        trained[name].contributions(items, values, [3])


def test_artists_that_nobody_plays_say_nothing(checkerboard):
    unplayed = checkerboard.item_codes == 0
    model = make_model("implicit", factors=4, epochs=2).fit(checkerboard.subset(~unplayed))
    with pytest.raises(InputError, match="Add one that is known"):
        model.fold_in_scores([0])


@pytest.mark.parametrize("name", sorted(MODELS.keys() - set(FOLDS_IN)))
def test_a_model_that_cannot_take_in_listeners_says_so(name, checkerboard):
    model = make_model(name).fit(checkerboard)
    with pytest.raises(InputError, match="knows only those it was trained on"):
        model.fold_in_scores([1])


@pytest.mark.parametrize("watch", ["rmse", "ndcg"])
def test_a_training_that_ends_early_is_settled_and_measured_as_it_is(watch, checkerboard_split):
    model = make_model("implicit", factors=4, epochs=60)
    run = TrainingRun(model, checkerboard_split, Stopping(watch, patience=3))
    list(run)
    assert run.kept.epoch < 60
    assert run.kept in run.history
    assert run.kept.train_rmse == pytest.approx(model.rmse(run.split.train), rel=1e-6)
    assert run.kept.validation_rmse == pytest.approx(model.rmse(run.split.validation), rel=1e-6)
    assert run.kept.ndcg is None or run.kept.ndcg == pytest.approx(evaluate(model, run.split)["ndcg@10"])
    as_new = model.fold_in_scores(*own(run.split.train, 3))
    np.testing.assert_allclose(as_new, model.scores(np.array([3], np.int32))[0], rtol=2e-3, atol=2e-4)


def test_a_training_that_is_left_is_settled(checkerboard_split):
    run = TrainingRun(make_model("implicit", factors=4, epochs=60), checkerboard_split)
    for _ in range(5):
        next(run)
    run.finish()
    assert [epoch.epoch for epoch in run.history] == [1, 2, 3, 4, 5]
    assert run.history[-1].validation_rmse == pytest.approx(run.model.rmse(run.split.validation), rel=1e-6)
    everyone = np.arange(checkerboard_split.train.n_users, dtype=np.int32)
    before = run.model.scores(everyone)
    assert run.model.finalize(run.split.train)
    np.testing.assert_allclose(run.model.scores(everyone), before, atol=1e-5)


def test_solving_in_blocks_is_the_same_and_lets_others_in(checkerboard, monkeypatch):
    whole = make_model("implicit", factors=4, epochs=2).fit(checkerboard)
    monkeypatch.setattr("recsys.models.implicit_mf.USERS_PER_SOLVE", 7)
    model = make_model("implicit", factors=4, epochs=2)
    done = list(model.train(checkerboard))
    assert [progress for progress in done if progress.is_integer()] == [1.0, 2.0]
    assert done.count(np.nextafter(2.0, 0)) == 5
    assert model.user_factors.tobytes() == whole.user_factors.tobytes()


def test_a_copy_learns_on_its_own(checkerboard):
    model = make_model("implicit", factors=4, epochs=2).fit(checkerboard)
    before = model.fold_in_scores([1, 5])
    other = model.copy()
    other.item_factors *= 2
    assert model.fold_in_scores([1, 5]).tobytes() == before.tobytes()


def test_a_new_listener_waits_less_than_50_milliseconds(lastfm_folder):
    from recsys.data.sources.load import load

    split = hold_out(load(str(lastfm_folder)).interactions)
    model = make_model("implicit", epochs=1).fit(split.train)
    model.fold_in_scores([1, 2, 3, 4, 5])
    seconds = []
    for first in range(0, 50, 5):
        started = time.perf_counter()
        model.fold_in_scores(np.arange(first, first + 5))
        seconds.append(time.perf_counter() - started)
    assert np.median(seconds) < 0.05
