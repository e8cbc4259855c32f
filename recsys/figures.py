"""Charts: data in, plotly figure out. Colours come from the page's theme."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.datasets.base import MUSIC, Nouns
from recsys.interactions import Interactions
from recsys.popularity import Concentration, Regression
from recsys.training import Epoch

# Points that share one of these places, across and up, cover each other. Where too many are left for a browser
# to draw at once, places are larger.
PLACES = ((550, 225), (275, 112), (180, 75))
MOST_POINTS = 4_000
OPACITY = 0.45  # of one point; several on each other are as dark as if each were drawn
LONGEST_NAME = 32


def text(name: object, longest: int = LONGEST_NAME) -> str:
    """Return a name as plotly shows it: as text, whatever it holds, and not too long."""
    shown = " ".join(str(name).split())
    if len(shown) > longest:
        shown = shown[: longest - 1].rstrip() + "…"
    return html.escape(shown, quote=False)


def play_distribution(interactions: Interactions, nouns: Nouns = MUSIC) -> go.Figure:
    """Draw how many pairs have how many plays, in bins that grow by a fifth of a power of ten."""
    values = interactions.values
    least, most = (np.log10(float(value)) for value in (values.min(), values.max()))
    low, high = np.floor(least), max(np.ceil(most), np.floor(least) + 1)
    edges = np.linspace(low, high, int(high - low) * 5 + 1)  # narrower ones would miss 2 or 3
    # single precision, rounded up: a whole power of ten never falls below its edge
    bins = ((np.log10(values) - np.float32(low)) * np.float32(5) + np.float32(1e-5)).astype(np.int32)
    counts = np.bincount(np.clip(bins, 0, len(edges) - 2), minlength=len(edges) - 1)
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


def top_artists(table: pd.DataFrame, by: str, n: int = 20, nouns: Nouns = MUSIC) -> go.Figure:
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
            customdata=np.column_stack([top["item"].astype(str), top["artist"].map(text)]),
            hovertemplate=f"%{{customdata[1]}}<br>%{{x:,.0f}} {word}, %{{text}} of {whole}<extra></extra>",
        )
    )
    figure.update_yaxes(tickvals=np.arange(len(top)), ticktext=top["artist"].map(text), automargin=True)
    figure.update_xaxes(title=f"{word.capitalize()} (with the share of {whole})", rangemode="tozero")
    figure.update_layout(bargap=0.25)
    return finish(figure, height=120 + 24 * len(top))


def plays_against_listeners(
    table: pd.DataFrame, line: Regression | None, named: int = 10, nouns: Nouns = MUSIC
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

    Returns
    -------
    go.Figure
        Its points carry the item label as customdata.
    """
    across, up = (_log_range(table[column]) for column in ("listeners", "plays"))
    top, rest = table[:named], table[named:]
    for places in PLACES:
        first, covered = _uncovered(rest, across, up, places)
        if len(first) <= MOST_POINTS:
            break

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

    marker = {"size": 5, "opacity": (1 - (1 - OPACITY) ** (1.0 + covered)).astype(np.float32)}
    figure = go.Figure(points(rest.iloc[first], covered, name=nouns.items.capitalize(), marker=marker))
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
    finish(figure, height=520)
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


