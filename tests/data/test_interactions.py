"""The gate through which all data goes."""

import numpy as np
import pandas as pd
import pytest

from recsys.data.interactions import Interactions
from recsys.errors import InputError


def frame(**changes):
    columns = {"user": [2, 1, 2], "item": ["b", "a", "a"], "value": [5, 1, 7]} | changes
    return pd.DataFrame(columns)


def test_pairs_are_sorted_by_user_and_item():
    known = Interactions.from_frame(frame(name=["Bee", "Ay", "Ay"]))
    assert known.users.tolist() == [1, 2]
    assert known.items.tolist() == ["a", "b"]
    assert known.names.tolist() == ["Ay", "Bee"]
    assert known.user_codes.tolist() == [0, 1, 1]
    assert known.item_codes.tolist() == [0, 0, 1]
    assert known.values.tolist() == [1, 7, 5]
    assert known.value_range == (1, 7)
    assert known.density == 3 / 4
    assert known.of_user(1) == slice(1, 3)


def test_items_without_a_name_go_by_their_label():
    assert Interactions.from_frame(frame(name=[None, "Ay", None])).names.tolist() == ["Ay", "b"]
    assert Interactions.from_frame(frame()).names.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    "value", [0, -3, float("nan"), float("inf"), "many", None, 1e300], ids=lambda value: str(value)
)
def test_a_value_that_is_no_play_count_is_refused_with_its_row(value):
    with pytest.raises(InputError, match=r"Row 2: the value must be a number above 0"):
        Interactions.from_frame(frame(value=[5, value, 7]))


@pytest.mark.parametrize("column", ["user", "item"])
def test_a_missing_label_is_refused_with_its_row(column):
    with pytest.raises(InputError, match=rf"Row 3: the {column} is missing"):
        Interactions.from_frame(frame(**{column: ["x", "y", None]}))


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="'value'"):
        Interactions.from_frame(frame().drop(columns="value"))


def test_an_empty_table_is_refused():
    with pytest.raises(InputError, match="no rows"):
        Interactions.from_frame(frame().iloc[:0])


def test_a_pair_that_stands_twice_is_refused():
    with pytest.raises(InputError, match="stand together in two rows"):
        Interactions.from_frame(frame(user=[2, 2, 1, 2], item=["b", "a", "a", "b"], value=[1, 2, 3, 4]))


def test_a_single_listener_is_too_few():
    with pytest.raises(InputError, match="at least two of each"):
        Interactions.from_frame(frame(user=[1, 1, 1], item=["a", "b", "c"]))


def test_labels_are_found_however_they_are_written():
    known = Interactions.from_frame(frame())
    assert known.user_code(2) == known.user_code("2") == known.user_code(" 2 ") == 1
    assert known.item_code("b") == 1


@pytest.mark.parametrize("label", [3, "x", "", "2.5", "9" * 400])
def test_an_unknown_label_is_explained(label):
    with pytest.raises(InputError, match=r"Nobody in this data has the id .* Try"):
        Interactions.from_frame(frame()).user_code(label)


def test_the_fingerprint_tells_data_apart():
    known = Interactions.from_frame(frame())
    assert known.fingerprint == Interactions.from_frame(frame()[::-1]).fingerprint
    assert known.fingerprint != Interactions.from_frame(frame(value=[5, 1, 8])).fingerprint
    assert known.fingerprint != Interactions.from_frame(frame(item=["c", "a", "a"])).fingerprint


def test_a_subset_keeps_labels_and_range():
    known = Interactions.from_frame(frame())
    part = known.subset(np.array([True, False, True]))
    assert part.users is known.users
    assert part.value_range == known.value_range
    assert part.values.tolist() == [1, 5]
    assert part.user_starts.tolist() == [0, 1, 2]


def test_an_artist_is_found_by_name_and_the_better_known_of_two():
    frame = pd.DataFrame(
        {
            "user": [1, 1, 1, 2, 2],
            "item": [1, 2, 3, 2, 3],
            "value": 1,
            "name": ["Muse", "MUSE ", "Hole", "MUSE ", "Hole"],
        }
    )
    interactions = Interactions.from_frame(frame)
    assert interactions.item_named("  muse") == 1
    with pytest.raises(InputError, match=r"is called 'Hol'\. Try 'Hole'"):
        interactions.item_named("Hol")
