"""Style that all charts share."""

from __future__ import annotations

import html
from typing import Any

import plotly.graph_objects as go

LONGEST_NAME = 32
MARGIN = {"l": 10, "r": 24, "b": 10}
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


def text(name: object, longest: int = LONGEST_NAME) -> str:
    """Return a name as plotly shows it: as text, whatever it holds, and not too long."""
    shown = " ".join(str(name).split())
    if len(shown) > longest:
        shown = shown[: longest - 1].rstrip() + "…"
    return html.escape(shown, quote=False)


def finish(figure: go.Figure, height: int = 380) -> go.Figure:
    """Give every chart the same margins and a legend that takes no width."""
    return figure.update_layout(_frame_layout(len(figure.data), height))


def unchecked(data: list[dict[str, Any]], layout: dict[str, Any], height: int) -> go.Figure:
    """Return a finished figure made at once, for what is drawn often: plotly's checks take most of the usual time.

    Parameters
    ----------
    data : list of dict
        Traces, complete and valid: `plotly.graph_objects.Figure` must take them, which a test has to show.
    layout : dict
        With nested dictionaries, without underscores.
    height : int
        In pixels.
    """
    return go.Figure(data, _frame_layout(len(data), height) | layout, _validate=False)


def panel_legend(title: str, top: float) -> dict[str, Any]:
    """Return a legend in one row above a panel that ends at this height."""
    return {
        "title": {"text": f"<b>{title}</b>", "side": "left"},
        "orientation": "h",
        "x": 0,
        "y": top,
        "yanchor": "bottom",
        "font": {"size": 12},
    }


def _frame_layout(traces: int, height: int) -> dict[str, Any]:
    """Return the layout that all charts share."""
    return {
        "height": height,
        "margin": MARGIN | {"t": 36 if traces > 1 else 8},
        "legend": dict(LEGEND),
        "showlegend": traces > 1,
        "hoverlabel": {"align": "left"},
    }
