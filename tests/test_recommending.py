"""One listener's artists beside the recommended ones; figures of popularity; saved runs; the command line."""

import numpy as np
import pytest

from recsys.models import make_model
from recsys.popularity import user_table
from recsys.recommending import recommend_to


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
