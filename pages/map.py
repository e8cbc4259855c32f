"""Map: where artists lie by what a model has learned, and what its latent features mean."""

import streamlit as st

from pages.components import external_run
from pages.components.map import panel
from pages.components.new_listener import panel as panel_new_listener
from pages.components.session import session
from pages.components.shell import layout

layout.draw("Map", "Which {nouns.items} a model takes for alike, and what it tells them apart by.")
external_run.instead(external_run.no_map)
nouns = session.nouns()
job = session.run()
if job is None or not job.run.history:
    st.info("The map comes from a trained model. Train one first; it takes a moment.")
    panel_new_listener.to_train("Train a model")
    st.stop()
artists, features = st.tabs([f"Map of {nouns.items}", "What the latent features mean"])
with artists:
    panel.map_of_artists(job)
with features:
    panel.features(job)
