"""Tags of artists, and groups by tag."""

import pandas as pd
import pytest

from recsys.analysis.tags import common_tags, examples, items_tagged, main_tags, scenes, tag_shares
from recsys.data.dataset import Dataset


@pytest.fixture(scope="module")
def tagged(checkerboard):
    rows = [(item, "even" if item % 2 == 0 else "odd", 8) for item in range(40)]
    rows += [(item, "seen live", 2) for item in range(10)] + [(99, "nobody", 1)]
    tags = pd.DataFrame(rows, columns=["item", "tag", "count"])
    return Dataset("board", "", "", "", checkerboard, tags=tags)


@pytest.fixture(scope="module")
def untagged(checkerboard):
    return Dataset("board", "", "", "", checkerboard)


def test_shares_of_an_artist_add_up_and_the_largest_comes_first(tagged):
    shares = tag_shares(tagged)
    assert shares.groupby(level=0)["share"].sum().to_numpy() == pytest.approx(1)
    assert shares.loc[[3], "tag"].tolist() == ["odd", "seen live"]
    assert shares.loc[[3], "share"].tolist() == [0.8, 0.2]
    assert main_tags(shares).to_dict() == {item: "even" if item % 2 == 0 else "odd" for item in range(40)}


def test_common_tags_come_in_order_and_a_tag_of_few_describes_no_artist(tagged):
    shares = tag_shares(tagged)
    assert common_tags(tagged.interactions, shares, 3)[-1] == "seen live"
    assert set(common_tags(tagged.interactions, shares, 2)) == {"even", "odd"}
    assert items_tagged(shares, "seen live").tolist() == list(range(10))
    assert items_tagged(shares.assign(share=0.09), "seen live").tolist() == []
    assert items_tagged(shares, "no such").tolist() == []


def test_scenes_are_the_commonest_tags_with_their_artists(tagged):
    found = scenes(tagged, tag_shares(tagged), artists=6)
    assert set(list(found)[:2]) == {"even", "odd"}
    assert list(found)[2] == "seen live"
    assert len(found["odd"]) == 6
    assert all(code % 2 for code in found["odd"])


def test_examples_have_no_artist_in_common():
    groups = {"one": [1, 2, 3, 4], "two": [4, 5, 6, 7], "three": [8, 9, 10], "short": [20]}
    assert examples(groups, artists=3) == {"one": [1, 2, 3], "three": [8, 9, 10]}
    assert list(examples(groups, n=1, artists=3)) == ["one"]


def test_without_tags_those_with_the_same_audience_go_together(untagged):
    shares = tag_shares(untagged)
    assert shares.empty
    assert main_tags(shares).empty
    found = scenes(untagged, shares, artists=6)
    assert len({code for codes in found.values() for code in codes}) == sum(map(len, found.values()))
    for name, codes in examples(found).items():
        assert len({code % 2 for code in codes}) == 1
        assert name == untagged.interactions.names[codes[0]]
