"""One artist: how much it is played, by whom, and which artists share its audience."""

import streamlit as st

from pages.components import external_run, navigation
from pages.components.explore import relations, times
from pages.components.explore.widgets import strip
from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets import listening, pickers, tables
from recsys.analysis import popularity
from recsys.analysis.similarity import LEAST_LISTENERS, has_factors, similar_items
from recsys.errors import InputError

layout.draw("artist")
external_run.instead(external_run.artist)
nouns = session.nouns()
interactions = session.dataset().interactions
item = st.query_params.get("artist")
try:
    code = None if item is None else interactions.item_code(item)
except InputError as error:
    code = None
    layout.problem(error)
if code is None:
    st.info(f"Find {nouns.an_item} here, or choose one in any table or chart.", icon=":material/search:")
    if st.button(
        f"Show the one with the most {nouns.values}",
        type="primary",
        icon=":material/trophy:",
        key="most-played",
    ):
        pickers.open_artist(str(cached.ranks()["item"].iloc[0]))
    tables.artist_finder(["rank", "artist", "listeners", "plays"])
    st.stop()

view = popularity.item_view(interactions, cached.ranks(), code)
with st.container(horizontal=True, vertical_alignment="center"):
    st.header(layout.escape(view.row["artist"], 80), anchor=False, width="content")
    st.markdown(listening.link(str(view.row["artist"])), width="content")
strip(
    (nouns.users.capitalize(), f"{view.row['listeners']:,}", ""),
    (nouns.values.capitalize(), f"{view.row['plays']:,.0f}", ""),
    (nouns.mean.capitalize(), nouns.spell(view.row["plays_per_listener"]), ""),
    (f"Rank by {nouns.values}", f"{view.row['rank']:,}", ""),
)
relations.link(code)

if code in cached.tags().index:
    st.markdown(tables.badges(cached.tags().loc[[code], "tag"].head(10)))


def _relation() -> str:
    """Say how the audience is shared, with the numbers of the first neighbour."""
    said = f"Overlap: {nouns.users} of both as a share of the {nouns.users} of either (Jaccard index)."
    if view.neighbours.empty:
        return f"No {nouns.user} of this {nouns.item} {nouns.does} another one."
    first = view.neighbours.iloc[0]
    return (
        f"{first['shared']:,} of {view.row['listeners']:,} {nouns.users} also {nouns.do} "
        f"**{layout.escape(first['artist'], 40)}**, {first['lift']:.1f} times as many as by chance (lift). {said}"
    )


job = session.run()
model = job.run.model if job is not None and job.run.history and has_factors(job.run.model) else None

audience, *learned, listeners = st.columns(2 if model is None else 3, gap="medium")
with audience:
    st.subheader("Shares its audience with", anchor=False)
    st.caption(_relation())
    columns = ["artist", "shared", "similarity", "lift"]
    tables.artist_table(view.neighbours, f"neighbours-{code}", columns)
if model is not None:
    with learned[0]:
        st.subheader("Similar by the model", anchor=False)
        st.caption(
            f"Cosine of latent features of {model.label}, of {nouns.items} with {LEAST_LISTENERS} {nouns.users} or "
            "more."
        )
        alike = similar_items(interactions, code, model=model).rename(columns={"similarity": "cosine"})
        tables.artist_table(alike, f"alike-{code}", ["artist", "cosine"])
        layout.link(
            navigation.page("map"),
            label="Show it on the map",
            icon=":material/scatter_plot:",
            query=session.place() | {"artist": str(item)},
        )
with listeners:
    st.subheader(f"Top {nouns.users}", anchor=False)
    st.caption("Click one to see what else they have, and who is alike.")
    tables.listener_table(view.users.rename(columns={"plays": "value"}), f"listeners-{code}", to="listener")
times.of_artist(code)
layout.link(
    navigation.page("explore"),
    label=f"All {nouns.items}",
    icon=":material/arrow_back:",
    query=session.place(),
)
