"""The half-life of taste: weights by hand, what is known at a date, and what it does on data with times."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.data.ways import from_month, new_users
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.experiments.setup import Setup
from recsys.models import MODELS, make_model
from recsys.models.value_matrix import play_matrix, recency_weights
from recsys.recommendation.explanation import breakdown_of
from recsys.storage.model_file import load_run, save_run
from tests.data.test_ways import PLAYS

RECENT = [name for name, model in MODELS.items() if "half_life" in model.defaults]


@pytest.fixture(scope="module")
def sample():
    return load("sample")


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "plays.csv"
    path.write_text(PLAYS)
    return load(str(path))


def test_weights_by_hand():
    pairs = Interactions.from_frame(
        pd.DataFrame({"user": [1, 1, 1, 2, 2, 3], "item": list("abcabc"), "value": 1})
    )
    dated = replace(pairs, ages=np.array([5, 8, np.nan, 30, 24, np.nan], np.float32))
    # from each user's newest, which is 5 and 24 months old; without a time, as the oldest
    assert recency_weights(dated, 3).tolist() == [1, 0.5, 0.5, 0.25, 1, 1]
    assert recency_weights(pairs, 0).tolist() == [1] * 6
    assert play_matrix(dated, "raw", 3).data.tolist() == [1, 0.5, 0.5, 0.25, 1, 1]
    kept = dated.values < 2
    assert dated.subset(kept & (dated.user_codes == 0)).union(
        dated.subset(dated.user_codes > 0)
    ).ages == pytest.approx(dated.ages, nan_ok=True)
    assert dated.with_plays(0, np.array([0]), np.array([7])).ages[0] == 0


def test_ages_at_a_month_know_nothing_of_later(export):
    train = from_month(export, "2010-03").train
    low = train.item_named("Low")
    ann = train.of_user(train.user_code("ann"))
    mine = dict(zip(train.item_codes[ann].tolist(), train.ages[ann].tolist(), strict=True))
    # She came back to it in March, which is not known; last before in January.
    assert mine[low] == 2
    assert mine[train.item_named("Can")] == 1


@pytest.mark.parametrize("name", RECENT)
def test_without_times_a_half_life_is_refused(name, checkerboard):
    with pytest.raises(InputError, match="has no times"):
        make_model(name, half_life=6).fit(checkerboard)
    make_model(name).fit(checkerboard)


@pytest.mark.parametrize("name", [name for name in RECENT if MODELS[name].supports_fold_in])
def test_explanations_add_up_to_the_score_with_a_half_life_too(name, sample):
    known = sample.interactions
    train = known.subset(known.user_codes < 300)
    settings = {"neighbours": 50} if "neighbours" in MODELS[name].defaults else {}
    model = make_model(name, half_life=4, **settings).fit(train)
    user = 17
    scores = model.scores(np.array([user], np.int32))[0]
    wanted = int(np.argmax(scores))
    parts = breakdown_of(model, train, user, wanted)
    assert parts["contribution"].sum() == pytest.approx(float(scores[wanted]), rel=1e-3)


@pytest.mark.parametrize("name", [name for name in RECENT if MODELS[name].supports_fold_in])
def test_a_new_user_gets_the_scores_that_training_gives_the_same_plays(name, sample):
    known = sample.interactions
    train = known.subset(known.user_codes < 300)
    settings = {"parts": "ease*1,item-knn:neighbours=50*2"} if name == "blend" else {}
    model = make_model(name, half_life=4, **settings).fit(train)
    items, values, ages = train.feedback_of(17)
    trained = model.scores(np.array([17], np.int32))[0]
    np.testing.assert_allclose(model.fold_in_scores(items, values, ages), trained, rtol=1e-3, atol=1e-4)
    # ages count from any date on
    np.testing.assert_allclose(model.fold_in_scores(items, values, ages + 40), trained, rtol=1e-3, atol=1e-4)
    in_full = model.fold_in_scores(items, values)
    assert not np.allclose(in_full, trained, rtol=1e-2)
    np.testing.assert_array_equal(in_full, model.fold_in_scores(items, values, np.full(len(items), np.nan)))
    undated = ages.copy()
    undated[:3] = np.nan
    as_oldest = np.where(np.isnan(undated), np.nanmax(undated), undated)
    np.testing.assert_array_equal(
        model.fold_in_scores(items, values, undated), model.fold_in_scores(items, values, as_oldest)
    )
    with pytest.raises(InputError, match="one number"):
        model.fold_in_scores(items, values, ages[1:])


def test_new_users_are_measured_with_the_ages_of_what_is_given(sample):
    split = new_users(sample.interactions)
    model = make_model("item-knn", half_life=2).fit(split.train)
    users = sample_users(split, 50)
    items, values, ages = split.given.feedback_of(users[0])
    scores = model.fold_in_scores(items, values, ages)
    scores[items] = -np.inf
    assert RankedLists.of(model, split, users).items[0, 0] == np.argmax(scores)


def test_a_blend_hands_its_half_life_to_the_parts_that_have_it():
    blend = make_model("blend", parts="ease,implicit,item-knn:half_life=24", half_life=6)
    assert [part.settings.get("half_life") for part in blend.parts] == [6, None, 24]
    assert blend.uses_recency
    assert make_model("blend", parts="ease:half_life=6,implicit").uses_recency
    assert not make_model("blend", parts="ease,implicit").uses_recency
    with pytest.raises(InputError, match="No part of this blend has a half-life"):
        make_model("blend", parts="als,implicit", half_life=6)


def test_a_blend_with_a_half_life_sums_models_with_one(sample):
    known = sample.interactions
    train = known.subset(known.user_codes < 200)
    users = np.arange(5, dtype=np.int32)
    blend = make_model("blend", parts="ease*1,svd*1", half_life=3).fit(train)
    alone = [make_model(name, half_life=3).fit(train) for name in ("ease", "svd")]
    expected = (
        sum(model.scores(users) / model.scores(users).std(axis=1, keepdims=True) for model in alone) / 2
    )
    np.testing.assert_allclose(blend.scores(users), expected, rtol=1e-4, atol=1e-5)


def test_a_blend_with_another_half_life_is_trained_anew(sample):
    split = hold_out(sample.interactions)
    parts = "item-knn*1,popular*1"
    blend = make_model("blend", parts=parts, half_life=3).fit(split.train)
    weights = {"parts": "item-knn*1,popular*2"}
    assert Setup("blend", weights | {"half_life": 3}).run(split, known=blend).model.parts is blend.parts
    assert Setup("blend", weights).run(split, known=blend).model.parts is not blend.parts


def test_a_saved_blend_keeps_its_half_life(sample, tmp_path):
    split = hold_out(sample.interactions)
    model = make_model("blend", parts="item-knn*1,popular*1", half_life=3).fit(split.train)
    save_run(tmp_path / "run", sample, split, model, [])
    again = load_run(tmp_path / "run", sample).model
    own = split.train.feedback_of(7)
    assert again.uses_recency
    assert again.fold_in_scores(*own).tobytes() == model.fold_in_scores(*own).tobytes()


@pytest.mark.parametrize("name", ["svd", "item-knn"])
def test_where_tastes_move_a_half_life_of_a_year_finds_more_of_what_comes(name, sample):
    split = from_month(sample, "2024-09")
    users = sample_users(split, 5_000)
    plain, recent = (
        METRICS["ndcg"].figure(
            RankedLists.of(make_model(name, half_life=months).fit(split.train), split, users)
        )
        for months in (0, 12)
    )
    assert recent > plain + 0.005
