"""Charts of many runs: sweeps, searches, comparisons. Data in, plotly figure out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from recsys.experiments.grid import GridAxis, Measure, Trial
from recsys.experiments.run_table import RunRecord, difference, everything, in_words, label, spell
from recsys.experiments.setup import Setup
from recsys.figures.style import finish, text
from recsys.settings import SETTINGS

METRIC_TITLES = {"rmse": "Lowest validation RMSE", "ndcg": "Highest NDCG@10"}
FAINT = "rgba(128, 128, 140, 0.45)"
MOST_EARLIER = 12
MOST_POINTS = 200


def sweep_heat_map(
    across: GridAxis, up: GridAxis, values: NDArray[np.float64], measure: Measure
) -> go.Figure:
    """Draw what a sweep measured by its two settings; cells that are not done are empty.

    Parameters
    ----------
    across, up : Axis
    values : float64 array, shape (len(up), len(across))
        From `GridSearch.grid`; NaN where nothing was measured. The best cell is marked.
    measure : str
        `rmse` or `ndcg`.

    Notes
    -----
    x and y of a point are its places on the axes, as in `GridSearch.cells`.
    """
    title = METRIC_TITLES[measure]
    names = [[spell(one.name, value) for value in one.values] for one in (across, up)]
    hover = [[f"{label(across.name)} {x}<br>{label(up.name)} {y}" for x in names[0]] for y in names[1]]
    # As in `search_history`: by their logarithm.
    colours = np.log10(values) if measure == "rmse" else values
    known = colours[np.isfinite(colours)]
    ticks = np.linspace(known.min(), known.max(), 5) if len(known) else np.zeros(0)
    figure = go.Figure(
        go.Heatmap(
            z=colours,
            x=np.arange(len(names[0])),
            y=np.arange(len(names[1])),
            text=hover,
            customdata=values,
            hovertemplate="%{text}<br>" + title + " %{customdata:.4f}<extra></extra>",
            hoverongaps=False,
            reversescale=measure == "rmse",
            colorscale="Viridis",
            colorbar={
                "title": {"text": title, "side": "right"},
                "thickness": 14,
                "tickvals": ticks,
                "ticktext": [f"{10**tick if measure == 'rmse' else tick:.3g}" for tick in ticks],
            },
            xgap=1,
            ygap=1,
        )
    )
    if np.isfinite(values).any():
        best = np.nanargmin(values) if measure == "rmse" else np.nanargmax(values)
        y, x = np.unravel_index(best, values.shape)
        figure.add_scatter(
            x=[int(x)],
            y=[int(y)],
            mode="markers",
            marker={"symbol": "star", "size": 14, "color": "white", "line": {"color": "black", "width": 1}},
            name="Best",
            hoverinfo="skip",
        )
    figure.update_xaxes(
        title=label(across.name),
        tickvals=np.arange(len(names[0])),
        ticktext=names[0],
        range=[-0.5, len(names[0]) - 0.5],
    )
    figure.update_yaxes(
        title=label(up.name),
        tickvals=np.arange(len(names[1])),
        ticktext=names[1],
        range=[-0.5, len(names[1]) - 0.5],
    )
    figure = finish(figure, height=420)
    return figure.update_layout(showlegend=False, hovermode="closest")


def search_history(cells: Sequence[Trial], measure: Measure, base: Setup) -> go.Figure:
    """Draw what each training of a search came to, and the best so far; a point's `customdata` is its place."""
    values = np.array([_value(cell, measure) for cell in cells], np.float64)
    numbers = np.arange(1, len(cells) + 1)
    pruned = np.array([cell.pruned for cell in cells], bool)
    words = np.array([text(in_words(cell.setup, base), 200) for cell in cells], object)
    counted = np.where(pruned, np.nan, values)
    so_far = np.fmin.accumulate(counted) if measure == "rmse" else np.fmax.accumulate(counted)
    figure = go.Figure()
    for name, mask, symbol, opacity in (
        ("Trained to the end", ~pruned, "circle", 1.0),
        ("Given up", pruned, "circle-open", 0.5),
    ):
        figure.add_scatter(
            x=numbers[mask],
            y=values[mask],
            text=words[mask],
            customdata=np.flatnonzero(mask),
            mode="markers",
            marker={"size": 8, "symbol": symbol},
            opacity=opacity,
            name=name,
            hovertemplate="%{y:.4f}: %{text}<extra></extra>",
        )
    figure.add_scatter(
        x=numbers, y=so_far, mode="lines", line={"shape": "hv"}, name="Best so far", hoverinfo="skip"
    )
    figure.update_xaxes(title="Training", tickformat="d", rangemode="tozero")
    # Errors of settings that fail are many times those of the best, which would all look alike.
    figure.update_yaxes(title=METRIC_TITLES[measure], type="log" if measure == "rmse" else "linear")
    return finish(figure).update_layout(hovermode="closest")


