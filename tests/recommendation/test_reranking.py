"""Familiar or adventurous, alike or varied."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.evaluation.metrics import evaluate
from recsys.evaluation.ranked_lists import sample_users
from recsys.models import make_model
from recsys.recommendation.reranking import Reranking, effect, variety

USERS = np.arange(40, dtype=np.int32)


@pytest.fixture(scope="module")
def model(checkerboard_split):
    return make_model("implicit", factors=8).fit(checkerboard_split.train)


def test_in_the_middle_nothing_changes(model, checkerboard_split):
    plain = model.recommend(checkerboard_split.train, USERS, 5, 3)
    same = Reranking().recommend(model, checkerboard_split.train, USERS, 5, 3)
    assert all(one.tobytes() == other.tobytes() for one, other in zip(plain, same, strict=True))
    assert Reranking(0.5).pool(5) > 5


@given(dial=st.floats(-1, 1), diversity=st.floats(0, 1))
def test_a_list_stays_a_list_of_unseen_artists_with_their_own_scores(
    dial, diversity, model, checkerboard_split
):
    train = checkerboard_split.train
    items, scores = Reranking(dial, diversity).recommend(model, train, USERS[:5], 6)
    own = model.scores(USERS[:5])
    for user in range(5):
        assert len(set(items[user].tolist())) == 6
        assert not np.isin(items[user], train.item_codes[train.of_user(user)]).any()
        assert scores[user] == pytest.approx(own[user, items[user]], rel=1e-3, abs=1e-6)


def test_the_first_artist_of_a_varied_list_is_the_best(model, checkerboard_split):
    plain, _ = model.recommend(checkerboard_split.train, USERS, 1)
    varied, _ = Reranking(diversity=0.7).recommend(model, checkerboard_split.train, USERS, 5)
    assert varied[:, 0].tolist() == plain[:, 0].tolist()


def test_places_are_filled_as_mmr_says(model, checkerboard_split):
    train = checkerboard_split.train
    items, scores = model.recommend(train, USERS[:1], 12)
    chosen, _ = Reranking(diversity=0.4).choose(model, train, items, scores, 6)
    factors = model.item_factors.astype(float)
    units = factors / np.linalg.norm(factors, axis=1, keepdims=True)
    pool, relevance = items[0].tolist(), dict(zip(items[0].tolist(), scores[0].astype(float), strict=True))
    low, high = min(relevance.values()), max(relevance.values())
    expected = [pool[0]]
    while len(expected) < 6:
        rest = [item for item in pool if item not in expected]
        expected.append(
            max(
                rest,
                key=lambda item: (
                    0.6 * (relevance[item] - low) / (high - low)
                    - 0.4 * max(units[item] @ units[before] for before in expected)
                ),
            )
        )
    assert chosen[0].tolist() == expected


def test_where_there_are_too_few_artists_the_gaps_come_last(checkerboard):
    model = make_model("implicit", factors=4, epochs=2).fit(checkerboard)
    for setting in (Reranking(1.0), Reranking(diversity=0.5), Reranking(diversity=1.0)):
        items, scores = setting.recommend(model, checkerboard, USERS, 39)
        for user, (row, values) in enumerate(zip(items, scores, strict=True)):
            gaps = row < 0
            assert (np.diff(gaps.astype(int)) >= 0).all()
            assert (values[gaps] == -np.inf).all()
            assert len(set(row[~gaps].tolist())) == (~gaps).sum() == 40 - checkerboard.user_counts[user]


def test_the_dial_moves_popularity_one_way(lastfm_folder):
    from recsys.data.sources.load import load
    from recsys.data.splitting import hold_out

    split = hold_out(load(str(lastfm_folder)).interactions)
    model = make_model("implicit", factors=32, epochs=8).fit(split.train)
    users = sample_users(split, 300)
    table = effect(model, split, users)
    assert table["novelty"].is_monotonic_increasing
    assert table["popularity_rank"].is_monotonic_increasing
    assert table["coverage"].iloc[-1] > table["coverage"].iloc[0]
    varied = effect(model, split, users, [Reranking(), Reranking(diversity=0.5)])
    assert varied["variety"].is_monotonic_increasing


def test_the_effect_is_measured_as_everywhere_else(model, checkerboard_split):
    table = effect(model, checkerboard_split, USERS, [Reranking(0)], n=10)
    figures = evaluate(model, checkerboard_split)
    for name in ("ndcg", "recall", "coverage", "novelty"):
        assert table[name].item() == pytest.approx(figures[f"{name}@10"])
    assert table["hits"].item() == pytest.approx(10 * figures["precision@10"])


def test_variety_by_hand(model):
    factors = model.item_factors.astype(float)
    units = factors / np.linalg.norm(factors, axis=1, keepdims=True)
    expected = 1 - np.mean([units[1] @ units[2], units[1] @ units[5], units[2] @ units[5]])
    assert variety(model, np.array([[1, 2, 5, -1]], np.int32)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("given_", [(2, 0), (-1.1, 0), (0, -0.1), (0, 1.1), (float("nan"), 0)])
def test_a_dial_out_of_range_is_explained(given_):
    with pytest.raises(InputError, match="goes from"):
        Reranking(*given_)


def test_what_is_chosen_is_said_in_words():
    assert Reranking().words == "as scored"
    assert Reranking(-1).words == "100% familiar"
    assert Reranking(0.25, 0.4).words == "25% adventurous, 40% varied"
