"""Charts that compare models: figures with their intervals, accuracy trade-offs and list overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.evaluation.metrics import Metric
from recsys.figures.style import MARGIN, finish, text, unchecked

SYMBOLS = ("circle", "diamond", "square", "triangle-up")

BEST, CLOSE, WORSE = "#6e62eb", "#a59ef3", "#8a8a99"


def forest(
    table: pd.DataFrame, metric: Metric, by_split: Sequence[NDArray[np.float64]], marks: Sequence[str]
) -> go.Figure:
    """Draw a metric of each model as a dot with its interval, the first at the top.

    Parameters
    ----------
    table : DataFrame
        Rows of `leaderboard.Leaderboard.table`.
    metric : Metric
    by_split : sequence of float64 array
        The figures of each split, for each row; drawn as small dots where there are several.
    marks : sequence of str
        `best`, `close` or empty for each row, as in `leaderboard.Leaderboard.marks`.
    """
    places = list(range(len(table)))
    colours = [{"best": BEST, "close": CLOSE}.get(mark, WORSE) for mark in marks]
    traces = [
        {
            "type": "scatter",
            "x": values,
            "y": np.full(len(values), place),
            "mode": "markers",
            "marker": {"size": 4, "color": colours[place], "opacity": 0.7},
            "hovertemplate": f"%{{x:.{metric.decimals}f}} on one hold-out<extra></extra>",
        }
        for place, values in zip(places, by_split, strict=True)
        if len(values) > 1
    ]
    halves = table[f"{metric.name}_interval"].to_numpy(np.float64)
    for place, (x, half) in enumerate(zip(table[metric.name], halves, strict=True)):
        symbol = {"best": "diamond", "close": "circle"}.get(marks[place], "circle-open")
        traces.append(
            {
                "type": "scatter",
                "x": [x],
                "y": [place],
                "error_x": {"array": [half], "thickness": 2, "width": 6},
                "mode": "markers",
                "marker": {"size": 11, "color": colours[place], "symbol": symbol},
                "hovertemplate": f"{text(table['model'].iloc[place])}<br>"
                f"{metric.label} {metric.spell(x)} ± {metric.spell(half)}<extra></extra>",
            }
        )
    layout = {
        "xaxis": {"title": {"text": metric.label}},
        "yaxis": {
            "tickvals": places,
            "ticktext": [text(name, 22) for name in table["model"]],
            "range": [len(table) - 0.5, -0.5],
            "automargin": True,
            "zeroline": False,
        },
        "showlegend": False,
        "margin": MARGIN | {"t": 8},
    }
    return unchecked(traces, layout, height=max(160, 70 + 32 * len(table)))


def slices(
    labels: Sequence[str],
    kinds: Sequence[str],
    values: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    metric: Metric,
) -> go.Figure:
    """Draw a metric of some models for each slice, those of one kind under its name.

    Parameters
    ----------
    labels, kinds : sequence of str
        What each slice is called, and what divides it from the others of its kind.
    values : dict of str to (sequence of float, sequence of float)
        By model, the figure of each slice and half the width of its interval; NaN where there is none.
    metric : Metric

    Returns
    -------
    go.Figure
        The custom data of a point is the place of its slice and the model.
    """
    places, titles, at = [], {}, 0.0
    for place, kind in enumerate(kinds):
        if place == 0 or kind != kinds[place - 1]:
            titles[at] = kind
            at += 0.9
        places.append(at)
        at += 1
    figure = go.Figure()
    for number, (model, (figures, halves)) in enumerate(values.items()):
        off = 0.18 * (number - (len(values) - 1) / 2)
        figure.add_scatter(
            x=figures,
            y=[place + off for place in places],
            error_x={"array": halves, "thickness": 1.5, "width": 3},
            mode="markers",
            name=text(model, 22),
            marker={"size": 9, "symbol": SYMBOLS[number % len(SYMBOLS)]},
            customdata=[[place, model] for place in range(len(labels))],
            text=[text(label, 40) for label in labels],
            hovertemplate=f"%{{text}}<br>{text(model)}: %{{x:.{metric.decimals}f}}<extra></extra>",
        )
    for height, kind in titles.items():
        figure.add_annotation(
            x=0,
            y=height,
            xref="paper",
            text=f"<b>{text(kind, 60)}</b>",
            showarrow=False,
            xanchor="left",
            yanchor="middle",
        )
    figure.update_xaxes(title=metric.label, rangemode="tozero")
    figure.update_yaxes(
        tickvals=places,
        ticktext=[text(label, 28) for label in labels],
        range=[at - 0.4, -0.5],
        automargin=True,
        zeroline=False,
    )
    return finish(figure, height=90 + int(34 * at))


def spread(values: NDArray[np.float64], metric: Metric, users: str) -> go.Figure:
    """Draw how many users have which figure.

    Parameters
    ----------
    values : float64 array, shape (n_users,)
    metric : Metric
    users : str
        What users are called.
    """
    figure = go.Figure(go.Histogram(x=values, nbinsx=30, hovertemplate="%{x}: %{y:,}<extra></extra>"))
    mean = float(values.mean())
    figure.add_vline(x=mean, line={"dash": "dash", "width": 1.5})
    figure.add_annotation(
        x=mean,
        y=1,
        yref="paper",
        text=f"mean {metric.spell(mean)}",
        showarrow=False,
        xanchor="left",
        xshift=6,
    )
    figure.update_xaxes(title=metric.label)
    figure.update_yaxes(title=users.capitalize())
    return finish(figure, height=300)


def trade_off(table: pd.DataFrame, against: str, title: str) -> go.Figure:
    """Draw the accuracy of the models of a leaderboard against another measure.

    Parameters
    ----------
    table : DataFrame
        From `leaderboard.Leaderboard.table`.
    against : str
        Its column for the horizontal axis.
    title : str
        What that is called.

    Returns
    -------
    go.Figure
        The area of a point grows with the seconds it took to train.
    """
    seconds = table["seconds"].to_numpy(np.float64)
    x, y = table[against].to_numpy(np.float64), table["ndcg"].to_numpy(np.float64)
    trace = {
        "type": "scatter",
        "x": x,
        "y": y,
        "error_x": {"array": table[f"{against}_interval"].to_numpy(), "thickness": 1, "width": 3},
        "error_y": {"array": table["ndcg_interval"].to_numpy(), "thickness": 1, "width": 3},
        "mode": "markers",
        "text": [text(name) for name in table["model"]],
        "marker": {"size": 10 + 30 * np.sqrt(seconds / max(seconds.max(), 1e-9)), "opacity": 0.7},
        "customdata": seconds,
        "hovertemplate": f"%{{text}}<br>NDCG %{{y:.4f}}<br>{title} %{{x:.3f}}<br>%{{customdata:.2f}} s<extra></extra>",
    }
    room = 0.06 * (np.ptp(x) or abs(x.max()) or 1)
    right, top = x.max() + room, 1.12 * y.max() or 1
    names = [text(name, 22) for name in table["model"]]
    annotations = [
        {
            "x": x[at],
            "y": y[at],
            "text": names[at],
            "axref": "x",
            "ayref": "y",
            "ax": right,
            "ay": height,
            "xanchor": "left",
            "align": "left",
            "arrowhead": 0,
            "arrowwidth": 0.7,
            "arrowcolor": "rgba(128, 128, 150, 0.7)",
            "standoff": 6,
            "font": {"size": 11},
        }
        for at, height in _apart(y, top / 22).items()
    ]
    layout = {
        "annotations": annotations,
        "xaxis": {"title": {"text": title}, "range": [x.min() - room, right]},
        "yaxis": {"title": {"text": "NDCG"}, "range": [-0.02 * top, top]},
        "margin": MARGIN | {"t": 8, "r": 20 + 6 * max(map(len, names))},
    }
    return unchecked([trace], layout, height=460)


def _apart(heights: NDArray[np.float64], step: float) -> dict[int, float]:
    """Move heights of 0 or more as little as keeps them a step apart; by their place, from the top."""
    order = np.argsort(-heights, kind="stable")
    moved: dict[int, float] = {}
    highest = np.inf
    for below, at in enumerate(order):
        highest = max(min(float(heights[at]), highest - step), (len(order) - 1 - below) * step)
        moved[int(at)] = highest
    return moved


def overlap(labels: Sequence[str], shared: NDArray[np.int64], jaccard: NDArray[np.float64]) -> go.Figure:
    """Draw how much the lists of several models have in common, each pair once.

    Parameters
    ----------
    labels : sequence of str
        What the models are called.
    shared : int64 array, shape (n_models, n_models)
        How many items two lists share.
    jaccard : float64 array, shape (n_models, n_models)
        Shared items over all items of two lists, 0 to 1.
    """
    down, across = labels[1:], labels[:-1]
    below = np.tril(np.ones((len(down), len(across)), bool))
    figure = go.Figure(
        go.Heatmap(
            z=np.where(below, jaccard[1:, :-1], np.nan),
            x=np.arange(len(across)),
            y=np.arange(len(down)),
            text=np.where(
                below,
                [
                    [f"{n} shared<br>{j:.2f}" for n, j in zip(*row, strict=True)]
                    for row in zip(shared[1:, :-1], jaccard[1:, :-1], strict=True)
                ],
                "",
            ),
            texttemplate="%{text}",
            customdata=[[f"{text(one)}<br>{text(other)}" for other in across] for one in down],
            hovertemplate="%{customdata}<br>%{text}<extra></extra>",
            hoverongaps=False,
            zmin=0,
            zmax=1,
            showscale=False,
            xgap=2,
            ygap=2,
        )
    )
    figure.update_xaxes(
        tickvals=np.arange(len(across)),
        ticktext=[text(name, 18) for name in across],
        side="top",
        showgrid=False,
    )
    figure.update_yaxes(
        tickvals=np.arange(len(down)),
        ticktext=[text(name, 18) for name in down],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    return finish(figure, height=60 + 64 * len(down)).update_layout(margin_t=40)
