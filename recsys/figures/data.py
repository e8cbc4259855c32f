"""Charts of the data: popularity and its distribution."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.analysis.popularity import Concentration, Regression, value_bins
from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.style import finish, text

# Points that share one of these places, across and up, cover each other. Where too many are left for a browser
# to draw at once, places are larger.
PLACES = ((550, 225), (275, 112), (180, 75))


MOST_POINTS = 4_000


GREY = "#8a87a0"
PALE = 0.35  # of what is not chosen
OPACITY = 0.45  # of one point; several on each other are as dark as if each were drawn


def play_distribution(interactions: Interactions, nouns: Nouns = MUSIC) -> go.Figure:
    """Draw how many pairs have how many plays, in bins that grow by a fifth of a power of ten."""
    edges, counts = value_bins(interactions)
    low, high = edges[0], edges[-1]
    ends = 10**edges
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            customdata=np.column_stack([ends[:-1], ends[1:]]),
            hovertemplate="%{y:,} pairs: %{customdata[0]:,.0f} to %{customdata[1]:,.0f}<extra></extra>",
        )
    )
    powers = np.arange(low, high + 1)
    figure.update_xaxes(
        title=f"{nouns.value.capitalize()} of one {nouns.item} by one {nouns.user}",
        tickvals=powers,
        ticktext=[f"{10**power:,.0f}" if power >= 0 else f"{10**power:g}" for power in powers],
    )
    figure.update_yaxes(title=nouns.pairs.capitalize())
    return finish(figure)


def top_artists(
    table: pd.DataFrame,
    by: str,
    n: int = 20,
    nouns: Nouns = MUSIC,
    picked: Collection[int] = (),
    height: int = 0,
) -> go.Figure:
    """Draw the `n` first artists of a rank table as bars with percentages.

    Parameters
    ----------
    table : DataFrame
        From `popularity.rank_table`.
    by : str
        `plays` or `listeners`.
    n : int
        How many.
    nouns : Nouns
        What the data is about.
    picked : collection of int
        Item codes: where some are given, the bars of all others are pale.
    height : int
        Of the chart, in pixels; that which suits the number of bars if 0.

    Returns
    -------
    go.Figure
        Its bars carry the item label as customdata.
    """
    top = table.nlargest(n, by, keep="first")[::-1]
    share = top[f"share_of_{by}"]
    word = {"plays": nouns.values, "listeners": nouns.users}[by]
    whole = f"all {word}"
    figure = go.Figure(
        go.Bar(
            x=top[by],
            y=np.arange(len(top)),
            orientation="h",
            text=[f"{part:.1%}" for part in share],
            textposition="outside",
            cliponaxis=False,
            selectedpoints=np.flatnonzero(top.index.isin(list(picked))) if picked else None,
            unselected={"marker": {"opacity": PALE}},
            customdata=np.column_stack([top["item"].astype(str), top["artist"].map(text)]),
            hovertemplate=f"%{{customdata[1]}}<br>%{{x:,.0f}} {word}, %{{text}} of {whole}<extra></extra>",
        )
    )
    figure.update_yaxes(tickvals=np.arange(len(top)), ticktext=top["artist"].map(text), automargin=True)
    figure.update_xaxes(title=f"{word.capitalize()} (with the share of {whole})", rangemode="tozero")
    figure.update_layout(bargap=0.25)
    return finish(figure, height=height or 120 + 24 * len(top))


def plays_against_listeners(
    table: pd.DataFrame,
    line: Regression | None,
    named: int = 10,
    nouns: Nouns = MUSIC,
    chosen: NDArray[np.bool_] | None = None,
    box: Mapping[str, tuple[float, float] | None] = MappingProxyType({}),
    height: int = 520,
) -> go.Figure:
    """Draw artists by listeners and plays, the regression line, and the names of the most played.

    Where several would cover each other, the point is that of the most played, and says how many more there are.

    Parameters
    ----------
    table : DataFrame
        From `popularity.rank_table`: the most played first.
    line : Regression or None
        From `popularity.plays_by_listeners`.
    named : int
        How many names are written.
    nouns : Nouns
        What the data is about.
    chosen : bool array, shape (n_rows,), optional
        Rows that are drawn in full and named; the others are grey and behind them.
    box : mapping
        Bounds of what is chosen, by `listeners` and `plays`: drawn as a rectangle.
    height : int
        Of the chart, in pixels.

    Returns
    -------
    go.Figure
        Its points carry the item label as customdata.
    """
    across, up = (_log_range(table[column]) for column in ("listeners", "plays"))
    inside = table if chosen is None else table[chosen]
    top, rest = inside[:named], inside[named:]

    def points(part: pd.DataFrame, more: NDArray[np.int64], **style: object) -> go.Scatter:
        said = [f"<br>and {n:,} more here" if n else "" for n in more]
        return go.Scatter(
            x=part["listeners"],
            y=part["plays"],
            customdata=np.column_stack([part["item"].astype(str), part["artist"].map(text), said]),
            hovertemplate=f"%{{customdata[1]}}<br>%{{x:,}} {nouns.users}, %{{y:,.0f}} {nouns.values}"
            "%{customdata[2]}<extra></extra>",
            mode="markers",
            **style,
        )

    def cloud(part: pd.DataFrame, name: str, shown: float = 1.0, **style: object) -> go.Scatter:
        for places in PLACES:
            first, covered = _uncovered(part, across, up, places)
            if len(first) <= MOST_POINTS:
                break
        opacity = (shown * (1 - (1 - OPACITY) ** (1.0 + covered))).astype(np.float32)
        return points(part.iloc[first], covered, name=name, marker={"size": 5, "opacity": opacity} | style)

    figure = go.Figure()
    if chosen is not None:
        figure.add_trace(cloud(table[~chosen], "Not chosen", PALE, color=GREY))
    figure.add_trace(cloud(rest, nouns.items.capitalize() if chosen is None else "Chosen"))
    if line is not None:
        ends = np.array([table["listeners"].min(), table["listeners"].max()], np.float64)
        figure.add_scatter(
            x=ends,
            y=10**line.intercept * ends**line.slope,
            mode="lines",
            name=f"{nouns.values.capitalize()} ~ {nouns.users}^{line.slope:.2f}",
            hoverinfo="skip",
        )
    none = np.zeros(len(top), np.int64)
    figure.add_trace(points(top, none, name=f"{len(top)} with most {nouns.values}", marker={"size": 9}))
    figure.update_xaxes(title=nouns.users.capitalize(), type="log", dtick=1, range=across)
    figure.update_yaxes(title=nouns.values.capitalize(), type="log", dtick=1, range=up)
    bounds = {name: bounds for name, bounds in box.items() if bounds}
    if bounds:
        x, y = bounds.get("listeners", (0, 1)), bounds.get("plays", (0, 1))
        figure.add_shape(
            type="rect",
            x0=x[0],
            x1=x[1],
            y0=y[0],
            y1=y[1],
            xref="x" if "listeners" in bounds else "x domain",
            yref="y" if "plays" in bounds else "y domain",
            line={"dash": "dot", "width": 1.5, "color": GREY},
        )
    finish(figure, height=height).update_layout(dragmode="select")
    _name_at_the_side(figure, top, across, up)
    return figure


def _uncovered(
    table: pd.DataFrame, across: tuple[float, float], up: tuple[float, float], places: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return the first row of each place of the chart, and how many more rows fall on it."""
    place = np.zeros(len(table), np.int64)
    for column, (low, high), n in zip(("listeners", "plays"), (across, up), places, strict=True):
        share = (np.log10(table[column].to_numpy(np.float64)) - low) / (high - low)
        place = place * n + (share * n).astype(np.int64)
    _, first, counts = np.unique(place, return_index=True, return_counts=True)
    return first, counts - 1


