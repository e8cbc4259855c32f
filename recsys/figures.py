"""Charts: data in, plotly figure out. Colours come from the page's theme."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recsys.interactions import Interactions
from recsys.popularity import Concentration, Regression
from recsys.training import Epoch

LONGEST_NAME = 32


def text(name: object) -> str:
    """Return a name as plotly shows it: as text, whatever it holds, and not too long."""
    shown = str(name)
    if len(shown) > LONGEST_NAME:
        shown = shown[: LONGEST_NAME - 1].rstrip() + "…"
    return html.escape(shown, quote=False)


def play_distribution(interactions: Interactions) -> go.Figure:
    """Draw how many pairs have how many plays, in bins that grow by powers of ten."""
    logs = np.log10(interactions.values.astype(np.float64))
    low, high = np.floor(logs.min()), max(np.ceil(logs.max()), np.floor(logs.min()) + 1)
    edges = np.linspace(low, high, int(high - low) * 8 + 1)
    counts, edges = np.histogram(logs, edges)
    ends = 10**edges
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            customdata=np.column_stack([ends[:-1], ends[1:]]),
            hovertemplate="%{y:,} pairs: %{customdata[0]:,.0f} to %{customdata[1]:,.0f} plays<extra></extra>",
        )
    )
    powers = np.arange(low, high + 1)
    figure.update_xaxes(
        title="Plays of one artist by one listener",
        tickvals=powers,
        ticktext=[f"{10**power:,.0f}" if power >= 0 else f"{10**power:g}" for power in powers],
    )
    figure.update_yaxes(title="Listener-artist pairs")
    return _finish(figure)


def top_artists(table: pd.DataFrame, by: str, n: int = 20) -> go.Figure:
    """Draw the `n` first artists of a rank table as bars with percentages.

    Parameters
    ----------
    table : DataFrame
        From `popularity.rank_table`.
    by : str
        `plays` or `listeners`.
    n : int
        How many.

    Returns
    -------
    go.Figure
        Its bars carry the item label as customdata.
    """
    top = table.nlargest(n, by, keep="first")[::-1]
    share = top[f"share_of_{by}"]
    whole = {"plays": "all plays", "listeners": "all listeners"}[by]
    figure = go.Figure(
        go.Bar(
            x=top[by],
            y=np.arange(len(top)),
            orientation="h",
            text=[f"{part:.1%}" for part in share],
            textposition="outside",
            cliponaxis=False,
            customdata=np.column_stack([top["item"].astype(str), top["artist"].map(text)]),
            hovertemplate=f"%{{customdata[1]}}<br>%{{x:,.0f}} {by}, %{{text}} of {whole}<extra></extra>",
        )
    )
    figure.update_yaxes(tickvals=np.arange(len(top)), ticktext=top["artist"].map(text), automargin=True)
    figure.update_xaxes(title=f"{by.capitalize()} (with the share of {whole})", rangemode="tozero")
    figure.update_layout(bargap=0.25)
    return _finish(figure, height=120 + 24 * len(top))


def plays_against_listeners(table: pd.DataFrame, line: Regression | None, named: int = 12) -> go.Figure:
    """Draw every artist by listeners and plays, the regression line, and the names of the most played."""
    hover = "%{customdata[1]}<br>%{x:,} listeners, %{y:,.0f} plays<extra></extra>"

    def points(part: pd.DataFrame, **style: object) -> go.Scattergl:
        return go.Scattergl(
            x=part["listeners"],
            y=part["plays"],
            customdata=np.column_stack([part["item"].astype(str), part["artist"].map(text)]),
            hovertemplate=hover,
            **style,
        )

    top = table.nlargest(named, "plays")
    rest = table.drop(top.index)
    figure = go.Figure(points(rest, mode="markers", name="Artists", marker={"size": 5, "opacity": 0.45}))
    if line is not None:
        ends = np.array([table["listeners"].min(), table["listeners"].max()], np.float64)
        figure.add_scatter(
            x=ends,
            y=10**line.intercept * ends**line.slope,
            mode="lines",
            name=f"Regression: plays ~ listeners^{line.slope:.2f}",
            hoverinfo="skip",
        )
    figure.add_trace(points(top, mode="markers", name=f"{len(top)} most played", marker={"size": 9}))
    for row, (across, up) in zip(top.itertuples(), _label_offsets(top), strict=True):
        figure.add_annotation(
            x=np.log10(row.listeners),
            y=np.log10(row.plays),
            text=text(row.artist),
            ax=across,
            ay=up,
            arrowwidth=0.6,
            arrowsize=0.6,
            font={"size": 11},
        )
    figure.update_xaxes(title="Listeners", type="log", dtick=1)
    figure.update_yaxes(title="Plays", type="log", dtick=1)
    return _finish(figure, height=520)


def _label_offsets(top: pd.DataFrame) -> list[tuple[int, int]]:
    """Fan the labels of neighbouring points out in pixels: above the cloud, in the order of the points."""
    order = np.argsort(np.argsort(top["listeners"].to_numpy(), kind="stable"), kind="stable")
    middle = (len(top) - 1) / 2
    return [(int(26 * (place - middle)), -24 - 22 * int(place % 4)) for place in order]


def lorenz(concentration: Concentration) -> go.Figure:
    """Draw the Lorenz curve of plays over artists beside the line of equal shares."""
    step = max(1, len(concentration.items) // 500)
    keep = np.unique(np.append(np.arange(0, len(concentration.items), step), len(concentration.items) - 1))
    figure = go.Figure(
        go.Scatter(
            x=concentration.items[keep],
            y=concentration.plays[keep],
            mode="lines",
            fill="tozeroy",
            name="Plays",
            hovertemplate="The %{x:.1%} least played artists have %{y:.1%} of all plays<extra></extra>",
        )
    )
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot"},
        name="If all were played alike",
        hoverinfo="skip",
    )
    figure.update_xaxes(title="Share of artists, least played first", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title="Share of plays", tickformat=".0%", range=[0, 1])
    return _finish(figure)


def learning_curves(
    history: Sequence[Epoch],
    epochs: int,
    target: str,
    references: dict[str, float],
    best: Epoch | None,
    best_by: str = "rmse",
) -> go.Figure:
    """Draw what was measured by epoch: the errors above, the quality of the lists below.

    Parameters
    ----------
    history : sequence of Epoch
        May be empty.
    epochs : int
        How many epochs there will be: the length of the axis.
    target : str
        What is predicted, with its unit.
    references : dict
        RMSE of simpler predictions on the validation pairs, by their name.
    best : Epoch or None
        The epoch to mark.
    best_by : str
        The curve to mark it on: `rmse` (validation) or `ndcg`.
    """
    passes = np.array([epoch.epoch for epoch in history], np.int16)
    figure = go.Figure()
    for name, errors in (
        ("Train RMSE", [epoch.train_rmse for epoch in history]),
        ("Validation RMSE", [epoch.validation_rmse for epoch in history]),
    ):
        figure.add_scatter(
            x=passes, y=np.array(errors, np.float32), mode="lines", name=name, hovertemplate="%{y:.4f}"
        )
    ranked = [epoch for epoch in history if epoch.ndcg is not None]
    for name, values, dash in (
        ("NDCG@10", [epoch.ndcg for epoch in ranked], "solid"),
        ("Recall@10", [epoch.recall for epoch in ranked], "dash"),
    ):
        figure.add_scatter(
            x=np.array([epoch.epoch for epoch in ranked], np.int16),
            y=np.array(values, np.float32),
            yaxis="y2",
            mode="lines+markers",
            marker={"size": 5},
            line={"dash": dash},
            name=name,
            hovertemplate="%{y:.4f}",
        )
    by_ndcg = best_by == "ndcg"
    figure.add_scatter(
        x=[best.epoch] if best else [],
        y=[best.ndcg if by_ndcg else best.validation_rmse] if best else [],
        yaxis="y2" if by_ndcg else "y",
        mode="markers",
        marker={"size": 12, "symbol": "star"},
        name="Best NDCG@10" if by_ndcg else "Lowest validation RMSE",
        hovertemplate="epoch %{x}",
    )
    for name, error in references.items():
        figure.add_scatter(
            x=[0.5, epochs + 0.5],
            y=[error, error],
            mode="lines",
            line={"dash": "dot", "width": 1.5},
            name=f"{name} ({error:.4f})",
            hoverinfo="skip",
        )
    figure.update_layout(
        xaxis={"title": "Epoch", "range": [0.5, epochs + 0.5], "tickformat": "d", "anchor": "y2"},
        yaxis={
            "title": f"RMSE of {target}",
            "domain": [0.4, 1],
            "rangemode": "normal" if history else "tozero",
        },
        yaxis2={"title": "Lists", "domain": [0, 0.32], "rangemode": "tozero", "anchor": "x"},
        hovermode="x unified",
        hoversubplots="axis",
    )
    return _finish(figure, height=520)


def _finish(figure: go.Figure, height: int = 380) -> go.Figure:
    """Give every chart the same margins and a legend that takes no width."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 24, "t": 36, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        showlegend=len(figure.data) > 1,
        hoverlabel={"align": "left"},
    )
    return figure
