"""Strip of figures, and the ways to keep a chart."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from pages.components.widgets.picture import save_picture
from recsys.storage.tables import to_csv


def strip(*figures: tuple[str, str, str], key: str = "figures") -> None:
    """Draw figures in one row, on a phone two in a row: label, value and what it means, or ""."""
    with st.container(horizontal=True, gap="small", key=f"strip-{key}"):
        for label, value, meaning in figures:
            st.metric(label, value, help=meaning or None)


def toggle(label: str, key: str) -> bool:
    """Draw a toggle that the address keeps under its key.

    One that Streamlit binds to the address could not be carried along to another page, as `pickers.onward` does.
    """
    st.session_state[key] = st.query_params.get(key) == "true"

    def switched() -> None:
        if st.session_state[key]:
            st.query_params[key] = "true"
        elif key in st.query_params:
            del st.query_params[key]

    return st.toggle(label, key=key, on_change=switched)


def save(table: pd.DataFrame | Callable[[], pd.DataFrame], chart: str, title: str) -> None:
    """Draw the ways to keep a chart: its picture, and its numbers as CSV.

    Parameters
    ----------
    table : DataFrame or callable
        The numbers, or a way to them that is taken when they are asked for.
    chart : str
        Key of the chart; also the name of the files.
    title : str
        Stands above the chart in the picture.
    """
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key=f"save-{chart}"):
        st.caption("Save:", width="content")
        save_picture(chart, title)
        st.download_button(
            "CSV",
            lambda: to_csv(table() if callable(table) else table),
            f"{chart}.csv",
            "text/csv",
            type="tertiary",
            on_click="ignore",
            key=f"csv-{chart}",
            help="The numbers of the chart.",
        )
