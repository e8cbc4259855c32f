"""Selection of items: its conditions, and its form in an address."""

import numpy as np
import pandas as pd
import pytest

from recsys.analysis import selection as selection_module
from recsys.analysis.popularity import rank_table
from recsys.analysis.scenes import Scenes
from recsys.analysis.selection import MOST_PICKED, Selection, audience, read_selection, summarize
from recsys.data.interactions import Interactions


@pytest.fixture
def interactions() -> Interactions:
    rows = [
        (1, "a", 10, "Low"),
        (2, "a", 20, "Low"),
        (3, "a", 30, "Low"),
        (1, "b..1", 5, "Lower"),
        (2, "b..1", 25, "Lower"),
        (3, "c&d=", 7, "<b>Can</b>"),
    ]
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value", "name"]))


def chosen(interactions: Interactions, selection: Selection) -> list[str]:
    table = rank_table(interactions)
    return table.loc[selection.mask(table), "artist"].tolist()


def test_all_conditions_have_to_hold(interactions):
    assert chosen(interactions, Selection()) == ["Low", "Lower", "<b>Can</b>"]
    assert chosen(interactions, Selection(search="low")) == ["Low", "Lower"]
    assert chosen(interactions, Selection(search="low", listeners=(1, 2))) == ["Lower"]
    assert chosen(interactions, Selection(picked=(0, 2), plays=(7, 7))) == ["<b>Can</b>"]
    assert chosen(interactions, Selection(search="(")) == []


def test_a_scene_is_a_condition_and_one_that_the_data_does_not_have_is_left_out(interactions):
    scenes = Scenes(("pop", "krautrock"), np.array([0, 0, 1], np.int32), True)
    table = rank_table(interactions)
    selection = Selection(scene="krautrock")
    assert table.loc[selection.mask(table, scenes), "artist"].tolist() == ["<b>Can</b>"]
    address = {name: [text] for name, text in selection.parameters(interactions).items()}
    assert read_selection(address, interactions, scenes.names) == (selection, [])
    read, problems = read_selection(address, interactions, ("pop",))
    assert not read
    assert problems == ["This data has no scene or group called 'krautrock': it is left out."]


def test_a_tag_is_a_condition_and_one_that_the_data_does_not_have_is_left_out(interactions):
    tags = pd.DataFrame(
        {"tag": ["rock", "shoegaze", "shoegaze", "rock"], "share": [0.95, 0.05, 0.4, 0.6]}, [0, 0, 1, 1]
    )
    table = rank_table(interactions)
    selection = Selection(tag="shoegaze")
    assert table.loc[selection.mask(table, tags=tags), "artist"].tolist() == ["Lower"]
    address = {name: [text] for name, text in selection.parameters(interactions).items()}
    assert read_selection(address, interactions, tags=("rock", "shoegaze")) == (selection, [])
    read, problems = read_selection(address, interactions)
    assert not read
    assert problems == ["This data has no common tag 'shoegaze': it is left out."]


def test_the_share_of_the_best_known_is_told_where_others_are_left(monkeypatch, interactions):
    monkeypatch.setattr(selection_module, "HEADS", (1, 2, 3))
    table = rank_table(interactions)
    found = summarize(interactions, table, np.ones(3, bool), 1)
    assert found.heads == ((1, pytest.approx(60 / 97)), (2, pytest.approx(90 / 97)))
    assert found.best_known["artist"].tolist() == ["Low"]


def test_a_part_is_taken_back_alone(interactions):
    selection = Selection(search="low", listeners=(1, 2), plays=(1, 100))
    assert selection.without("listeners") == Selection(search="low", plays=(1, 100))
    assert selection
    assert not selection.without("search", "listeners", "plays")


def test_an_item_is_picked_and_put_back_and_not_too_many_are():
    picked = Selection().toggled(3).toggled(5)
    assert picked.picked == (3, 5)
    assert picked.toggled(3).picked == (5,)
    many = Selection(picked=tuple(range(MOST_PICKED))).toggled(999)
    assert len(many.picked) == MOST_PICKED
    assert many.picked[-1] == 999


def test_a_range_of_listeners_is_of_whole_numbers():
    bounded = Selection().bounded(listeners=(1.3, 8.9), plays=(1.2345, 123_456.0))
    assert (bounded.listeners, bounded.plays) == ((2, 8), (1.23, 123_000))
    assert Selection().bounded(listeners=(1.2, 1.8)).listeners == (1.2, 1.8)


def test_the_address_gives_back_the_same_selection(interactions):
    selection = Selection("low & <b>", (1, 2), (1, 2), (0.5, 1e9))
    written = selection.parameters(interactions)
    given = {name: [text] if isinstance(text, str) else text for name, text in written.items()}
    assert read_selection(given, interactions) == (selection, [])
    assert read_selection({}, interactions) == (Selection(), [])
    assert Selection().parameters(interactions) == {}


@pytest.mark.parametrize("text", ["1", "a..b", "5..1", "nan..1", "1..inf", "1..2..3", ""])
def test_what_is_no_range_is_said_and_left_out(interactions, text):
    selection, problems = read_selection({"plays": [text], "picked": ["a"]}, interactions)
    assert selection == Selection(picked=(0,))
    assert len(problems) == 1
    assert repr(text) in problems[0]


def test_an_unknown_item_in_the_address_is_said_and_left_out(interactions):
    selection, problems = read_selection({"picked": ["nothing", "a", "a"]}, interactions)
    assert selection.picked == (0,)
    assert "'nothing'" in problems[0]


def test_the_audience_counts_each_user_once(interactions):
    assert audience(interactions, np.array([0, 1])) == 3
    assert audience(interactions, np.array([1])) == 2
    assert audience(interactions, np.array([], int)) == 0
