"""One artist: how much it is played, by whom, and which artists share its audience."""

import streamlit as st

from pages.components import controls, frame, state
from recsys import popularity
from recsys.errors import InputError

frame.draw("Artist", "One artist: plays, listeners and shared audience.")
interactions = state.dataset().interactions
item = st.query_params.get("artist")
if item is None:
    st.info("Find an artist here, or choose one in any table or chart.", icon=":material/artist:")
    controls.artist_table(
        controls.artist_search(state.ranks()), "ranks", ["rank", "artist", "listeners", "plays"]
    )
    st.stop()
try:
    view = popularity.item_view(interactions, interactions.item_code(item))
except InputError as error:
    st.error(str(error))
    st.stop()

st.header(frame.escape(view.row["artist"]), anchor=False)
figure_row = st.container(horizontal=True)
figure_row.metric("Listeners", f"{view.row['listeners']:,}", border=True)
figure_row.metric("Plays", f"{view.row['plays']:,.0f}", border=True)
figure_row.metric("Plays per listener", f"{view.row['plays_per_listener']:,.0f}", border=True)
figure_row.metric("Rank by plays", f"{view.row['rank']:,}", border=True)

audience, listeners = st.columns(2)
with audience:
    st.subheader("Shares its audience with")
    st.caption("Overlap: listeners of both as a share of the listeners of either (Jaccard index).")
    controls.artist_table(view.neighbours, "neighbours", ["artist", "shared", "similarity"])
with listeners:
    st.subheader("Top listeners")
    st.caption("Choose one to see what the model recommends to them.")
    controls.listener_table(view.users, "listeners")
