"""Charts that are written once."""

import json

import numpy as np
import plotly.graph_objects as go
import plotly.io
import plotly.tools

from pages.components.session.preserialized_figure import written_once


def figure():
    drawn = go.Figure(
        go.Scatter(x=np.arange(5, dtype=np.float32), y=[1, None, 3, 4, 5], customdata=[["<b>", 1]] * 5)
    )
    return drawn.update_layout(title="Größe | $1$")


def test_it_is_the_same_json_on_the_way_that_streamlit_goes(monkeypatch):
    plain = plotly.io.to_json(plotly.tools.return_figure_from_figure_or_data(figure(), True), validate=False)
    once = written_once(figure())

    def never(*_):
        raise AssertionError("written again")

    monkeypatch.setattr("plotly.io._json.clean_to_json_compatible", lambda part, **_: part)
    monkeypatch.setattr("copy.deepcopy", never)
    again = plotly.io.to_json(plotly.tools.return_figure_from_figure_or_data(once, True), validate=False)
    assert json.loads(again) == json.loads(plain)


def test_what_is_changed_later_is_not_seen():
    once = written_once(figure())
    once.update_layout(title="Later")
    assert "Later" not in plotly.io.to_json(once, validate=False)
