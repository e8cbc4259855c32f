"""Train: tune a model and watch its error fall, or not."""

import streamlit as st

from pages.components import frame, large_run, playground, training_panel

frame.draw("Train", "Tune a model and watch its error on known and on hidden pairs.")
large_run.instead(large_run.no_training)
playground.take_link()
playground.complaints()


@st.fragment
def tuning() -> None:
    """Draw what changes while somebody tunes: only this runs again when a slider moves."""
    settings, curves = st.columns([1, 2.4], gap="large")
    with settings:
        playground.settings()
    playground.remember()
    with curves:
        training_panel.draw(playground.earlier())
        playground.diagnosis()
    playground.runs()


tuning()
