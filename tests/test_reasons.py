"""Why something is recommended."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.models import MODELS, make_model
from recsys.reasons import breakdown, reasons, sentence, sentences

EXPLAINING = [name for name, model in MODELS.items() if model.takes_new_listeners]
explaining = pytest.mark.parametrize("name", EXPLAINING)


@pytest.fixture(scope="module")
def trained(checkerboard):
    return {name: make_model(name).fit(checkerboard) for name in EXPLAINING}


@explaining
@given(data=st.data())
def test_the_parts_of_a_score_add_up_to_it(name, data, trained, checkerboard):
    items = data.draw(st.lists(st.integers(0, 39), min_size=1, max_size=8, unique=True))
    wanted = data.draw(st.integers(0, 39))
    table = breakdown(trained[name], checkerboard, items, None, wanted)
    assert table["contribution"].is_monotonic_decreasing
    score = trained[name].scores_of(items)[wanted]
    assert table["contribution"].sum() == pytest.approx(score, rel=1e-3, abs=1e-4)
    assert set(table["item"].dropna()) == set(items)


def test_what_is_no_artist_has_its_own_name(trained, checkerboard):
    table = breakdown(trained["biased"], checkerboard, [1, 5], [10, 20], 9)
    others = table[table["item"].isna()]
    assert "The mean of all listeners" in set(others["part"])
    assert len(table) == 2 + len(others)


@explaining
def test_reasons_are_the_largest_contributions(name, trained, checkerboard):
    known, wanted = [1, 5, 9, 2], [13, 17, 4]
    table = reasons(trained[name], checkerboard, known, None, wanted, n=2)
    shares = trained[name].contributions(known, None, wanted).shares
    assert (table["contribution"] > 0).all()
    assert table["item"].value_counts().le(2).all()
    for row, item in enumerate(wanted):
        given_ = table[table["item"] == item]
        if shares[row].max() > 0:
            assert given_["because_item"].iloc[0] == known[int(shares[row].argmax())]
            assert given_["contribution"].iloc[0] == shares[row].max()
            assert given_["because"].iloc[0] == checkerboard.names[given_["because_item"].iloc[0]]


def test_what_one_plays_of_a_taste_explains_more_of_that_taste(trained, checkerboard):
    table = reasons(trained["implicit"], checkerboard, [1, 5, 9, 2, 4], None, [13, 17, 21])
    assert (table["because_item"] % 2 == 1).all()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["Muse"], "because you play Muse"),
        (["Muse", "Placebo"], "because you play Muse and Placebo"),
        (["Muse", "Placebo", "Hole"], "because you play Muse, Placebo and Hole"),
    ],
)
def test_reasons_in_words(names, words):
    assert sentence(names) == words


def test_each_item_has_its_sentence():
    table = pd.DataFrame({"item": [7, 7, 3], "because": ["Muse", "Hole", "Moby"]})
    assert sentences(table) == {7: "because you play Muse and Hole", 3: "because you play Moby"}


def test_a_heavy_listener_hears_heavy_reasons(lastfm_folder):
    from recsys.datasets import load

    interactions = load(str(lastfm_folder)).interactions
    model = make_model("implicit", epochs=8).fit(interactions)
    span = interactions.of_user(interactions.user_code(1236))
    known, values = interactions.item_codes[span], interactions.values[span]
    metallica = int(np.flatnonzero(interactions.names == "Metallica")[0])
    table = breakdown(model, interactions, known, values, metallica)
    assert table["contribution"].sum() == pytest.approx(model.scores_of(known, values)[metallica], abs=1e-4)
