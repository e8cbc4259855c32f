"""Items and a user in two dimensions of the latent space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.analysis.latent_plane import LatentPlane
from recsys.figures.style import LEGEND, text, unchecked

MOVE_MILLISECONDS = 150
MOST_NAMED = 12
# Part of the width and of the height that a name keeps free of others.
FREE = (0.45, 0.07)
COLOURS = {"known": 0, "recommended": 1, "user": 3}


def latent_space(
    plane: LatentPlane,
    names: Sequence[str],
    recommended: NDArray[np.bool_],
    user: str,
    height: int = 340,
) -> go.Figure:
    """Draw items as points and a user as a line along which the scores grow.

    Parameters
    ----------
    plane : LatentPlane
    names : sequence of str
        Of its items; those that stand alone have theirs beside them, all have it on hover.
    recommended : bool array, shape (n,)
        Whether each item is in the list of the user.
    user : str
        Name of the user.
    height : int
        In pixels.
    """
    items = plane.items
    reach = max(float(np.abs(items).max(initial=0.0)), 1e-9)
    length = float(np.hypot(*plane.user))
    end = plane.user / length * reach if length > 0 else np.zeros(2)
    labels = [text(name) for name in names]
    places = np.vstack([items, end[None], np.zeros((1, 2))])
    low, high = places.min(axis=0), places.max(axis=0)
    beside = _named(places[:-1] / np.maximum(1.24 * (high - low), 1e-9), recommended)
    traces = [
        {
            "x": items[mask, 0].astype(np.float32),
            "y": items[mask, 1].astype(np.float32),
            "mode": "markers+text",
            "name": name,
            "meta": {"colour": COLOURS[colour]},
            "marker": {"symbol": symbol, "size": size, "opacity": 0.85},
            "text": [
                label if shown else "" for label, shown in zip(_of(labels, mask), beside[mask], strict=True)
            ],
            "textposition": "top center",
            "textfont": {"size": 11},
            "hovertext": _of(labels, mask)
            if plane.third is None
            else [
                f"{label}<br>third feature {value:.2f}"
                for label, value in zip(_of(labels, mask), plane.third[mask], strict=True)
            ],
            "hovertemplate": "%{hovertext}<extra></extra>",
            "cliponaxis": False,
        }
        for name, colour, mask, symbol, size in (
            ("Best known", "known", ~recommended, "circle", 7),
            ("Recommended", "recommended", recommended, "diamond", 10),
        )
    ]
    traces.append(
        {
            "text": ["", text(user)],
            "textposition": "top center",
            "x": [0, float(end[0])],
            "y": [0, float(end[1])],
            "mode": "lines+markers+text",
            "showlegend": False,
            "name": text(user),
            "meta": {"colour": COLOURS["user"]},
            "marker": {"symbol": ["circle", "star"], "size": [1, 15]},
            "line": {"width": 2, "dash": "dot"},
            "hovertemplate": f"{text(user)}<extra></extra>",
        }
    )
    kind = "Latent feature" if plane.share is None else "Main direction"
    margin = 0.12 * (high - low)
    axes = [
        {
            "title": {"text": f"{kind} {at + 1}", "standoff": 2, "font": {"size": 12}},
            "range": [float(low[at] - margin[at]), float(high[at] + margin[at])],
            "showticklabels": False,
            "zeroline": True,
        }
        for at in (0, 1)
    ]
    layout = {
        "xaxis": axes[0],
        "yaxis": axes[1],
        "hovermode": "closest",
        "transition": {"duration": MOVE_MILLISECONDS, "easing": "cubic-in-out"},
        "legend": LEGEND | {"font": {"size": 12}},
    }
    return unchecked([{"type": "scatter", **trace} for trace in traces], layout, height)


def _of(labels: Sequence[str], mask: NDArray[np.bool_]) -> list[str]:
    return [label for label, chosen in zip(labels, mask, strict=True) if chosen]


def _named(places: NDArray[np.float64], recommended: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Choose points whose names do not overlap: the recommended ones first; the last place has a name of its own."""
    named = np.zeros(len(places) - 1, bool)
    taken = [places[-1]]
    for at in np.argsort(~recommended, kind="stable"):
        if named.sum() < MOST_NAMED and all((np.abs(places[at] - other) > FREE).any() for other in taken):
            taken.append(places[at])
            named[at] = True
    return named
