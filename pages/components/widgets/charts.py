"""Charts of artists that open an artist on a click."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.components.widgets.pickers import open_artist

# The modebar keeps out of the way, and cannot send a chart's data anywhere.
CHART = {"displayModeBar": False}


# One that can be kept as a picture: the browser draws it, without the network.
PICTURE = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "encore"},
}


def artist_chart(figure: go.Figure, key: str, alt: str, config: dict[str, Any] = CHART) -> None:
    """Draw a chart whose points carry an item, or an empty text; choosing an item opens that artist's page."""
    event: Any = st.plotly_chart(
        figure, key=key, on_select="rerun", selection_mode="points", alt=alt, config=config
    )
    if event.selection.points and (item := event.selection.points[0]["customdata"][0]):
        open_artist(str(item))
