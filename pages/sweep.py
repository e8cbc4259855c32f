"""Sweep: train a model many times and see which settings are best."""

import streamlit as st

from pages.components import controls, frame, large_run, playground, sweep_panel

frame.draw("Sweep", "Train a model many times, in the background, and see which settings are best.")
large_run.instead(large_run.no_training)
settings, results = st.columns([1, 2.4], gap="large")
with settings:
    base = playground.base(controls.model_choice())
    kind = sweep_panel.settings(base)
with results:
    sweep_panel.draw(kind)
