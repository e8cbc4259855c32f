"""Train: tune a model and watch its error fall, or not."""

import streamlit as st

from pages.components import controls, frame, state, training_panel
from recsys.errors import InputError
from recsys.models import make_model
from recsys.training import TrainingRun

frame.draw("Train", "Tune a model and watch its error on known and on hidden plays.")
settings, curves = st.columns([1, 2.4], gap="large")
with settings:
    start = st.container()
    name, chosen = controls.model_settings()
    hold_out = controls.split_settings(chosen.get("seed"))
    stopping = controls.stopping(name)
    if start.button("Train", type="primary", icon=":material/play_arrow:", width="stretch", key="train"):
        try:
            run = TrainingRun(make_model(name, **chosen), state.split(**hold_out), stopping)
            state.follow(state.runs().start(state.dataset(), run))
        except InputError as error:
            with start:
                frame.problem(error)
with curves:
    training_panel.draw()
