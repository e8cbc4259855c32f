"""Strip of figures and a download of a chart's numbers."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from recsys.storage.tables import to_csv


def strip(*figures: tuple[str, str, str], key: str = "figures") -> None:
    """Draw figures in one row, on a phone two in a row: label, value and what it means, or ""."""
    with st.container(horizontal=True, gap="small", key=f"strip-{key}"):
        for label, value, meaning in figures:
            st.metric(label, value, help=meaning or None)


def as_csv(table: pd.DataFrame, name: str) -> None:
    """Draw a button that saves the numbers of a chart."""
    st.download_button(
        "Numbers as CSV",
        lambda: to_csv(table),
        f"{name}.csv",
        "text/csv",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key=f"csv-{name}",
    )
