"""Compare: several models on the same listeners, and what it takes to tell them apart."""

import streamlit as st

from pages.components import comparison_panel, frame, state
from recsys.errors import InputError
from recsys.leaderboard import Leaderboard

frame.draw("Compare", "Several models on the same hidden artists: which is better, at what price?")
chosen = comparison_panel.choose_models()
if st.button("Compare", type="primary", icon=":material/leaderboard:", key="compare"):
    try:
        board = Leaderboard(chosen, state.split(**comparison_panel.HOLD_OUT))
        st.session_state.comparison = state.runs().start(state.dataset(), board).id
    except InputError as error:
        frame.problem(error)
comparison_panel.draw()