def learning_curves(
    history: Sequence[Epoch],
    epochs: int,
    target: str,
    references: dict[str, float],
    best: Epoch | None,
    best_by: str = "rmse",
    errors: bool = True,
) -> go.Figure:
    """Draw what was measured by epoch: the errors above, if any, the quality of the lists below.

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
    errors : bool
        Whether the model has errors to be drawn.
    """
    # Where nothing is hidden there is no error to compare with, and plotly.js draws no axis up to NaN.
    references = {name: error for name, error in references.items() if np.isfinite(error)}
    passes = np.array([epoch.epoch for epoch in history], np.int16)
    rmse = {
        "Train RMSE": [epoch.train_rmse for epoch in history],
        "Validation RMSE": [epoch.validation_rmse for epoch in history],
    }
    curves: list[dict[str, Any]] = [
        {
            "x": passes,
            "y": np.array(curve, np.float32),
            "mode": "lines",
            "name": name,
            "hovertemplate": "%{y:.4f}",
        }
        for name, curve in (rmse.items() if errors else ())
    ]
    ranked = [epoch for epoch in history if epoch.ndcg is not None]
    curves += [
        {
            # plotly.js leaves out a curve without a point, and stumbles over an axis without a curve
            "x": np.array([epoch.epoch for epoch in ranked] or [1], np.int16),
            "y": np.array(values or [np.nan], np.float32),
            "yaxis": "y2",
            "mode": "lines+markers",
            "marker": {"size": 5},
            "line": {"dash": dash},
            "name": name,
            "hovertemplate": "%{y:.4f}",
        }
        for name, values, dash in (
            ("NDCG@10", [epoch.ndcg for epoch in ranked], "solid"),
            ("Recall@10", [epoch.recall for epoch in ranked], "dash"),
        )
    ]
    by_ndcg = best_by == "ndcg" or not errors
    curves.append(
        {
            "x": [best.epoch] if best else [],
            "y": [best.ndcg if by_ndcg else best.validation_rmse] if best else [],
            "yaxis": "y2" if by_ndcg else "y",
            "mode": "markers",
            "marker": {"size": 12, "symbol": "star"},
            "name": "Best NDCG@10" if by_ndcg else "Lowest validation RMSE",
            "hovertemplate": "epoch %{x}",
        }
    )
    curves += [
        {
            "x": [0.5, epochs + 0.5],
            "y": [error, error],
            "mode": "lines",
            "line": {"dash": "dot", "width": 1.5},
            "name": f"{name} ({error:.4f})",
            "hoverinfo": "skip",
        }
        for name, error in references.items()
    ]
    layout: dict[str, Any] = {
        "xaxis": {
            "title": {"text": "Epoch"},
            "range": [0.5, epochs + 0.5],
            "tickformat": "d",
            "anchor": "y2",
        },
        # Below 0.01 there is only noise to see, so the axis does not stretch it.
        "yaxis2": {
            "title": {"text": "Lists"},
            "domain": [0, 0.32 if errors else 1],
            # plotly.js has no range of its own for an axis without a point
            **(
                {"rangemode": "tozero", "autorangeoptions": {"include": 0.01}}
                if ranked
                else {"range": [0, 0.01]}
            ),
            "tickformat": "~g",
            "anchor": "x",
        },
        "hovermode": "x unified",
    }
    if errors:
        layout |= {
            "yaxis": {
                "title": {"text": f"RMSE of {target}"},
                "domain": [0.4, 1],
                **({} if history else {"range": [0, 1.1 * max(references.values(), default=1.0)]}),
            },
            "hoversubplots": "axis",
        }
    # Unchecked, in one go: this is drawn at each move of a slider, and plotly's checks take longer than the rest.
    return go.Figure(
        {
            "data": [{"type": "scatter", **curve} for curve in curves],
            "layout": layout | _frame(len(curves), height=520 if errors else 380),
        },
        _validate=False,
    )


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
    figure = go.Figure(
        go.Scatter(
            x=x,
            y=y,
            error_x={"array": table[f"{against}_interval"], "thickness": 1, "width": 3},
            error_y={"array": table["ndcg_interval"], "thickness": 1, "width": 3},
            mode="markers",
            text=table["model"].map(text),
            marker={"size": 10 + 30 * np.sqrt(seconds / max(seconds.max(), 1e-9)), "opacity": 0.7},
            customdata=seconds,
            hovertemplate="%{text}<br>NDCG %{y:.4f}<br>"
            + title
            + " %{x:.3f}<br>%{customdata:.2f} s<extra></extra>",
        )
    )
    room = 0.06 * (np.ptp(x) or abs(x.max()) or 1)
    right, top = x.max() + room, 1.12 * y.max() or 1
    for at, height in _apart(y, top / 22).items():
        figure.add_annotation(
            x=x[at],
            y=y[at],
            text=text(table["model"].iloc[at], 22),
            axref="x",
            ayref="y",
            ax=right,
            ay=height,
            xanchor="left",
            align="left",
            arrowhead=0,
            arrowwidth=0.7,
            arrowcolor="rgba(128, 128, 150, 0.7)",
            standoff=6,
            font={"size": 11},
        )
    figure.update_xaxes(title=title, range=[x.min() - room, right])
    figure.update_yaxes(title="NDCG", range=[-0.02 * top, top])
    longest = max(len(text(name, 22)) for name in table["model"])
    return finish(figure, height=460).update_layout(margin_r=20 + 6 * longest)


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


def contributions(parts: pd.DataFrame) -> go.Figure:
    """Draw what a score is made of, and below it the score, which is their sum.

    Parameters
    ----------
    parts : DataFrame
        From `reasons.largest_parts`.

    Returns
    -------
    go.Figure
        The bars carry the item label as customdata, empty where there is none.
    """
    sizes = parts["contribution"].to_numpy(np.float64)
    against = sizes < 0
    figure = go.Figure()
    kinds = {
        "Speaks for it": (parts[~against], sizes[~against]),
        "Speaks against it": (parts[against], sizes[against]),
        "The score, their sum": (
            pd.DataFrame({"part": ["Score"], "item": [None]}),
            np.array([sizes.sum()]),
        ),
    }
    places = np.arange(len(parts), -1, -1)
    rows = {"Speaks for it": places[:-1][~against], "Speaks against it": places[:-1][against]}
    for name, (part, values) in kinds.items():
        if len(part):
            figure.add_bar(
                x=values,
                y=rows.get(name, places[-1:]),
                orientation="h",
                name=name,
                text=[f"{value:+.3f}" if name in rows else f"{value:.3f}" for value in values],
                textposition="outside",
                cliponaxis=False,
                customdata=[
                    ["" if item is None else str(item), text(name)]
                    for item, name in zip(part["item"], part["part"], strict=True)
                ],
                hovertemplate="%{customdata[1]}: %{text}<extra></extra>",
            )
    labels = [*parts["part"].map(text), "Score"]
    figure.update_yaxes(tickvals=places, ticktext=labels, automargin=True)
    low, high = min(0.0, sizes.min(), sizes.sum()), max(0.0, sizes.max(), sizes.sum())
    room = 0.12 * (high - low)  # for the numbers at the ends
    figure.update_xaxes(title="Part of the score", range=[low - room * (low < 0), high + room])
    figure.update_layout(bargap=0.3, barmode="overlay")
    return finish(figure, height=130 + 26 * len(labels))


