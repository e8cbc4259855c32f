"""One artist: how much it is played, by whom, and which artists share its audience."""

import streamlit as st

from pages.components import caches, controls, frame, large_run, state
from recsys import popularity
from recsys.errors import InputError
from recsys.similarity import LEAST_LISTENERS, has_factors, similar_items

frame.draw("{nouns.item_title}", "One {nouns.item}: {nouns.values}, {nouns.users} and shared audience.")
large_run.instead(large_run.artist)
nouns = state.nouns()
interactions = state.dataset().interactions
item = st.query_params.get("artist")
try:
    code = None if item is None else interactions.item_code(item)
except InputError as error:
    code = None
    frame.problem(error)
if code is None:
    st.info(f"Find {nouns.an_item} here, or choose one in any table or chart.", icon=":material/search:")
    if st.button(
        f"Show the one with the most {nouns.values}",
        type="primary",
        icon=":material/trophy:",
        key="most-played",
    ):
        controls.open_artist(str(caches.ranks()["item"].iloc[0]))
    controls.artist_finder(["rank", "artist", "listeners", "plays"])
    st.stop()

view = popularity.item_view(interactions, code)
st.header(frame.escape(view.row["artist"], 80), anchor=False)
figure_row = st.container(horizontal=True)
figure_row.metric(nouns.users.capitalize(), f"{view.row['listeners']:,}", border=True)
figure_row.metric(nouns.values.capitalize(), f"{view.row['plays']:,.0f}", border=True)
figure_row.metric(nouns.mean.capitalize(), nouns.spell(view.row["plays_per_listener"]), border=True)
figure_row.metric(f"Rank by {nouns.values}", f"{view.row['rank']:,}", border=True)

if code in caches.tags().index:
    st.markdown(controls.badges(caches.tags().loc[[code], "tag"].head(10)))
job = state.run()
model = job.run.model if job is not None and job.run.history and has_factors(job.run.model) else None

audience, *learned, listeners = st.columns(2 if model is None else 3, gap="medium")
with audience:
    st.subheader("Shares its audience with", anchor=False)
    st.caption(f"Overlap: {nouns.users} of both as a share of the {nouns.users} of either (Jaccard index).")
    controls.artist_table(view.neighbours, f"neighbours-{code}", ["artist", "shared", "similarity"])
if model is not None:
    with learned[0]:
        st.subheader("Similar by the model", anchor=False)
        st.caption(
            f"Cosine of latent features of {model.label}, of {nouns.items} with {LEAST_LISTENERS} {nouns.users} or "
            "more."
        )
        alike = similar_items(interactions, code, model=model).rename(columns={"similarity": "cosine"})
        controls.artist_table(alike, f"alike-{code}", ["artist", "cosine"])
        st.page_link(
            "pages/map.py",
            label="Show it on the map",
            icon=":material/scatter_plot:",
            query_params=state.place() | {"artist": str(item)},
        )
with listeners:
    st.subheader(f"Top {nouns.users}", anchor=False)
    st.caption("Click one to see what the model recommends to them.")
    controls.listener_table(view.users.rename(columns={"plays": "value"}), f"listeners-{code}")
frame.link(frame.EXPLORE, label=f"All {nouns.items}", icon=":material/arrow_back:", query=state.place())
