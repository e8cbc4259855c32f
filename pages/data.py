"""Data: choose what to look at, and see what it holds and where it came from."""

import streamlit as st

from pages.components import data_sources, frame, state

frame.draw("Data", "Choose the listening data, and see where it came from.")
chosen = state.dataset()
interactions = chosen.interactions

with st.container(border=True):
    st.subheader(f"In use: {frame.escape(chosen.title, 80)}", anchor=False)
    figure_row = st.container(horizontal=True)
    figure_row.metric("Listeners", f"{interactions.n_users:,}")
    figure_row.metric("Artists", f"{interactions.n_items:,}")
    figure_row.metric("Listener-artist pairs", f"{len(interactions):,}")
    figure_row.metric(
        "Tagged artists", "none" if chosen.tags is None else f"{chosen.tags['item'].nunique():,}"
    )
    figure_row.metric("Friendships", "none" if chosen.friends is None else f"{len(chosen.friends) // 2:,}")
    st.caption(frame.sentence(f"{chosen.origin} {chosen.licence}"))
    st.page_link(
        "pages/explore.py", label="Explore it", icon=":material/arrow_forward:", query_params=state.place()
    )

st.subheader("Choose other data", anchor=False)
sample, lastfm, own = st.columns(3)
with sample.container(border=True, height="stretch"):
    data_sources.sample()
with lastfm.container(border=True, height="stretch"):
    data_sources.lastfm()
with own.container(border=True, height="stretch"):
    data_sources.own()
