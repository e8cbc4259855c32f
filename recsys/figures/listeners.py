"""Charts of listeners: how mainstream they are, beside how much they play."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.data import GREY
from recsys.figures.style import finish, text

MOST_POINTS = 4_000
BIN = 5  # of percent


def mainstream_counts(table: pd.DataFrame, nouns: Nouns = MUSIC, height: int = 330) -> go.Figure:
    """Draw how many users have which mean popularity percentile, in bins of five.

    Parameters
    ----------
    table : DataFrame
        From `listener_table.listener_table`.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.
    """
    edges = np.arange(0, 100 + BIN, BIN)
    counts, _ = np.histogram(table["mainstream"], edges)
    figure = go.Figure(
        go.Bar(
            x=edges[:-1] + BIN / 2,
            y=counts,
            width=BIN,
            customdata=np.column_stack([edges[:-1], edges[1:]]),
            hovertemplate=f"%{{y:,}} {nouns.users}: %{{customdata[0]}} to %{{customdata[1]}}<extra></extra>",
        )
    )
    figure.update_xaxes(title="Mean popularity percentile", range=[0, 100])
    figure.update_yaxes(title=nouns.users.capitalize())
    return finish(figure, height)


def plays_against_mainstream(table: pd.DataFrame, nouns: Nouns = MUSIC, height: int = 330) -> go.Figure:
    """Draw users by how mainstream they are and the sum of their values; the unusual ones stand out.

    Of more than some thousand users, all unusual ones up to that number and evenly spaced others are drawn.

    Parameters
    ----------
    table : DataFrame
        From `listener_table.listener_table`.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.

    Returns
    -------
    go.Figure
        Its points carry the user label as customdata.
    """
    odd = (table["unusual"] != "").to_numpy()
    figure = go.Figure()
    for name, part, style in (
        ("Usual", table[~odd], {"size": 5, "opacity": 0.45, "color": GREY}),
        ("Unusual", table[odd], {"size": 6, "symbol": "diamond"}),
    ):
        shown = part.iloc[:: max(1, -(-len(part) // MOST_POINTS))]
        if shown.empty:
            continue
        why = [nouns.fill(words) for words in shown["unusual"]]
        figure.add_scatter(
            x=shown["mainstream"],
            y=shown["plays"],
            mode="markers",
            name=f"{name} ({len(part):,})",
            marker=style,
            customdata=np.column_stack([shown["listener"].astype(str), shown["listener"].map(text), why]),
            hovertemplate=f"{nouns.user.capitalize()} %{{customdata[1]}}<br>%{{y:,.0f}} {nouns.values}, percentile "
            "%{x:.0f}<br>%{customdata[2]}<extra></extra>",
        )
    figure.update_xaxes(title="Mean popularity percentile")
    figure.update_yaxes(title=nouns.values.capitalize(), type="log", dtick=1)
    return finish(figure, height)
