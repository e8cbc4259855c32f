"""Explore: who is played, by how many and how often; a choice filters all that is shown."""

import streamlit as st

from pages.components import external_run
from pages.components.explore import artists, selection
from pages.components.shell import layout
from recsys.errors import InputError

layout.draw("explore")
external_run.instead(external_run.explore)

chosen, problems = selection.current()
for problem in problems:
    layout.problem(InputError(problem))
artists.figures(chosen)
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="choice"):
    selection.search(chosen)
    selection.parts(chosen)
if chosen:
    st.caption(artists.sentence(chosen))
artists.draw(chosen)
