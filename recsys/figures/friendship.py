"""Chart of friends and strangers: how many items both have."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from recsys.analysis.friendship import Friendship
from recsys.data.nouns import MUSIC, Nouns
from recsys.figures.style import finish

MOST_BARS = 40


def shared_items(found: Friendship, nouns: Nouns = MUSIC, height: int = 380) -> go.Figure:
    """Draw which share of friends, and of matched strangers, have how many items in common.

    Parameters
    ----------
    found : Friendship
        From `friendship.compare_friends`.
    nouns : Nouns
        What the data is about.
    height : int
        Of the chart, in pixels.
    """
    most = int(max(np.quantile(found.friends, 0.995), np.quantile(found.strangers, 0.995), 1))
    width = -(-(most + 1) // MOST_BARS)
    edges = np.arange(0, most + width + 1, width)
    figure = go.Figure()
    for name, counts, dash in (
        ("Friends", found.friends, "solid"),
        ("Strangers, matched", found.strangers, "dot"),
    ):
        shares = np.histogram(np.minimum(counts, edges[-1] - 1), edges)[0] / len(counts)
        figure.add_scatter(
            x=edges[:-1],
            y=shares,
            mode="lines",
            line={"shape": "hvh", "width": 2, "dash": dash},
            fill="tozeroy",
            name=f"{name}: {counts.mean():.1f} on average",
            customdata=edges[1:] - 1,
            hovertemplate="%{y:.1%} of pairs share %{x}"
            + (" to %{customdata}" if width > 1 else "")
            + f" {nouns.items}<extra>{name}</extra>",
        )
    figure.update_xaxes(title=f"{nouns.items.capitalize()} that both {nouns.do}", rangemode="tozero")
    figure.update_yaxes(title="Share of pairs", tickformat=".0%", rangemode="tozero")
    return finish(figure, height)
