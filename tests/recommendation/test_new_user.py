"""A listener made up on the spot: what is said of artists, its way through an address, and what follows."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.importing.one_person import read_one_person
from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.errors import InputError
from recsys.models import make_model
from recsys.recommendation.name_matching import NameIndex
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


def test_ages_count_from_the_newest_and_what_has_none_is_as_old_as_the_oldest():
    taste = UserProfile.of_history({3: 10.0, 4: 30.0, 5: 20.0, 6: 0.0}, {3: 2.0, 4: 14.0, 6: 4.5})
    assert list(taste.plays) == [4, 5, 3, 6]
    assert taste.plays[6] == CHOSEN
    assert taste.ages == {4: 12.0, 5: 12.0, 3: 0.0, 6: 2.5}
    assert taste.known_ages.tolist() == [12, 12, 0, 2.5]
    # what is said here is of now; another number of plays is of the same time
    assert taste.put_aside(9, "know").choose(7).choose(4, 5).known_ages.tolist() == [12, 12, 0, 2.5, 0, 0]
    assert taste.put_aside(4, "hide").without(5).ages == {3: 0.0, 6: 2.5}
    assert UserProfile.of_history({3: 10.0}, {}).known_ages is None


@pytest.mark.parametrize("age", [-1, float("nan"), float("inf"), 1e4])
def test_ages_out_of_range_are_refused(age):
    with pytest.raises(InputError, match="months"):
        UserProfile().choose(1, 5, age)


def test_ones_own_export_gets_the_list_that_training_gives_the_same_plays(tmp_path):
    random = np.random.default_rng(1)
    plays = [
        f"{user},Band {item:02},{np.datetime64('2024-01-01') + int(random.integers(500))}T10:00:00"
        for user in ("ann", *map(str, range(40)))
        for item in random.choice(50, 12, replace=False)
        for _ in range(random.integers(1, 5))
    ]
    path = tmp_path / "plays.csv"
    path.write_text("user,artist,time\n" + "\n".join(plays) + "\n")
    data = load(str(path)).interactions
    ann = data.user_code("ann")
    own = "artist,time\n" + "".join(
        f"{play.partition(',')[2]}\n" for play in plays if play.startswith("ann,")
    )
    person = read_one_person([("mine.csv", io.BytesIO(own.encode()))])
    matches = NameIndex(data.names, data.item_counts).match(person.plays, person.ages)
    taste = UserProfile.of_history(matches.found, matches.ages)
    scores = {}
    for half_life in (2, 0):
        trained = make_model("item-knn", half_life=half_life).fit(data)
        items, expected = trained.recommend(data, np.array([ann], np.int32))
        table = recommend_to_profile(trained, data, taste)
        assert table.index.tolist() == items[0].tolist()
        np.testing.assert_allclose(table["score"], expected[0], rtol=1e-2)
        scores[half_life] = table["score"].tolist()
    assert not np.allclose(scores[2], scores[0], rtol=0.05)


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
