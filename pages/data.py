"""Data: choose what to look at, and see what it holds and where it came from."""

import streamlit as st

from pages.components.data import built_in, external_runs, server_datasets, upload
from pages.components.session import choice, session
from pages.components.shell import bring_file, layout
from pages.components.sweep import race

layout.draw("data")
large_run = session.large_run()
if large_run is not None:
    external_runs.in_use(large_run)
else:
    built_in.in_use(session.dataset())
raced = choice.race() is not None
if large_run is None and raced:
    race.card()

built_in.kept()
st.header("Choose other data", anchor=False)
sample, lastfm, own = st.columns(3)
with sample.container(border=True, height="stretch"):
    built_in.sample()
with lastfm.container(border=True, height="stretch"):
    built_in.lastfm()
with own.container(border=True, height="stretch"):
    files = built_in.own()
if not files and (files := bring_file.brought()):
    st.button("Put it away", icon=":material/close:", key="put-away", on_click=bring_file.put_away)
if files:
    upload.draw(files)
server_datasets.draw()
external_runs.draw()
if large_run is None and not raced:
    race.card()
