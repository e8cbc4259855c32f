"""Charts of the story that no other page has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.data.nouns import MUSIC, Nouns
from recsys.data.splitting import Split
from recsys.experiments.training import Epoch
from recsys.figures.style import finish


def spectrum(values: NDArray[np.float64], explained: NDArray[np.float64], height: int = 340) -> go.Figure:
    """Draw the singular values as bars, and the share of the sum of squares that they hold together as a line.

    Parameters
    ----------
    values, explained : float64 array, shape (n_directions,)
        From `story.Story`.
    height : int
        Of the chart, in pixels.
    """
    places = np.arange(1, len(values) + 1)
    figure = go.Figure(
        go.Bar(
            x=places,
            y=values,
            name="Singular value",
            hovertemplate="Direction %{x}: %{y:,.0f}<extra></extra>",
        )
    )
    figure.add_scatter(
        x=places,
        y=explained,
        yaxis="y2",
        mode="lines+markers",
        name="Held together (right)",
        hovertemplate="The first %{x} hold %{y:.0%}<extra></extra>",
    )
    figure.update_xaxes(title="Direction")
    figure.update_layout(
        yaxis={"title": "Singular value"},
        yaxis2={
            "title": "Share of the sum of squares",
            "overlaying": "y",
            "side": "right",
            "tickformat": ".0%",
            "range": [0, 1],
            "showgrid": False,
        },
    )
    return finish(figure, height)


def scaled_values(scaled: NDArray[np.float64], nouns: Nouns = MUSIC, height: int = 340) -> go.Figure:
    """Draw how many pairs have which value after min-max scaling, in equal steps from 0 to 1."""
    counts, edges = np.histogram(scaled, 40, (0, 1))
    figure = go.Figure(
        go.Bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            customdata=np.column_stack([edges[:-1], edges[1:]]),
            hovertemplate="%{y:,} pairs: %{customdata[0]:.3f} to %{customdata[1]:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(title=f"{nouns.value.capitalize()}, scaled to 0 to 1", range=[-0.01, 1])
    figure.update_yaxes(title=f"{nouns.pairs.capitalize()} (logarithmic)", type="log", dtick=1)
    return finish(figure, height)


def parts_of_split(split: Split, nouns: Nouns = MUSIC, height: int = 340) -> go.Figure:
    """Draw how many users have how many items to learn from, and how many are hidden of them."""
    known, hidden = split.train.user_counts, split.held_out.user_counts
    whole = known + hidden
    order = np.argsort(-whole, kind="stable")
    step = max(1, len(order) // 300)
    shown = order[::step]
    figure = go.Figure()
    for name, counts in (("To learn from", known), ("Hidden", hidden)):
        figure.add_bar(
            x=np.arange(len(shown)) * step,
            y=counts[shown],
            width=step,
            name=name,
            hovertemplate=f"%{{y:,}} {nouns.items}<extra>{name}</extra>",
            marker_line_width=0,
        )
    figure.update_layout(barmode="stack", bargap=0)
    figure.update_xaxes(title=f"{nouns.users.capitalize()}, those with most {nouns.items} first")
    figure.update_yaxes(title=nouns.items.capitalize())
    return finish(figure, height)


def errors(history: Sequence[Epoch], mean_error: float, height: int = 360) -> go.Figure:
    """Draw the RMSE by epoch on a logarithmic scale, and that of predicting the mean.

    Parameters
    ----------
    history : sequence of Epoch
        Of a model that has errors.
    mean_error : float
        Validation RMSE of predicting the mean.
    height : int
        Of the chart, in pixels.
    """
    epochs = [epoch.epoch for epoch in history]
    figure = go.Figure()
    for name, values, dash in (
        ("Train RMSE", [epoch.train_rmse for epoch in history], "solid"),
        ("Validation RMSE", [epoch.validation_rmse for epoch in history], "dash"),
        (f"Predict the mean ({mean_error:.3f})", [mean_error] * len(epochs), "dot"),
    ):
        figure.add_scatter(
            x=epochs,
            y=values,
            mode="lines",
            name=name,
            line={"dash": dash},
            hovertemplate="Epoch %{x}: %{y:.4f}<extra></extra>",
        )
    figure.update_xaxes(title="Epoch")
    figure.update_yaxes(title="RMSE (logarithmic)", type="log", dtick=1)
    return finish(figure, height)


def quality(
    table: pd.DataFrame, labels: dict[str, str], nouns: Nouns = MUSIC, height: int = 260
) -> go.Figure:
    """Draw NDCG@10 of the models of the story as bars.

    Parameters
    ----------
    table : DataFrame
        `story.Story.quality`.
    labels : dict of str
        What each row is called.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.
    """
    rows = table.sort_values("ndcg@10")
    figure = go.Figure(
        go.Bar(
            x=rows["ndcg@10"],
            y=[labels[name] for name in rows.index],
            orientation="h",
            text=[f"{value:.4f}" for value in rows["ndcg@10"]],
            textposition="outside",
            cliponaxis=False,
            customdata=10 * rows["precision@10"],
            hovertemplate=f"NDCG@10 %{{x:.4f}}<br>%{{customdata:.2f}} hidden {nouns.items} in a list of ten"
            "<extra></extra>",
        )
    )
    figure.update_yaxes(automargin=True)
    figure.update_xaxes(title="NDCG@10 on what was hidden", range=[0, 1.15 * float(rows["ndcg@10"].max())])
    return finish(figure, height)
