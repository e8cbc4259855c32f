"""A listener made up on the spot: what is said of artists, its way through an address, and what follows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models import make_model
from recsys.recommendation.new_user import CHOSEN, KNOWN, MOST_ARTISTS, UserProfile, recommend_to_profile


@pytest.fixture(scope="module")
def odd_labels():
    names = ["AC/DC, live", "a*b", "~50%", "Ünïcode & co"]
    return Interactions.from_frame(
        pd.DataFrame({"user": np.repeat([1, 2], 4), "item": names * 2, "value": np.arange(1, 9)})
    )


@pytest.fixture(scope="module")
def model(checkerboard):
    return make_model("implicit", factors=8).fit(checkerboard)


def test_something_is_said_of_an_artist_only_once():
    taste = UserProfile().choose(3).put_aside(3, "down")
    assert (dict(taste.plays), dict(taste.aside)) == ({}, {3: "down"})
    taste = taste.choose(3, 40)
    assert (dict(taste.plays), dict(taste.aside)) == ({3: 40.0}, {})
    assert taste.without(3) == UserProfile()


def test_what_is_said_becomes_plays_and_artists_to_leave_out():
    taste = UserProfile().choose(4).put_aside(7, "know").put_aside(8, "down").put_aside(9, "hide")
    items, values = taste.known
    assert dict(zip(items.tolist(), values.tolist(), strict=True)) == {4: CHOSEN, 7: KNOWN, 8: 0.0}
    assert taste.hidden.tolist() == [9]


@pytest.mark.parametrize("plays", [0, -1, float("nan"), float("inf"), 1e7])
def test_plays_out_of_range_are_refused(plays):
    with pytest.raises(InputError, match="above 0"):
        UserProfile().choose(1, plays)


def test_a_taste_has_an_end():
    taste = UserProfile()
    for code in range(MOST_ARTISTS):
        taste = taste.choose(code)
    assert taste.choose(0, 7).plays[0] == 7
    with pytest.raises(InputError, match="Remove one"):
        taste.put_aside(MOST_ARTISTS, "hide")


@given(
    plays=st.dictionaries(st.integers(0, 3), st.sampled_from([CHOSEN, 1.0, 12.5, 1e6])),
    aside=st.dictionaries(st.integers(0, 3), st.sampled_from(["down", "know", "hide"])),
)
def test_the_address_holds_a_taste_whatever_artists_are_called(plays, aside, odd_labels):
    taste = UserProfile()
    for code, amount in plays.items():
        taste = taste.choose(code, amount)
    for code, verdict in aside.items():
        taste = taste.put_aside(code, verdict)
    again, complaints = UserProfile.from_query(taste.to_query(odd_labels.items), odd_labels)
    assert again == taste
    assert list(again.plays) == list(taste.plays)
    assert not complaints


def test_an_address_that_says_nonsense_is_explained_and_the_rest_is_kept(checkerboard):
    query = {"artists": "4*many,9999,6*-2,8*50,,10", "down": "x"}
    taste, complaints = UserProfile.from_query(query, checkerboard)
    assert dict(taste.plays) == {8: 50.0, 10: CHOSEN}
    assert len(complaints) == 4
    assert "not 'many'" in complaints[0]


def test_recommendations_follow_the_taste_and_say_why(checkerboard, model):
    taste = UserProfile().choose(4).choose(8).put_aside(10, "hide").put_aside(12, "know")
    table = recommend_to_profile(model, checkerboard, taste, 8)
    assert (table.index.to_numpy() % 2 == 0).all()
    assert not set(table.index) & {4, 8, 10, 12}
    assert table["score"].is_monotonic_decreasing
    assert table["because"].str.startswith("because of ").all()


def test_turning_artists_down_changes_the_list_and_hiding_only_shortens_it(checkerboard, model):
    taste = UserProfile().choose(4).choose(5)
    before = recommend_to_profile(model, checkerboard, taste, 12).index.tolist()
    hidden = recommend_to_profile(model, checkerboard, taste.put_aside(before[0], "hide"), 11).index.tolist()
    assert hidden == before[1:]
    odd = next(code for code in before if code % 2)
    down = recommend_to_profile(model, checkerboard, taste.put_aside(odd, "down"), 12).index.to_numpy()
    assert (down % 2).sum() < (np.array(before) % 2).sum()


def test_artists_are_found_by_a_part_of_their_name(odd_labels):
    codes = {name: code for code, name in enumerate(odd_labels.names)}
    assert odd_labels.named(" A", 9) == [codes["AC/DC, live"], codes["a*b"]]
    assert odd_labels.named("c", 1) == [codes["AC/DC, live"]]
    assert odd_labels.named("ünï", 9) == [codes["Ünïcode & co"]]
    assert odd_labels.named("  ", 9) == []
    assert odd_labels.named("zz", 9) == []


def test_those_that_begin_with_it_come_before_those_with_more_listeners():
    listeners = {"Museum": 2, "Muse": 3, "Morning Musume": 4}
    rows = [(user, name, 1) for name, many in listeners.items() for user in range(many)]
    data = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value"]))
    assert data.names[data.named("mus", 3)].tolist() == ["Muse", "Museum", "Morning Musume"]
