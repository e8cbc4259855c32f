"""Ranking quality of a model that is trained in one step: by listener, and by the setting that was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.experiments.run_table import Value, label, spell
from recsys.figures.style import panel_legend, unchecked
from recsys.figures.training import COLOURS, NAMES

LOWER_PANEL = 0.4  # of the height
WIDE = 20.0  # ratio of the largest to the smallest value from which the axis of a setting is logarithmic


def ranking_quality(
    hits: Mapping[str, NDArray[np.int64]],
    n: int,
    most: int,
    setting: str,
    points: Sequence[tuple[Value, float, float]],
    users: str,
    height: int,
) -> go.Figure:
    """Draw how many hits the users' lists have, and NDCG and recall by the value of a setting.

    Parameters
    ----------
    hits : mapping of str to int64 array, shape (n_users,)
        Hits in each user's list, by the name of the model: the one that is shown, then the one beside it.
    n : int
        Length of the lists.
    most : int
        Most hits that a list can have: the length of the axis.
    setting : str
        Name of the setting; empty for a model without settings, which leaves the lower panel out.
    points : sequence of (value, NDCG, recall)
        One for each training, by the value of the setting; the last is the one that is shown.
    users : str
        What users are called, in the plural.
    height : int
        In pixels.
    """
    top = LOWER_PANEL + 0.2 if setting else 0.0
    traces = [
        {
            "type": "bar",
            "x": np.arange(most + 1, dtype=np.int16),
            "y": (np.bincount(found, minlength=most + 1) / max(len(found), 1)).astype(np.float32),
            "xaxis": "x2",
            "yaxis": "y2",
            "meta": {"colour": colour},
            "legend": "legend",
            "name": name,
            "hovertemplate": "%{y:.1%} of " + users + f": %{{x}} hits in the first {n}",
        }
        for (name, found), colour in zip(hits.items(), (0, COLOURS["reference"]), strict=False)
    ]
    layout: dict[str, Any] = {
        "xaxis2": {
            "tickvals": list(range(most + 1)),
            "ticktext": ["0 hits", *map(str, range(1, most + 1))],
            "tickangle": 0,
            "anchor": "y2",
        },
        "yaxis2": {"domain": [top, 1], "tickformat": ".0%", "rangemode": "tozero", "anchor": "x2"},
        "legend": panel_legend(users.capitalize(), 1),
        "bargap": 0.25,
        "hovermode": "closest",
    }
    if setting:
        traces += _by_setting(setting, points)
        layout |= {
            "xaxis": _axis(setting, [value for value, _, _ in points]),
            "yaxis": {"domain": [0, LOWER_PANEL], "tickformat": "~g", "rangemode": "tozero", "anchor": "x"},
            "legend2": panel_legend("Ranking quality", LOWER_PANEL),
        }
    return unchecked(traces, layout, height)


def _by_setting(setting: str, points: Sequence[tuple[Value, float, float]]) -> list[dict[str, Any]]:
    values, shown = [value for value, _, _ in points], len(points) - 1
    if isinstance(values[0], str):
        order, drawn = np.arange(len(points)), np.array([spell(setting, value) for value in values], object)
    else:
        drawn = np.array(values, np.float64)
        order = np.argsort(drawn, kind="stable")
    traces: list[dict[str, Any]] = []
    for place, (name, dash) in enumerate((("ndcg", "solid"), ("recall", "dash")), 1):
        measured = np.array([point[place] for point in points], np.float32)
        traces.append(
            {
                "type": "scatter",
                "x": drawn[order],
                "y": measured[order],
                "mode": "lines+markers",
                "marker": {"size": [13 if at == shown else 6 for at in order.tolist()]},
                "line": {"dash": dash},
                "meta": {"colour": COLOURS[name]},
                "legend": "legend2",
                "name": NAMES[name],
                "hovertemplate": "%{y:.4f} at %{x}",
            }
        )
    return traces


def _axis(setting: str, values: Sequence[Value]) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": label(setting), "standoff": 2}, "anchor": "y"}
    if isinstance(values[0], str):
        return axis | {"type": "category"}
    numbers = [float(value) for value in values]
    if len(set(numbers)) == 1:
        return axis | {"type": "linear", "tickvals": numbers[:1]}
    if min(numbers) > 0 and max(numbers) / min(numbers) >= WIDE:
        return axis | {"type": "log", "dtick": "D2", "tickformat": "~g"}
    return axis | {"type": "linear", "tickformat": "~g", "nticks": 8}
