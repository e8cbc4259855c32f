"""You: name a few artists, and see at once what a trained model recommends."""

import streamlit as st

from pages.components import external_run
from pages.components.new_listener import history_import, own_history, panel
from pages.components.shell import layout
from pages.components.widgets import trained

layout.draw("you")
external_run.instead(external_run.new_listener)
job = trained.run()
if not job.run.model.supports_fold_in:
    panel.cannot(job.run.model)
    st.stop()
if job.run.model.name == "popular":
    st.info("This model is not personalized. Train another to see your own list.")
panel.take_link()
own_history.draw()
panel.draw(panel.Recommender.of(job.run))
history_import.names()  # ready when an export comes