def importance(shares: Mapping[str, float]) -> go.Figure:
    """Draw how much of what was measured each setting decides."""
    names = list(shares)[::-1]
    figure = go.Figure(
        go.Bar(
            x=[shares[name] for name in names],
            y=[label(name) for name in names],
            orientation="h",
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    )
    figure.update_xaxes(title="Share of what is decided", tickformat=".0%", range=[0, 1])
    return finish(figure, height=120 + 34 * len(names))


def earlier_curves(earlier: Sequence[RunRecord], now: Setup) -> list[dict[str, Any]]:
    """Return faint validation curves of earlier runs for `learning_curves`, named by what they had otherwise.

    Parameters
    ----------
    earlier : sequence of RunRecord
        The last 12 are drawn. A curve's `meta` is the run's id.
    now : Setup
        What they are compared with.
    """
    curves = []
    for record in list(earlier)[-MOST_EARLIER:]:
        measured = record.measured
        if not measured:
            continue
        places = np.unique(np.linspace(0, len(measured) - 1, MOST_POINTS).round().astype(int))
        curves.append(
            {
                "x": np.array([measured[place].epoch for place in places], np.int16),
                "y": np.array([measured[place].validation_rmse for place in places], np.float32),
                "mode": "lines",
                "line": {"color": FAINT, "width": 1.5},
                "name": text(in_words(record.setup, now), 60),
                "meta": record.id,
                "showlegend": False,
                "hovertemplate": "%{y:.4f}",
            }
        )
    return curves


def parallel_coordinates(records: Sequence[RunRecord], chosen: Sequence[str] = ()) -> go.Figure:
    """Draw each run as a line over its settings and what came of them.

    Parameters
    ----------
    records : sequence of RunRecord
        Each is a line; its `customdata` is the run's id. Only what differs has an axis.
    chosen : sequence of str
        Ids of runs that stand out; all do if it is empty.
    """
    setups = [record.setup for record in records]
    names = sorted(
        {name for setup in setups for name in difference(setup, setups[0])}, key=list(_order(setups)).index
    )
    axes: list[tuple[str, list[float], list[str]]] = []
    for name in names:
        values = [everything(setup).get(name) for setup in setups]
        axes.append((label(name), _heights(name, values), [spell(name, value) for value in values]))
    for title, measured in (
        ("RMSE", [_float(record.best.validation_rmse if record.best else None) for record in records]),
        ("NDCG@10", [_float(record.ndcg) for record in records]),
    ):
        axes.append((title, _even(measured), ["" if np.isnan(v) else f"{v:.4f}" for v in measured]))
    figure = go.Figure()
    for at, record in enumerate(records):
        dim = bool(chosen) and record.id not in chosen
        figure.add_scatter(
            x=np.arange(len(axes)),
            y=[heights[at] for _, heights, _ in axes],
            text=[f"{title} {shown[at]}" for title, _, shown in axes],
            customdata=[record.id] * len(axes),
            mode="lines+markers",
            opacity=0.15 if dim else 1,
            line={"width": 1.5 if dim else 2.5},
            name=text(record.name),
            hovertemplate="%{text}<extra>%{fullData.name}</extra>",
        )
    for at, (_, heights, shown) in enumerate(axes):
        ends = [end for end in (np.nanargmin, np.nanargmax) if np.isfinite(heights).any()]
        for end, anchor in zip(ends, ("top", "bottom"), strict=False):
            place = int(end(heights))
            figure.add_annotation(
                x=at,
                y=heights[place],
                text=text(shown[place], 16),
                showarrow=False,
                yanchor=anchor,
                xanchor="left",
            )
    figure.update_xaxes(
        tickvals=np.arange(len(axes)), ticktext=[title for title, _, _ in axes], showgrid=True
    )
    figure.update_yaxes(visible=False, range=[-0.12, 1.12])
    return finish(figure, height=360).update_layout(hovermode="closest", showlegend=False)


def _order(setups: Sequence[Setup]) -> dict[str, None]:
    return dict.fromkeys(name for setup in setups for name in everything(setup))


def _heights(name: str, values: Sequence[object]) -> list[float]:
    """Place the values of a setting between 0 and 1: numbers by their logarithm, words in turn."""
    if name in SETTINGS:
        numbers = [_float(value) for value in values]
        above = [number for number in numbers if number > 0]
        # Zero has no logarithm; it goes below the smallest, by a step.
        zero = min(above, default=1.0) / 10
        return _even([np.log(max(number, zero)) if np.isfinite(number) else np.nan for number in numbers])
    words = sorted({str(value) for value in values})
    return _even([float(words.index(str(value))) for value in values])


def _even(values: Sequence[float]) -> list[float]:
    numbers = np.asarray(values, np.float64)
    known = numbers[np.isfinite(numbers)]
    if not len(known) or np.ptp(known) == 0:
        return [0.5 if np.isfinite(number) else np.nan for number in numbers]
    return ((numbers - known.min()) / np.ptp(known)).tolist()


def _value(cell: Trial, measure: Measure) -> float:
    return _float(getattr(cell, measure))


def _float(value: object) -> float:
    return float("nan") if value is None else float(value)  # type: ignore[arg-type]
