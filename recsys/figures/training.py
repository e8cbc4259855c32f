"""Learning curves of a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from recsys.experiments.training import Epoch
from recsys.figures.style import frame_layout


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
            "layout": layout | frame_layout(len(curves), height=520 if errors else 380),
        },
        _validate=False,
    )
