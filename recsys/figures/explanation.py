"""Charts of one recommendation list: contributions, popularity, audiences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.style import finish, text, unchecked

KINDS = ("Speaks for it", "Speaks against it", "The score, their sum")


def contributions(parts: pd.DataFrame) -> go.Figure:
    """Draw what a score is made of, and below it the score, which is their sum.

    Parameters
    ----------
    parts : DataFrame
        From `explanation.largest_parts`.

    Returns
    -------
    go.Figure
        The bars carry the item label as customdata, empty where there is none.
    """
    sizes = parts["contribution"].to_numpy(np.float64)
    names, total = [text(part) for part in parts["part"]], float(sizes.sum())
    bars = [
        (kind, size, f"{size:+.3f}", "" if item is None else str(item), name)
        for kind, size, item, name in zip(
            np.where(sizes < 0, "Speaks against it", "Speaks for it"),
            sizes,
            parts["item"],
            names,
            strict=True,
        )
    ]
    bars.append(("The score, their sum", total, f"{total:.3f}", "", "Score"))
    places = range(len(bars) - 1, -1, -1)
    data = []
    for kind in dict.fromkeys(sorted((bar[0] for bar in bars), key=KINDS.index)):
        rows = [(place, *bar[1:]) for place, bar in zip(places, bars, strict=True) if bar[0] == kind]
        at, values, numbers, items, of = zip(*rows, strict=True)
        data.append(
            {
                "type": "bar",
                "x": np.array(values),
                "y": list(at),
                "orientation": "h",
                "name": kind,
                "text": list(numbers),
                "textposition": "outside",
                "cliponaxis": False,
                "customdata": [list(pair) for pair in zip(items, of, strict=True)],
                "hovertemplate": "%{customdata[1]}: %{text}<extra></extra>",
            }
        )
    low, high = min(0.0, sizes.min(), total), max(0.0, sizes.max(), total)
    room = 0.12 * (high - low)  # for the numbers at the ends
    layout = {
        "yaxis": {"tickvals": list(places), "ticktext": [*names, "Score"], "automargin": True},
        "xaxis": {
            "title": {"text": "Part of the score"},
            "range": [low - room * (low < 0), high + room],
        },
        "bargap": 0.3,
        "barmode": "overlay",
    }
    return unchecked(data, layout, height=130 + 26 * len(bars))


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
