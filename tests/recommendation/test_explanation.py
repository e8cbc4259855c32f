"""Why something is recommended."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.interactions import Interactions
from recsys.models import MODELS, make_model
from recsys.recommendation.explanation import (
    because,
    breakdown,
    breakdown_of,
    doubt,
    explains,
    largest_parts,
    reasons,
    sentence,
    sentences,
)
from recsys.recommendation.recommend import recommend_to

EXPLAINING = [name for name, model in MODELS.items() if model.supports_fold_in]
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
    score = trained[name].fold_in_scores(items)[wanted]
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
        (["Muse"], "because of Muse"),
        (["Muse", "Placebo"], "because of Muse and Placebo"),
        (["Muse", "Placebo", "Hole"], "because of Muse, Placebo and Hole"),
    ],
)
def test_reasons_in_words(names, words):
    assert sentence(names) == words


def test_each_item_has_its_sentence():
    table = pd.DataFrame({"item": [7, 7, 3], "because": ["Muse", "Hole", "Moby"]})
    assert sentences(table) == {7: "because of Muse and Hole", 3: "because of Moby"}


def test_a_heavy_listener_hears_heavy_reasons(lastfm_folder):
    from recsys.data.sources.load import load

    interactions = load(str(lastfm_folder)).interactions
    model = make_model("implicit", epochs=8).fit(interactions)
    span = interactions.of_user(interactions.user_code(1236))
    known, values = interactions.item_codes[span], interactions.values[span]
    metallica = int(np.flatnonzero(interactions.names == "Metallica")[0])
    table = breakdown(model, interactions, known, values, metallica)
    assert table["contribution"].sum() == pytest.approx(
        model.fold_in_scores(known, values)[metallica], abs=1e-4
    )


@pytest.mark.parametrize("name", MODELS)
def test_the_score_on_a_listeners_list_is_the_sum_of_its_parts_or_there_are_none(name, checkerboard_split):
    train = checkerboard_split.train
    settings = {"epochs": 3} if "epochs" in MODELS[name].defaults else {}
    model = make_model(name, **settings).fit(train)
    _, recommended = recommend_to(model, checkerboard_split, 4, 8)
    codes = [train.item_code(item) for item in recommended["item"]]
    names = because(model, train, 4, codes)
    assert explains(model, train, 4) == model.supports_fold_in
    if not explains(model, train, 4):
        assert names == [[]] * 8
        return
    mine = train.names[train.item_codes[train.of_user(4)]]
    for code, score, because_of in zip(codes, recommended["score"], names, strict=True):
        parts = breakdown_of(model, train, 4, code)
        assert parts["contribution"].sum() == pytest.approx(score, rel=1e-3, abs=1e-4)
        positive = parts[parts["item"].notna() & (parts["contribution"] > 0)]
        assert because_of == positive["part"].head(len(because_of)).tolist()
        assert len(because_of) <= 3
        assert set(because_of) <= set(mine)


def test_the_smallest_parts_are_put_together_and_nothing_is_lost():
    parts = pd.DataFrame(
        {
            "part": ["a", "b", "c", "Mean", "d"],
            "item": pd.Series([1, 2, 3, None, 4], dtype=object),
            "contribution": [0.5, 0.2, 0.1, 0.05, -0.4],
        }
    )
    table = largest_parts(parts, 3)
    assert table["part"].tolist() == ["a", "b", "d", "All 2 others"]
    assert table["contribution"].tolist() == pytest.approx([0.5, 0.2, -0.4, 0.15])
    assert [str(item) for item in table["item"]] == ["1", "2", "4", "None"]
    assert largest_parts(parts, 9)["part"].tolist() == parts["part"].tolist()


def test_who_is_hardly_known_is_told_that_the_list_is_a_guess():
    frame = pd.DataFrame(
        [(1, item) for item in (1, 2, 3)] + [(2, 1), (2, 9), (3, 1), (3, 2), (4, 8), (5, 3)],
        columns=["user", "item"],
    )
    train = Interactions.from_frame(frame.assign(value=1))
    assert doubt(train, 0) == ""
    assert "only one artist of this listener that anybody else plays" in doubt(train, 1)
    assert "only 2 artists" in doubt(train, 2)
    assert "no artist" in doubt(train, 3)


def test_long_names_and_those_that_turn_the_text_around_do_not_spoil_a_sentence():
    said = sentence(["x" * 10_000, "\u202edrow", "שלום"])
    assert said == f"because of {'x' * 59}…, drow and שלום"
