"""Learning curves of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recsys.experiments.repeats import Band
from recsys.experiments.training import Epoch
from recsys.figures.style import panel_legend, unchecked

# Place of each curve's colour among the chart colours of the theme: the same on every page, whatever else is drawn.
COLOURS = {"train_rmse": 0, "validation_rmse": 1, "ndcg": 2, "recall": 3, "reference": 9}
RANKING_PANEL = 0.38  # of the height, where there are errors above it
NAMES = {
    "train_rmse": "Train RMSE",
    "validation_rmse": "Validation RMSE",
    "ndcg": "NDCG@10",
    "recall": "Recall@10",
}


def learning_curves(
    history: Sequence[Epoch],
    epochs: int,
    references: dict[str, float],
    errors: bool = True,
    *,
    log: bool = False,
    first: int = 1,
    height: int = 0,
    beside: Sequence[dict[str, Any]] = (),
) -> go.Figure:
    """Draw what was measured by epoch: the errors above, if any, the ranking quality below.

    The best epoch of validation RMSE and that of NDCG@10 have a star each. Each panel has its legend above it, which
    names its axis.

    Parameters
    ----------
    history : sequence of Epoch
        May be empty.
    epochs : int
        How many epochs there will be: the length of the axis.
    references : dict
        RMSE of simpler predictions on the validation pairs, by their name.
    errors : bool
        Whether the model has errors to be drawn.
    log : bool
        Whether the axis of the errors is logarithmic.
    first : int
        Epoch that the axis begins with.
    height : int
        In pixels; 0 for the usual.
    beside : sequence of dict
        Other curves to draw: those of `band_curves` and `tuning.earlier_curves`. The axis is long enough for them.
    """
    last = max([epochs, *(int(curve["x"].max()) for curve in beside)])
    # Where nothing is hidden there is no error to compare with, and plotly.js draws no axis up to NaN.
    references = {name: error for name, error in references.items() if np.isfinite(error)}
    history = [epoch for epoch in history if epoch.epoch >= first]
    ranked = [epoch for epoch in history if epoch.ndcg is not None]
    curves = [_curve(history, name, "y") for name in ("train_rmse", "validation_rmse") if errors]
    curves += [
        _curve(ranked, "ndcg", "y2") | {"mode": "lines+markers", "marker": {"size": 5}},
        _curve(ranked, "recall", "y2")
        | {"mode": "lines+markers", "marker": {"size": 5}, "line": {"dash": "dash"}},
    ]
    measured = [epoch for epoch in history if epoch.validation_rmse is not None]
    if errors and measured:
        lowest = min(measured, key=lambda epoch: epoch.validation_rmse or 0.0)
        curves.append(_star(lowest, "validation_rmse", "y", "Lowest validation RMSE"))
    if ranked:
        best = max(ranked, key=lambda epoch: epoch.ndcg or 0.0)
        curves.append(_star(best, "ndcg", "y2", "Highest NDCG@10"))
    curves += [
        {
            "x": [first - 0.5, epochs + 0.5],
            "y": [error, error],
            "mode": "lines",
            "line": {"dash": "dot", "width": 1.5},
            "meta": {"colour": COLOURS["reference"]},
            "name": f"{name} ({error:.4f})",
            "hoverinfo": "skip",
        }
        for name, error in (references.items() if errors else ())
    ]
    ranking = RANKING_PANEL if errors else 1.0
    layout: dict[str, Any] = {
        "xaxis": {
            "title": {"text": "Epoch", "standoff": 4},
            "range": [first - 0.5, last + 0.5],
            "tickformat": "d",
            "anchor": "y2",
        },
        # Below 0.01 there is only noise to see, so the axis does not stretch it.
        "yaxis2": {
            "domain": [0, ranking],
            "range": [0, max([0.01, *(1.08 * max(epoch.ndcg or 0, epoch.recall or 0) for epoch in ranked)])],
            "tickformat": "~g",
            "anchor": "x",
        },
        "hovermode": "x unified",
        "legend2": panel_legend("Ranking quality", ranking),
    }
    if errors:
        unmeasured = {} if history or log else {"range": [0, 1.1 * max(references.values(), default=1.0)]}
        layout |= {
            "yaxis": {
                "type": "log" if log else "linear",
                "domain": [RANKING_PANEL + 0.14, 1],
                "tickformat": "~g",
                **({"dtick": "D2"} if log else {}),
                **unmeasured,
            },
            "hoversubplots": "axis",
        }
    layout["legend"] = panel_legend("RMSE (log)" if log else "RMSE", 1)
    traces = [{"type": "scatter", **curve} for curve in (*curves, *beside)]
    return unchecked(traces, layout, height or (440 if errors else 340))


def band_curves(bands: Mapping[str, Band], hold_outs: int, noun: str = "hold-outs") -> list[dict[str, Any]]:
    """Return the mean over several hold-outs and a band from the lowest to the highest value, for `learning_curves`.

    Parameters
    ----------
    bands : dict of str to Band
        By the name of the measure; validation RMSE and NDCG@10 are drawn.
    hold_outs : int
        How many there are.
    noun : str
        What they are called: `seeds` where the hold-out is the same.
    """
    traces: list[dict[str, Any]] = []
    for name, axis in (("validation_rmse", "y"), ("ndcg", "y2")):
        if name not in bands:
            continue
        band, shared = bands[name], {"yaxis": axis, "meta": {"colour": COLOURS[name]}}
        traces += [
            shared
            | {
                "x": np.concatenate([band.epochs, band.epochs[::-1]]).astype(np.int16),
                "y": np.concatenate([band.high, band.low[::-1]]).astype(np.float32),
                "mode": "lines",
                "line": {"width": 0},
                "fill": "toself",
                "name": f"{NAMES[name]}, lowest to highest of {hold_outs} {noun}",
                "showlegend": False,
                "hoverinfo": "skip",
            },
            shared
            | {
                "x": band.epochs.astype(np.int16),
                "y": band.mean.astype(np.float32),
                "mode": "lines",
                "line": {"width": 1.5, "dash": "dashdot"},
                "name": f"mean of {hold_outs} {noun}",
                "legend": "legend2" if axis == "y2" else "legend",
                "hovertemplate": "%{y:.4f}",
            },
        ]
    return traces


def _curve(history: Sequence[Epoch], name: str, axis: str) -> dict[str, Any]:
    # plotly.js leaves out a curve without a point, and stumbles over an axis that others hang on without a curve
    nothing = axis == "y2" and not history
    return {
        "x": np.array([1] if nothing else [epoch.epoch for epoch in history], np.int16),
        "y": np.array([np.nan] if nothing else [getattr(epoch, name) for epoch in history], np.float32),
        "yaxis": axis,
        "mode": "lines",
        "meta": {"colour": COLOURS[name]},
        "legend": "legend2" if axis == "y2" else "legend",
        "name": NAMES[name],
        "hovertemplate": "%{y:.4f}",
    }


def _star(epoch: Epoch, name: str, axis: str, label: str) -> dict[str, Any]:
    return {
        "x": [epoch.epoch],
        "y": [getattr(epoch, name)],
        "yaxis": axis,
        "mode": "markers",
        "marker": {"size": 13, "symbol": "star", "line": {"width": 1}},
        "meta": {"colour": COLOURS[name]},
        "name": label,
        "showlegend": False,
        "hovertemplate": "epoch %{x}",
    }
