"""Which artists are alike."""

import numpy as np
import pytest

from recsys.analysis.similarity import by_audience, by_factors, similar_items
from recsys.errors import InputError
from recsys.models import make_model


@pytest.fixture(scope="module")
def model(checkerboard):
    return make_model("implicit", factors=8).fit(checkerboard)


def test_the_jaccard_index_by_hand(checkerboard):
    users = {
        item: set(checkerboard.user_codes[checkerboard.item_codes == item].tolist()) for item in (4, 6, 7)
    }
    similarity = by_audience(checkerboard, 4)
    assert similarity[6] == pytest.approx(len(users[4] & users[6]) / len(users[4] | users[6]))
    assert similarity[7] == 0
    assert similarity[4] == 0


def test_the_cosine_by_hand(model):
    one, other = model.item_factors[4].astype(float), model.item_factors[6].astype(float)
    expected = one @ other / np.sqrt((one @ one) * (other @ other))
    assert by_factors(model, 4)[6] == pytest.approx(expected, rel=1e-5)
    assert by_factors(model, 4)[4] == 0


def test_artists_of_a_taste_are_alike_by_either(model, checkerboard):
    for given in (None, model):
        table = similar_items(checkerboard, 4, 10, given)
        assert (table["item"] % 2 == 0).all()
        assert 4 not in set(table["item"])
        assert table["similarity"].is_monotonic_decreasing
        assert (table["listeners"] == checkerboard.item_counts[table["item"]]).all()


def test_artists_with_few_listeners_are_left_out(model, checkerboard):
    most = checkerboard.item_counts.max()
    table = similar_items(checkerboard, 4, 40, model, least_listeners=int(most))
    assert set(table["listeners"]) <= {most}


def test_an_artist_without_features_is_like_nothing(checkerboard):
    without = checkerboard.subset(checkerboard.item_codes != 0)
    model = make_model("implicit", factors=4, epochs=2).fit(without)
    assert similar_items(without, 0, 10, model).empty
    assert similar_items(without, 0, 10).empty


def test_a_model_without_features_is_named(checkerboard):
    with pytest.raises(InputError, match="has no latent features"):
        by_factors(make_model("implicit"), 0)
