"""The figure of the map of artists."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from recsys.figures.item_map import CLOSE, Colours, draw_map


@pytest.fixture(scope="module")
def table():
    side = np.linspace(-1, 1, 10, dtype=np.float32)
    x, y = (axis.ravel() for axis in np.meshgrid(side, side))
    return pd.DataFrame(
        {
            "item": np.arange(100),
            "artist": [f"<b>Artist {code}</b>" for code in range(100)],
            "listeners": np.arange(1, 101),
            "x": x,
            "y": y,
            "placed": False,
        }
    )


def groups(table, by):
    return Colours("Tag", pd.Series([by(code) for code in table.index], table.index, dtype=object))


def test_every_artist_is_drawn_once_and_points_name_their_artists(table):
    drawn = draw_map(table, groups(table, lambda code: f"tag {code % 3}" if code < 90 else None))
    assert sorted(np.concatenate(drawn.codes).tolist()) == list(range(100))
    assert [curve.name for curve in drawn.figure.data] == ["others", "tag 0", "tag 1", "tag 2"]
    for curve, codes in zip(drawn.figure.data, drawn.codes, strict=True):
        assert curve.type == "scattergl"
        np.testing.assert_array_equal(curve.x, table.loc[codes, "x"])
        for code, text in zip(codes, curve.text, strict=True):
            assert text.startswith(f"&lt;b&gt;Artist {code}&lt;/b&gt;")


def test_numbers_colour_the_points_the_highest_on_top(table):
    along = Colours.along("Direction", np.array([[1.0, 0], [-3, 4], [0, 0]]), 0)
    assert along.values.tolist() == [1, -0.6, 0]
    curve = draw_map(table.head(3), along).figure.data[0]
    assert curve.marker.color.tolist() == pytest.approx([-0.6, 0, 1])
    assert (curve.marker.cmin, curve.marker.cmax) == (-1, 1)


def test_lit_artists_stand_out_and_those_not_on_the_map_are_left_out(table):
    plain = draw_map(table, groups(table, lambda code: "tag"))
    drawn = draw_map(table, groups(table, lambda code: "tag"), {"Plays": [3, 500], "Recommended": [7, 9]})
    assert [codes.tolist() for codes in drawn.codes[-2:]] == [[3], [7, 9]]
    assert drawn.figure.data[1].marker.opacity < plain.figure.data[1].marker.opacity
    assert {curve.marker.opacity for curve in drawn.figure.data[-2:]} == {1}


def test_an_artist_that_was_found_is_in_the_middle_and_named(table):
    colours = groups(table, lambda code: "tag")
    whole, found = draw_map(table, colours).figure, draw_map(table, colours, found=42).figure
    for figure in (whole, found):
        go.Figure(figure.to_dict())  # plotly takes it
    assert sum(found.layout.xaxis.range) / 2 == pytest.approx(table["x"][42])
    assert found.layout.yaxis.range[1] - found.layout.yaxis.range[0] == pytest.approx(2 * CLOSE)
    assert found.layout.uirevision != whole.layout.uirevision
    assert any("Artist 42" in note.text for note in found.layout.annotations)
    elsewhere = draw_map(table, colours, found=500).figure
    assert elsewhere.layout.xaxis.range == whole.layout.xaxis.range


def test_names_keep_apart(table):
    notes = draw_map(table, groups(table, lambda code: "tag")).figure.layout.annotations
    assert 10 < len(notes) <= 30
    assert "Artist 99" in notes[0].text


def test_names_of_regions_stand_in_their_middle_and_keep_names_of_artists_away(table):
    regions = pd.DataFrame({"x": [0.0, 5.0], "y": [0.0, 0.0]}, ["<i>punk</i>", "elsewhere"])
    names = draw_map(table, groups(table, lambda code: "tag"), regions=regions).figure.layout.annotations
    assert [name.text for name in names if name.font.size == 15] == ["<b>&lt;i&gt;punk&lt;/i&gt;</b>"]
    assert len(names) > 10
    assert all(abs(name.x) > 0.34 or abs(name.y) > 0.09 for name in names if name.font.size != 15)