def dial(table: pd.DataFrame, chosen: float) -> go.Figure:
    """Draw how accurate and how new the lists are at each step of the discovery dial.

    Parameters
    ----------
    table : DataFrame
        From `reranking.effect`, a row for each step, by `dial`.
    chosen : float
        The step that is marked, one of the table's.
    """
    figure = go.Figure()
    for name, label, axis in (("ndcg", "NDCG@10 (left)", "y"), ("novelty", "Novelty in bits (right)", "y2")):
        figure.add_scatter(
            x=table["dial"],
            y=table[name],
            yaxis=axis,
            mode="lines+markers",
            name=label,
            hovertemplate="%{y:.3f}",
        )
    figure.add_vline(x=chosen, line={"dash": "dot", "width": 1.5, "color": "rgba(128, 128, 150, 0.9)"})
    figure.add_annotation(x=chosen, y=1, yref="paper", yanchor="bottom", text="this list", showarrow=False)
    figure.update_xaxes(
        tickvals=[-1, 0, 1], ticktext=["familiar", "as scored", "adventurous"], range=[-1.15, 1.15]
    )
    figure.update_layout(
        yaxis={"title": "NDCG@10", "rangemode": "tozero"},
        yaxis2={
            "title": "Novelty (bits)",
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "tickmode": "auto",
            "tickformat": ".1f",
        },
        hovermode="x unified",
    )
    return finish(figure, height=300).update_layout(legend={"y": 1.12}, margin_t=60)


AUDIENCES = {
    "nobody": (0, 0),
    "1": (1, 1),
    "2 to 9": (2, 9),
    "10 to 99": (10, 99),
    "100 or more": (100, np.inf),
}


def audience_of_lists(
    lists: dict[str, NDArray[np.int32]], listeners: NDArray[np.int64], nouns: Nouns = MUSIC
) -> go.Figure:
    """Draw how many listeners the recommended artists have, as shares of each model's recommendations.

    Parameters
    ----------
    lists : dict of str to int32 array
        Recommended item codes of each model, by its name; -1 where there is none.
    listeners : int64 array, shape (n_items,)
        Listeners of each item in training.
    nouns : Nouns
        What the data is about.
    """
    figure = go.Figure()
    for name, items in lists.items():
        counts = listeners[items[items >= 0]]
        shares = [float(((counts >= low) & (counts <= high)).mean()) for low, high in AUDIENCES.values()]
        figure.add_bar(
            x=list(AUDIENCES),
            y=shares,
            name=text(name),
            hovertemplate=f"%{{y:.1%}} have %{{x}} {nouns.users}<extra></extra>",
        )
    figure.update_xaxes(
        title=f"{nouns.users.capitalize()} of a recommended {nouns.item}, in training", type="category"
    )
    figure.update_yaxes(title="Share of recommendations", tickformat=".0%")
    figure = finish(figure, height=320)
    return figure.update_layout(showlegend=True)


def lengths_by_listeners(
    item_factors: NDArray[np.float32], listeners: NDArray[np.int64], nouns: Nouns = MUSIC
) -> go.Figure:
    """Draw the length of each item's feature vector against its listeners in training.

    Parameters
    ----------
    item_factors : float32 array, shape (n_items, factors)
    listeners : int64 array, shape (n_items,)
    nouns : Nouns
        What the data is about.
    """
    known = listeners > 0
    figure = go.Figure(
        go.Scattergl(
            x=listeners[known],
            y=np.linalg.norm(item_factors[known], axis=1),
            mode="markers",
            marker={"size": 5, "opacity": 0.4},
            hovertemplate=f"%{{x:,}} {nouns.users}, length %{{y:.2f}}<extra></extra>",
        )
    )
    figure.update_xaxes(title=f"{nouns.users.capitalize()} in training", type="log", dtick=1)
    figure.update_yaxes(title=f"Length of the {nouns.item}'s features", rangemode="tozero")
    return finish(figure, height=360)


def finish(figure: go.Figure, height: int = 380) -> go.Figure:
    """Give every chart the same margins and a legend that takes no width."""
    return figure.update_layout(_frame(len(figure.data), height))


def _frame(traces: int, height: int) -> dict[str, Any]:
    return {
        "height": height,
        "margin": {"l": 10, "r": 24, "t": 36 if traces > 1 else 8, "b": 10},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "showlegend": traces > 1,
        "hoverlabel": {"align": "left"},
    }
