"""Slider that sends its values while it is dragged, the next one as soon as the last was drawn.

Streamlit's own slider waits for a pause of 200 ms. This one is a range input of the browser, with its
keyboard, touch and ARIA; the half in the browser is `static/live_slider.js`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.components.session import keys
from pages.components.widgets import static_files

_component = st.components.v2.component(
    "live_slider",
    html='<div class="live-slider"></div>',
    js="""
export default async function (component) {
  const { draw } = await import(new URL(component.data.script, document.baseURI));
  return draw(component);
}
""",
    css="""
.live-slider { height: 44px; font: 14px var(--st-font); color: var(--st-text-color); }
.live-slider-words { display: flex; justify-content: space-between; gap: 8px; line-height: 20px; white-space: nowrap; }
.live-slider label { overflow: hidden; text-overflow: ellipsis; cursor: help; }
.live-slider output { font-variant-numeric: tabular-nums; color: var(--st-primary-color); font-weight: 600; }
.live-slider input { width: 100%; height: 20px; margin: 0; accent-color: var(--st-primary-color); cursor: pointer; }
.live-slider input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px;
  border-radius: 6px; }
.live-slider button { all: unset; cursor: pointer; width: 28px; font-size: 18px; text-align: center; border-radius: 6px;
  color: var(--st-primary-color); flex: none; }
.live-slider button:focus-visible { outline: 2px solid var(--st-primary-color); }
.live-slider:not(.slim) button { display: none; }
.live-slider.slim { height: 28px; display: flex; align-items: center; gap: 8px; }
.live-slider.slim .live-slider-words { flex: none; min-width: 86px; }
""",
    isolate_styles=False,
)


def live_slider(
    label: str,
    steps: Sequence[Any],
    default: Any,
    key: str,
    help: str = "",
    *,
    plays: bool = False,
    moved: Callable[[], None] | None = None,
) -> Any:
    """Draw a slider over some steps and return the chosen one.

    Parameters
    ----------
    label : str
    steps : sequence of number
        Rising; what is in the session is added where it is none of them.
    default : number
    key : str
        The value is ``st.session_state[key]``: it survives a change of page, and may be set at any time.
    help : str
        Shown where the pointer rests on the label, and read to those who cannot see it.
    plays : bool
        Whether it is one slim row with a button that goes through all steps.
    moved : callable, optional
        Called after each move, when the session has the value.
    """
    value = st.session_state.setdefault(key, default)
    steps = sorted({*steps, value})
    slider = f"slider-{key}"
    _component(
        key=slider,
        data={
            "script": static_files.address("live_slider.js"),
            "key": key,
            "label": label,
            "help": help,
            "plays": plays,
            "steps": [f"{step:g}" for step in steps],
            "at": steps.index(value),
        },
        on_moved_change=partial(_moved, key, slider, steps, moved),
    )
    return value


def _moved(key: str, slider: str, steps: Sequence[Any], then: Callable[[], None] | None) -> None:
    """Take over what the slider says, if it is a step: the value as text, and whether it was let go."""
    moved = (st.session_state.get(slider) or {}).get("moved")
    if not isinstance(moved, dict) or moved.get("value") not in [f"{step:g}" for step in steps]:
        return
    current = st.session_state[key]
    value = float(moved["value"])
    st.session_state[key] = int(value) if isinstance(current, int) else value
    st.session_state[keys.DRAGGING] = not moved.get("final")
    if then is not None:
        then()


def is_dragging() -> bool:
    """Return whether a slider is being dragged: more values follow at once."""
    return bool(st.session_state.get(keys.DRAGGING))
