"""Buttons that save a chart as a picture, with its title and its source."""

from __future__ import annotations

import datetime

import streamlit as st

from pages.components.session import session
from pages.components.widgets.live_chart import script
from recsys.figures.style import text

_component = st.components.v2.component(
    "save_picture",
    html='<div class="save-picture"><button value="png">PNG</button><button value="svg">SVG</button></div>',
    js="""
export default async function (component) {
  const { draw } = await import(new URL(component.data.script, document.baseURI));
  return draw(component);
}
""",
    css="""
.save-picture { display: flex; gap: 4px; }
.save-picture button { all: unset; cursor: pointer; padding: 8px; font: 14px var(--st-font);
  color: var(--st-text-color); }
.save-picture button:hover { color: var(--st-primary-color); }
.save-picture button:focus-visible { outline: 2px solid var(--st-primary-color); border-radius: 4px; }
""",
    isolate_styles=False,
)


def save_picture(chart: str, title: str) -> None:
    """Draw buttons that save a chart of this page as PNG and as SVG; the browser draws them, without the network.

    Parameters
    ----------
    chart : str
        Key of the chart.
    title : str
        Stands above it in the picture; below it, the data and the day.
    """
    address = script("save_picture.js")
    if address is None:
        return
    day = datetime.datetime.now(datetime.UTC).date()
    _component(
        key=f"picture-{chart}",
        data={
            "script": address,
            "chart": chart,
            "title": text(title, 120),
            "source": f"{text(session.title(), 60)} · Encore, {day:%d %B %Y}",
            "name": chart,
        },
        width="content",
    )
