"""Serialize a figure once and reuse its JSON."""

from __future__ import annotations

from typing import Any

import orjson
import plotly.graph_objects as go


class _Written(dict[str, Any]):
    """A figure as a dictionary, with its JSON beside it: plotly asks for `to_plotly_json` before it writes one."""

    def __init__(self, figure: go.Figure) -> None:
        super().__init__(figure.to_dict())
        self.json = figure.to_json().encode()

    def to_plotly_json(self) -> orjson.Fragment:
        return orjson.Fragment(self.json)


def written_once(figure: go.Figure) -> go.Figure:
    """Return the figure, fixed as it is: what is changed in it from now on is not seen.

    Parameters
    ----------
    figure : go.Figure
        Its JSON, as `plotly.io.to_json` gives it, stays the same to the last digit.
    """
    written = _Written(figure)
    # the parts of a figure can be set by any name, hence past its own check
    object.__setattr__(figure, "to_dict", lambda: written)
    return figure
