"""The half-life of taste: weights by hand, what is known at a date, and what it does on data with times."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.ways import from_month
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.models import MODELS, make_model
from recsys.models.value_matrix import play_matrix, recency_weights
from recsys.recommendation.explanation import breakdown_of
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


def test_parts_of_a_blend_take_no_half_life():
    with pytest.raises(InputError, match="Parts of a blend take no half-life"):
        make_model("blend", parts="ease:half_life=6,item-knn")


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
