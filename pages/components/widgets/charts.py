"""Charts of artists that open an artist on a click."""

from __future__ import annotations

from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.components.session import cached, session
from pages.components.widgets.pickers import open_artist
from recsys.figures import data

# The modebar keeps out of the way, and cannot send a chart's data anywhere.
CHART = {"displayModeBar": False}


# One that can be kept as a picture: the browser draws it, without the network.
PICTURE = {
    "displaylogo": False,
    "modeBarButtons": [["toImage"]],
    "toImageButtonOptions": {"format": "png", "scale": 2, "filename": "encore"},
}


@st.fragment
def top_charts() -> None:
    """Draw the artists with the most plays and those with the most listeners, as many as wanted."""
    nouns = session.nouns()
    shown = st.slider(
        f"{nouns.items.capitalize()} in the charts",
        5,
        50,
        20,
        key="top",
        persist_state="session",
    )
    for column, by in zip(st.columns(2), ("plays", "listeners"), strict=True):
        with column:
            word = nouns.values if by == "plays" else nouns.users
            st.subheader(f"Most {word}", anchor=False)
            figure = cached.figure(
                "top",
                partial(data.top_artists, cached.ranks(), by, shown, nouns),
                by,
                shown,
            )
            artist_chart(figure, f"{by}-chart", f"{nouns.items.capitalize()} with the most {word}")


def artist_chart(figure: go.Figure, key: str, alt: str, config: dict[str, Any] = CHART) -> None:
    """Draw a chart whose points carry an item, or an empty text; choosing an item opens that artist's page."""
    event: Any = st.plotly_chart(
        figure, key=key, on_select="rerun", selection_mode="points", alt=alt, config=config
    )
    if event.selection.points and (item := event.selection.points[0]["customdata"][0]):
        open_artist(str(item))
