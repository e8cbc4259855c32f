"""Charts of scenes."""

import numpy as np
import pandas as pd

from recsys.figures.scenes import members_by_scene, scene_overlap


def test_bars_carry_the_scene_and_its_share_the_largest_on_top():
    table = pd.DataFrame(
        {
            "scene": ["punk", "<b>"],
            "members": [3, 5],
            "share_of_members": [0.3, 0.5],
            "first": ["The Clash", "Can, <i>"],
        }
    )
    bars = members_by_scene(table).data[0]
    assert [place[0] for place in bars.customdata] == ["punk", "<b>"]
    assert list(bars.text) == ["30.0%", "50.0%"]
    assert list(members_by_scene(table).layout.yaxis.ticktext) == ["punk", "&lt;b&gt;"]


def test_each_cell_says_how_many_and_how_that_compares_with_chance():
    both, lift = np.array([[9, 4], [4, 20]]), np.array([[np.nan, 7.25], [7.25, np.nan]])
    cells = scene_overlap(("punk", "jazz"), both, lift).data[0]
    assert np.asarray(cells.text).tolist() == both.tolist()
    assert np.asarray(cells.customdata)[0, 1].tolist() == ["punk", "jazz", "7.2 times as many as by chance"]
    assert np.asarray(cells.customdata)[1, 1, 2] == ""
    assert np.asarray(cells.z)[0, 1] == cells.zmax
