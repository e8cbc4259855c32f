"""Map: where artists lie by what a model has learned, and what its latent features mean."""

import streamlit as st

from pages.components import frame, large_run, map_panel, newcomer, state

nouns = state.nouns()
frame.draw("Map", f"Which {nouns.items} a model takes for alike, and what it tells them apart by.")
large_run.instead(large_run.no_map)
job = state.run()
if job is None or not job.run.history:
    st.info("The map comes from a trained model. Train one first; it takes a moment.")
    newcomer.to_train("Train a model")
    st.stop()
artists, features = st.tabs([f"Map of {nouns.items}", "What the latent features mean"])
with artists:
    map_panel.map_of_artists(job)
with features:
    map_panel.features(job)
