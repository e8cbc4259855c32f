"""Compare: several models on the same listeners, and what it takes to tell them apart."""

import streamlit as st

from pages.components import external_run
from pages.components.compare import model_selection, panel
from pages.components.shell import layout

layout.draw("compare")
external_run.explain("compare")
with st.container(key="compare-choice"):
    model_selection.draw()
panel.draw()
