"""Charts of values over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.style import finish, text

MOST_BARS = 120  # above that many months, a line
PALE = 0.4  # opacity of the months that are not chosen


def months(table: pd.DataFrame, column: str, title: str, height: int = 300, when: str = "") -> go.Figure:
    """Draw one column of a table by month.

    Parameters
    ----------
    table : DataFrame
        From `times.by_month` or `times.course`.
    column : str
        Which of its columns.
    title : str
        Of the axis.
    height : int
        Of the chart, in pixels.
    when : str
        Year or month, such as 2023 or 2023-06, that stands out; "" for none.
    """
    share = column == "share"
    template = f"%{{x|%B %Y}}: %{{y:{'.2%' if share else ',.0f'}}} {title.lower()}<extra></extra>"
    if len(table) <= MOST_BARS:
        trace = go.Bar(x=table["month"], y=table[column], hovertemplate=template)
    else:
        trace = go.Scatter(x=table["month"], y=table[column], mode="lines", hovertemplate=template)
    if when:
        chosen = table["month"].dt.strftime("%Y-%m").str.startswith(when)
        trace.update(
            selectedpoints=np.flatnonzero(chosen), unselected={"marker": {"opacity": PALE}}, overwrite=True
        )
    figure = go.Figure(trace)
    figure.update_xaxes(type="date", hoverformat="%B %Y")
    figure.update_yaxes(title=title, rangemode="tozero", tickformat=".1%" if share else None)
    figure.update_layout(bargap=0.15)
    return finish(figure, height)


def risen_and_fallen(table: pd.DataFrame, nouns: Nouns = MUSIC, height: int = 420) -> go.Figure:
    """Draw the share of each item before and after, joined by a line; the greatest rise on top.

    Parameters
    ----------
    table : DataFrame
        From `times.rises`.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.

    Returns
    -------
    go.Figure
        Its points carry the item label as customdata.
    """
    rows = table[::-1]
    places = np.arange(len(rows))
    customdata = np.column_stack([rows["item"].astype(str), rows["artist"].map(text)])
    figure = go.Figure()
    gap = np.full(len(rows), np.nan)
    figure.add_scatter(
        x=np.column_stack([rows["before"], rows["after"], gap]).ravel(),
        y=np.column_stack([places, places, gap]).ravel(),
        mode="lines",
        line={"width": 1.5, "color": "rgba(128, 128, 150, 0.7)"},
        hoverinfo="skip",
        showlegend=False,
    )
    for name, column, symbol in (("First half", "before", "circle-open"), ("Second half", "after", "circle")):
        figure.add_scatter(
            x=rows[column],
            y=places,
            mode="markers",
            name=name,
            marker={"size": 9, "symbol": symbol, "line": {"width": 2}},
            customdata=customdata,
            hovertemplate=f"%{{customdata[1]}}: %{{x:.2%}} of the {nouns.values} of a month<extra>{name}</extra>",
        )
    figure.update_yaxes(tickvals=places, ticktext=rows["artist"].map(text), automargin=True)
    figure.update_xaxes(
        title=f"Mean share of the {nouns.values} of a month", tickformat=".1%", rangemode="tozero"
    )
    return finish(figure, height)


def taste_drift(table: pd.DataFrame, nouns: Nouns = MUSIC, height: int = 300) -> go.Figure:
    """Draw how alike a user's quarters are to their first one, and how much of each goes to new items.

    Parameters
    ----------
    table : DataFrame
        From `times.drift`.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.
    """
    figure = go.Figure()
    for name, column, dash, symbol in (
        ("Like the first quarter", "like_first", "solid", "circle"),
        ("Like the quarter before", "like_before", "dash", "square"),
        (f"{nouns.values.capitalize()} of new {nouns.items}", "new", "dot", "diamond"),
    ):
        figure.add_scatter(
            x=table["quarter"],
            y=table[column],
            mode="lines+markers",
            name=name,
            line={"dash": dash},
            marker={"symbol": symbol},
            hovertemplate="%{x|%B %Y}: %{y:.0%}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(type="date")
    figure.update_yaxes(title="Cosine, or share", tickformat=".0%", range=[0, 1.02])
    return finish(figure, height)