def _log_range(values: pd.Series) -> tuple[float, float]:
    """Return the ends of a logarithmic axis, with some room."""
    low, high = np.log10(values.min()), np.log10(values.max())
    room = 0.04 * (high - low) + 0.05
    return float(low - room), float(high + room)


def _name_at_the_side(
    figure: go.Figure, top: pd.DataFrame, across: tuple[float, float], up: tuple[float, float]
) -> None:
    """Write the names one below the other beside the chart, each with a line to its point.

    Names at the points would cover one another: the most played lie close together.
    """
    step = (up[1] - up[0]) / 20
    top = top.sort_values("plays", ascending=False, kind="stable")
    for place, row in enumerate(top.itertuples()):
        figure.add_annotation(
            x=np.log10(row.listeners),
            y=np.log10(row.plays),
            text=text(row.artist, 18),
            axref="x",
            ayref="y",
            ax=across[1] + (across[1] - across[0]) / 100,
            ay=up[1] - step * (place + 0.5),
            xanchor="left",
            align="left",
            arrowhead=0,
            arrowwidth=0.7,
            arrowcolor="rgba(128, 128, 150, 0.7)",
            standoff=5,
            font={"size": 11},
        )
    figure.update_layout(margin_r=20 + 7 * max((len(text(name, 18)) for name in top["artist"]), default=0))


def lorenz(concentration: Concentration, nouns: Nouns = MUSIC) -> go.Figure:
    """Draw the Lorenz curve of plays over artists beside the line of equal shares."""
    step = max(1, len(concentration.items) // 500)
    keep = np.unique(np.append(np.arange(0, len(concentration.items), step), len(concentration.items) - 1))
    figure = go.Figure(
        go.Scatter(
            x=concentration.items[keep],
            y=concentration.plays[keep],
            mode="lines",
            fill="tozeroy",
            name=nouns.values.capitalize(),
            hovertemplate=f"The %{{x:.1%}} {nouns.items} with the fewest {nouns.values} have %{{y:.1%}} of all"
            "<extra></extra>",
        )
    )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot"},
        name="If all had the same",
        hoverinfo="skip",
    )
    figure.update_xaxes(
        title=f"Share of {nouns.items}, those with the fewest {nouns.values} first",
        tickformat=".0%",
        range=[0, 1],
    )
    figure.update_yaxes(title=f"Share of {nouns.values}", tickformat=".0%", range=[0, 1])
    return finish(figure)
