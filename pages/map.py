"""Map: where artists lie by what a model has learned, and what its latent features mean."""

import streamlit as st

from pages.components import external_run
from pages.components.map import panel
from pages.components.session import session
from pages.components.shell import layout
from pages.components.widgets import trained

layout.draw("map")
external_run.explain("map")
nouns = session.nouns()
job = trained.run()
artists, features = st.tabs(
    [f"Map of {nouns.items}", "What the latent features mean"], on_change="rerun", key="map-part"
)
if artists.open:
    with artists:
        panel.map_of_artists(job)
if features.open:
    with features:
        panel.features(job)
