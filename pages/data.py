"""Data: choose what to look at, and see what it holds and where it came from."""

import streamlit as st

from pages.components import data_sources, frame, large_runs_panel, offers_panel, own_data, state

frame.draw("Data", "Choose the data, and see where it came from.")
large_run = state.large_run()
if large_run is not None:
    large_runs_panel.in_use(large_run)
else:
    data_sources.in_use(state.dataset())

data_sources.kept()
st.subheader("Choose other data", anchor=False)
sample, lastfm, own = st.columns(3)
with sample.container(border=True, height="stretch"):
    data_sources.sample()
with lastfm.container(border=True, height="stretch"):
    data_sources.lastfm()
with own.container(border=True, height="stretch"):
    files = data_sources.own()
if files:
    own_data.draw(files)
offers_panel.draw()
large_runs_panel.draw()
