"""Sweep: train a model many times and see which settings are best."""

import streamlit as st

from pages.components import external_run
from pages.components.shell import layout
from pages.components.sweep import panel
from pages.components.train import current_setup
from pages.components.widgets import settings_form

layout.draw("Sweep", "Train a model many times, in the background, and see which settings are best.")
external_run.instead(external_run.no_training)
settings, results = st.columns([1, 2.4], gap="large")
with settings:
    base = current_setup.base(settings_form.model_choice())
    kind = panel.settings(base)
with results:
    panel.draw(kind)
