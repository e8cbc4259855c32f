"""A chart that follows its data without being built anew.

`st.plotly_chart` mounts a new chart whenever its data changes, and the reader's zoom, hidden curves and
hover are lost. `live_chart` keeps one chart and hands it the new data (``Plotly.react``)::

    @st.fragment(run_every=0.2)
    def curves() -> None:
        live_chart(figures.rmse_curve(run.history), key="rmse", label="RMSE by epoch")

The browser's half is `static/live_chart.js`. It and plotly.js are fetched once over HTTP and kept by the
browser; an update carries the figure and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

import plotly.graph_objects as go
import streamlit as st
from plotly.offline import get_plotlyjs, get_plotlyjs_version

from pages.components.widgets import static_files
from recsys.errors import InputError
from recsys.system.atomic_files import write_atomic

# Sent with every update, hence no more than the address of the rest.
_component = st.components.v2.component(
    "live_chart",
    html='<div class="live-chart"></div>',
    js="""
export default async function (component) {
  const { draw } = await import(new URL(component.data.script, document.baseURI));
  return draw(component);
}
""",
    css="""
.live-chart-plot { position: relative; }
.live-chart-handle { position: absolute; width: 12px; margin-left: -6px; cursor: ew-resize; touch-action: none;
  background: linear-gradient(var(--st-text-color), var(--st-text-color)) center / 1.5px 100% no-repeat;
  opacity: 0.75; }
.live-chart-handle::after { content: ""; position: absolute; left: calc(50% - 7px); bottom: -7px; width: 14px;
  height: 14px; border-radius: 50%; background: var(--st-primary-color); }
@media (pointer: coarse) { .live-chart-handle { width: 32px; margin-left: -16px; } }
""",
    # plotly.js adds its style sheet to the document, where a shadow root does not see it.
    isolate_styles=False,
)


def live_chart(
    figure: go.Figure,
    key: str,
    *,
    height: int | None = None,
    label: str = "",
    clicks: bool | Callable[[], None] = False,
    wheel: bool = False,
    narrow_height: int | None = None,
    slider: str = "",
    thin: bool = False,
) -> dict[str, Any] | None:
    """Draw a figure in the colours of the page and keep zoom, hover and legend when the data changes.

    Numbers in NumPy arrays travel in binary form; float32 takes half the room of float64.

    Parameters
    ----------
    figure : go.Figure
        The figure. Its template is replaced by the theme of the page; all else that it sets is kept. Curves
        without a colour of their own take the theme's chart colours in turn.
    key : str
        Identifies the chart: the same key is the same chart, with its zoom.
    height : int, optional
        Height in pixels. Without it, the figure's own, or 420.
    label : str
        What the chart shows, in words, for readers who cannot see it.
    clicks : bool or callable
        Whether a click on a point runs the page (or fragment) again and is returned. A callable is called
        before, and finds the point in ``st.session_state[key]["clicked"]``.
    wheel : bool
        Whether the mouse wheel zooms; else it scrolls the page.
    narrow_height : int, optional
        Height in pixels, at most, on a phone.
    slider : str
        Key of a `live_slider` over values of x: a line at its value can be dragged in the chart.
    thin : bool
        Whether an annotation is hidden where it would touch one before it or be cut off.

    Returns
    -------
    dict or None
        The point that was just clicked: ``curve`` and ``point`` (positions), ``name``, ``x``, ``y`` and
        ``customdata``. None in any other run.
    """
    height = height or figure.layout.height or 420
    address = script("live_chart.js")
    if address is None:
        st.plotly_chart(figure, key=key, height=height, theme="streamlit")
        return None
    figure.layout.template = None  # long, and of no use
    content = json.loads(figure.to_json())
    content["layout"].pop("template", None)
    result = _component(
        key=key,
        data={
            "script": address,
            "key": key,
            "figure": content,
            "height": height,
            "label": label,
            "clicks": bool(clicks),
            "wheel": wheel,
            "narrowHeight": narrow_height,
            "slider": slider,
            "thin": thin,
        },
        **cast(
            "dict[str, Any]",
            {"on_clicked_change": clicks if callable(clicks) else _nothing} if clicks else {},
        ),
    )
    return result.clicked if clicks else None


def _nothing() -> None:
    """Register a handler, without which Streamlit does not report clicks."""


@cache
def script(name: str) -> str | None:
    """Return the address of a file of `static/` that draws with plotly.js; None where no static files are offered."""
    library = f"plotly-{get_plotlyjs_version()}.min.js"
    if not st.get_option("server.enableStaticServing"):
        return None
    try:
        _provide(static_files.STATIC / library)
    except InputError:
        return None
    return f"{static_files.address(name)}&plotly={library}"


def _provide(path: Path) -> None:
    """Write plotly.js to this file unless it is there, so that a crash never leaves half of it.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    if path.exists():
        return
    write_atomic(path, get_plotlyjs().encode())
    with contextlib.suppress(OSError):
        path.chmod(0o644)
        # A browser keeps a file without an expiry for a tenth of its age. This one never changes.
        os.utime(path, (0, 0))
