"""Scenes: of tags, found in the data, who belongs to them and how they overlap."""

import numpy as np
import pandas as pd
import pytest

from recsys.analysis.scenes import Scenes, find_scenes, members, overlap, regions, scene_shares, scene_table
from recsys.analysis.tags import tag_shares
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions

NO_TAGS = pd.DataFrame({"tag": [], "share": []}, index=pd.Index([], dtype=np.int64))


def dataset(pairs, tags=None) -> Dataset:
    frame = pd.DataFrame(pairs, columns=["user", "item"]).assign(value=1.0)
    return Dataset("own", "Own", "", "", Interactions.from_frame(frame), tags=tags)


@pytest.fixture
def tagged() -> Dataset:
    pairs = [(1, "a"), (1, "b"), (2, "a"), (2, "b"), (2, "c"), (2, "d"), (3, "c"), (3, "d"), (4, "e")]
    tags = [
        ("a", "punk", 3),
        ("a", "rock", 1),
        ("b", "punk", 1),
        ("c", "jazz", 2),
        ("d", "jazz", 1),
        ("d", "odd", 5),
    ]
    return dataset(pairs, pd.DataFrame(tags, columns=["item", "tag", "count"]))


def test_an_item_is_in_the_scene_of_the_common_tag_that_it_has_most_of(tagged):
    scenes = find_scenes(tagged, tag_shares(tagged), n=2)
    assert scenes.tagged
    assert scenes.names == ("punk", "jazz")
    assert scenes.of_item.tolist() == [0, 0, 1, 1, -1]
    three = find_scenes(tagged, tag_shares(tagged), n=3)
    assert [three.names[place] for place in three.of_item[:4]] == ["punk", "punk", "jazz", "odd"]


def test_members_and_overlap_by_hand(tagged):
    interactions = tagged.interactions
    scenes = Scenes(("punk", "jazz"), np.array([0, 0, 1, 1, -1], np.int32), True)
    shares = scene_shares(interactions, scenes)
    assert shares.tolist() == [[1, 0], [0.5, 0.5], [0, 1], [0, 0]]
    belongs = members(interactions, shares)
    assert belongs.tolist() == [[True, False], [True, True], [False, True], [False, False]]
    both, lift = overlap(belongs)
    assert both.tolist() == [[2, 1], [1, 2]]
    assert lift[0, 1] == lift[1, 0] == 1  # a quarter, as a half of a half
    assert np.isnan(np.diagonal(lift)).all()
    table = scene_table(interactions, scenes, belongs)
    assert table["members"].tolist() == [2, 2]
    assert table["plays"].tolist() == [4, 4]
    assert table["first"].tolist() == ["a, b", "c, d"]


def test_one_item_alone_makes_nobody_belong():
    interactions = dataset([(1, "a"), (2, "a"), (2, "b")]).interactions
    scenes = Scenes(("punk",), np.array([0, 0], np.int32), True)
    assert members(interactions, scene_shares(interactions, scenes)).ravel().tolist() == [False, True]


def test_groups_that_share_no_user_are_found_and_named_by_their_best_known():
    random = np.random.default_rng(20)
    pairs = [
        (user, f"{user % 3}-{item}")
        for user in range(150)
        for item in np.unique(np.append(0, random.choice(20, 8, p=np.arange(20, 0, -1) / 210)))
    ]
    data = dataset(pairs)
    scenes = find_scenes(data, NO_TAGS, n=3)
    assert not scenes.tagged
    truth = data.interactions.items.str[0].to_numpy()
    for group in range(3):
        assert len(set(truth[scenes.of_item == group])) == 1
        assert scenes.names[group].startswith(f"{truth[scenes.of_item == group][0]}-0, ")
    assert (scenes.of_item >= 0).sum() == (data.interactions.item_counts >= 5).sum()
    again = find_scenes(data, NO_TAGS, n=3)
    assert again.names == scenes.names
    assert (again.of_item == scenes.of_item).all()


def test_of_too_few_items_no_groups_are_found():
    scenes = find_scenes(dataset([(user, item) for user in range(9) for item in "ab"]), NO_TAGS)
    assert scenes.names == ()
    assert set(scenes.of_item) == {-1}


def test_the_name_of_a_scene_stands_amid_its_items_on_the_map():
    scenes = Scenes(("punk", "jazz", "none"), np.array([0, 0, 0, 1, 2], np.int32), True)
    places = pd.DataFrame({"x": [0, 1, 9, 5], "y": [0, 2, 9, 5]})  # the last item is not on the map
    rows = regions(scenes, places)
    assert rows.index.tolist() == ["punk", "jazz"]
    assert rows.to_numpy().tolist() == [[1, 2], [5, 5]]
