"""Chart of two items: what else the users of each have."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.style import finish, text

MOST_POINTS = 1_500
EDGE = 0.15  # of the width: nearer to a side, a name would not fit above its point
NAMED = 5  # of the common ground, and of each side


def _apart(table: pd.DataFrame, end: float) -> pd.Index:
    """Return the items that are named: the common ground and the far ends of both sides, where names do not cover."""
    lean = table["with_one"] - table["with_other"]
    wanted = (table["common"].nlargest(NAMED), lean.nlargest(NAMED), lean.nsmallest(NAMED))
    kept: list[object] = []
    places = np.empty((0, 2))
    for code in pd.Index(np.concatenate([part.index for part in wanted])).unique():
        place = table.loc[code, ["with_one", "with_other"]].to_numpy(np.float64) / end
        near = np.abs(places - place)
        if not ((near[:, 0] < 0.24) & (near[:, 1] < 0.05)).any():
            kept.append(code)
            places = np.vstack([places, place])
    return pd.Index(kept, dtype=table.index.dtype)


def _inwards(across: pd.Series) -> list[str]:
    """Return where the names of points stand, from 0 at the left of the chart to 1, so that none is cut off."""
    return np.select([across < EDGE, across > 1 - EDGE], ["top right", "top left"], "top center").tolist()


def common_ground(
    table: pd.DataFrame, one: str, other: str, nouns: Nouns = MUSIC, height: int = 380
) -> go.Figure:
    """Draw other items by the share of each audience that has them; far from the line, they belong to one side.

    Parameters
    ----------
    table : DataFrame
        From `relations.audiences`; of very many, those with the greatest shares are drawn.
    one, other : str
        Names of the two items.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.

    Returns
    -------
    go.Figure
        Its points carry the item label as customdata.
    """
    sides = table[["with_one", "with_other"]].max(axis=1)
    table = table.loc[sides.nlargest(MOST_POINTS).index]
    end = float(sides.max()) if len(table) else 1.0
    named = _apart(table, end)
    figure = go.Figure()
    for part, size, labels in ((table.drop(named), 5, False), (table.loc[named], 9, True)):
        figure.add_scatter(
            x=part["with_one"],
            y=part["with_other"],
            mode="markers+text" if labels else "markers",
            text=part["artist"].map(lambda name: text(name, 18)) if labels else None,
            textposition=_inwards(part["with_one"] / end) if labels else None,
            textfont={"size": 11},
            marker={"size": size, "opacity": 0.9 if labels else 0.45},
            customdata=np.column_stack([part["item"].astype(str), part["artist"].map(text)]),
            hovertemplate="%{customdata[1]}<br>%{x:.1%} and %{y:.1%}<extra></extra>",
            showlegend=False,
        )
    figure.add_scatter(
        x=[0, end],
        y=[0, end],
        mode="lines",
        line={"dash": "dot", "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_xaxes(
        title=f"Share of the {nouns.users} of {text(one, 24)}", tickformat=".0%", rangemode="tozero"
    )
    figure.update_yaxes(title=f"Share of those of {text(other, 24)}", tickformat=".0%", rangemode="tozero")
    return finish(figure, height).update_layout(showlegend=False, margin_t=20)
