"""One listener's artists beside the recommended ones; figures of popularity; saved runs; the command line."""

import numpy as np
import pandas as pd
import pytest

from pages.components.recommend.what_if_tab import side_by_side
from recsys.analysis.popularity import user_table
from recsys.models import make_model
from recsys.recommendation.recommend import recommend_to, recommend_to_new
from recsys.recommendation.reranking import Reranking


def test_names_and_scores_belong_together(checkerboard_split):
    model = make_model("biased", epochs=3).fit(checkerboard_split.train)
    _, recommended = recommend_to(model, checkerboard_split, user=4, n=8)
    scores = model.scores(np.array([4], np.int32))[0]
    train = checkerboard_split.train
    for row in recommended.itertuples():
        code = train.item_code(row.item)
        assert row.artist == train.names[code]
        assert row.score == pytest.approx(scores[code])
        assert row.listeners == train.item_counts[code]
    assert recommended["score"].is_monotonic_decreasing


def test_hits_are_the_hidden_artists(checkerboard_split):
    model = make_model("biased", epochs=3).fit(checkerboard_split.train)
    hidden = checkerboard_split.validation
    _, recommended = recommend_to(model, checkerboard_split, user=4, n=21)
    labels = set(hidden.items[hidden.item_codes[hidden.of_user(4)]])
    assert set(recommended.loc[recommended["hit"], "item"]) == labels


def test_what_is_recommended_is_never_among_what_is_known(checkerboard_split):
    model = make_model("article", epochs=3).fit(checkerboard_split.train)
    existing, recommended = recommend_to(model, checkerboard_split, user=5, n=100)
    assert not set(existing["item"]) & set(recommended["item"])
    assert len(existing) + len(recommended) == checkerboard_split.train.n_items


def test_a_listeners_artists_come_with_their_plays_and_shares(checkerboard):
    table = user_table(checkerboard, 3)
    span = checkerboard.of_user(3)
    assert table["plays"].is_monotonic_decreasing
    assert table["share"].sum() == pytest.approx(1)
    known = dict(zip(checkerboard.item_codes[span].tolist(), checkerboard.values[span].tolist(), strict=True))
    assert {checkerboard.item_code(row.item): row.plays for row in table.itertuples()} == known


@pytest.fixture(scope="module")
def implicit(checkerboard):
    return make_model("implicit", factors=8).fit(checkerboard)


def test_a_new_user_gets_what_the_scores_say(implicit, checkerboard):
    table = recommend_to_new(implicit, checkerboard, [1, 5, 9], [3, 50, 7], n=6)
    scores = implicit.fold_in_scores([1, 5, 9], [3, 50, 7])
    assert table["score"].tolist() == scores[table["item"]].tolist()
    assert table["score"].is_monotonic_decreasing
    assert not set(table["item"]) & {1, 5, 9}
    assert (table["listeners"] == checkerboard.item_counts[table["item"]]).all()


def test_an_artist_known_already_leaves_the_list_and_changes_nothing_else(implicit, checkerboard):
    before = recommend_to_new(implicit, checkerboard, [1, 5, 9], n=6)
    first = before["item"].iloc[0]
    after = recommend_to_new(implicit, checkerboard, [1, 5, 9], n=5, known=[first])
    assert after["item"].tolist() == before["item"].tolist()[1:]


def test_an_artist_turned_down_leaves_the_list_and_takes_its_like_down(implicit, checkerboard):
    before = recommend_to_new(implicit, checkerboard, [1, 5, 9], n=40).set_index("item")["score"]
    first = before.index[0]
    after = recommend_to_new(implicit, checkerboard, [1, 5, 9, first], [1, 1, 1, 0], n=40)
    after = after.set_index("item")["score"]
    assert first not in after
    odd = [item for item in after.index if item % 2]
    assert after[odd].mean() < before[odd].mean()


def test_the_dial_works_for_everybody(implicit, checkerboard, checkerboard_split):
    adventurous = Reranking(1.0)
    _, recommended = recommend_to(implicit, checkerboard_split, 4, 8, adventurous)
    items, _ = adventurous.recommend(implicit, checkerboard_split.train, np.array([4], np.int32), 8, 1)
    assert recommended["item"].tolist() == items[0].tolist()
    plain = recommend_to_new(implicit, checkerboard, [1, 5, 9], n=8)
    rarer = recommend_to_new(implicit, checkerboard, [1, 5, 9], n=8, reranking=adventurous)
    assert rarer["listeners"].mean() <= plain["listeners"].mean()


def test_what_moved_is_said_beside_both_lists():
    table = pd.DataFrame(
        {
            "item": [10, 11, 12, 13],
            "artist": ["new", "up", "stays", "gone"],
            "before": pd.array([None, 4, 3, 1], "Int64"),
            "after": pd.array([1, 2, 3, None], "Int64"),
        }
    )
    before, after = side_by_side(table)
    assert list(zip(before["artist"], before["change"], strict=True)) == [
        ("gone", "leaves"),
        ("stays", ""),
        ("up", ""),
    ]
    assert list(zip(after["artist"], after["change"], strict=True)) == [
        ("new", "new"),
        ("up", "▲ 2"),
        ("stays", ""),
    ]
