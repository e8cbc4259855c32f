"""New listener: name a few artists, and see at once what a trained model recommends to you."""

import streamlit as st

from pages.components import frame, large_run, newcomer, state

nouns = state.nouns()
frame.draw(
    f"New {nouns.user}",
    f"Not in the data? Name a few {nouns.items}: recommendations follow at once, without training.",
)
large_run.instead(large_run.new_listener)
job = state.run()
if job is None or not job.run.history:
    st.info("Recommendations come from a trained model. Train one first; it takes a moment.")
    newcomer.to_train("Train a model")
    st.stop()
if not job.run.model.takes_new_listeners:
    newcomer.cannot(job.run.model)
    st.stop()
if job.run.model.name == "popular":
    st.info("This model recommends the same to everybody. Train another one to be understood.")
newcomer.take_link()
newcomer.draw(newcomer.Recommender.of(job.run))
