"""New listener: name a few artists, and see at once what a trained model recommends to you."""

import streamlit as st

from pages.components import external_run
from pages.components.new_listener import panel
from pages.components.session import session
from pages.components.shell import layout

layout.draw(
    "New {nouns.user}",
    "Not in the data? Name a few {nouns.items}: recommendations follow at once, without training.",
)
external_run.instead(external_run.new_listener)
job = session.run()
if job is None or not job.run.history:
    st.info("Recommendations come from a trained model. Train one first; it takes a moment.")
    panel.to_train("Train a model")
    st.stop()
if not job.run.model.supports_fold_in:
    panel.cannot(job.run.model)
    st.stop()
if job.run.model.name == "popular":
    st.info("This model recommends the same to everybody. Train another one to be understood.")
panel.take_link()
panel.draw(panel.Recommender.of(job.run))
