"""Train: tune a model and watch its error fall, or not."""

import streamlit as st

from pages.components import external_run
from pages.components.shell import layout
from pages.components.train import current_setup, live_training, runs_table, settings_panel

layout.draw("Train", "Tune a model and watch its error on known and on hidden pairs.")
external_run.instead(external_run.no_training)
current_setup.take_link()
current_setup.complaints()


@st.fragment
def tuning() -> None:
    """Draw what changes while somebody tunes: only this runs again when a slider moves."""
    settings, curves = st.columns([1, 2.4], gap="large")
    with settings:
        settings_panel.settings()
    runs_table.remember()
    with curves:
        live_training.draw(runs_table.earlier())
        runs_table.diagnosis()
    runs_table.runs()


tuning()
