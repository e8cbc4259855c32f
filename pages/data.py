"""Data: choose what to look at, and see what it holds and where it came from."""

import streamlit as st

from pages.components import data_sources, frame, own_data, state

frame.draw("Data", "Choose the data, and see where it came from.")
chosen = state.dataset()
interactions = chosen.interactions
nouns = chosen.nouns

with st.container(border=True):
    st.subheader(f"In use: {frame.escape(chosen.title, 80)}", anchor=False)
    figure_row = st.container(horizontal=True)
    figure_row.metric(nouns.users.capitalize(), f"{interactions.n_users:,}")
    figure_row.metric(nouns.items.capitalize(), f"{interactions.n_items:,}")
    figure_row.metric(nouns.pairs.capitalize(), f"{len(interactions):,}")
    if chosen.tags is not None:
        figure_row.metric(f"Tagged {nouns.items}", f"{chosen.tags['item'].nunique():,}")
    if chosen.friends is not None:
        figure_row.metric("Friendships", f"{len(chosen.friends) // 2:,}")
    st.caption(frame.sentence(f"{chosen.origin} {chosen.licence}"))
    st.page_link(
        "pages/explore.py", label="Explore it", icon=":material/arrow_forward:", query_params=state.place()
    )
    data_sources.keep()

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
