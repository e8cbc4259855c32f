"""Parts of a step: a chart, a fault of the article where it happens."""

from __future__ import annotations

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from pages.components.session import cached
from pages.components.widgets.charts import CHART
from pages.components.widgets.picture import save_picture


def chart(name: str, draw: Callable[[], go.Figure], alt: str) -> None:
    """Draw a chart of the story, computed once."""
    st.plotly_chart(cached.figure(name, draw), key=name, alt=alt, config=CHART)
    save_picture(name, alt)


def fault(number: int, said: str) -> None:
    """Draw a fault of the article, with this data's number."""
    with st.container(border=True, key=f"fault-{number}"):
        st.markdown(f":orange-badge[Fault {number} of the article] {said}")
