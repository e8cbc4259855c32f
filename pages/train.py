"""Train: tune a model and watch its error fall, or not; or find the best model, or the best settings of one."""

import streamlit as st

from pages.components import external_run
from pages.components.shell import layout
from pages.components.sweep import panel, race
from pages.components.train import current_setup, live_training, mode, runs_table, settings_panel
from pages.components.widgets import settings_form

layout.draw("train")
external_run.explain("train")


chosen = mode.choose()


@st.fragment
def tuning() -> None:
    """Draw what changes while a setting moves: only this runs again then."""
    settings, results = st.columns([280, 930], gap="medium")
    with settings, st.container(key="settings-panel", gap="small"):
        settings_panel.settings()
    runs_table.remember()
    with results:
        live_training.draw(runs_table.earlier())
        runs_table.diagnosis()
    runs_table.runs()


if chosen == "tune":
    current_setup.take_link()
    complaints = st.container()
    tuning()
    with complaints:
        current_setup.complaints()
elif chosen == "best":
    race.draw()
else:
    settings, results = st.columns([280, 930], gap="medium")
    with settings:
        kind = panel.settings(current_setup.base(settings_form.model_choice()))
    with results:
        panel.draw(kind)
