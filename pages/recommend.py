"""Recommend: one listener's artists beside what the model recommends, and why, what if, and for whom else."""

import streamlit as st

from pages.components import (
    controls,
    dial_panel,
    export_panel,
    frame,
    friends_panel,
    large_run,
    one_listener,
    state,
    what_if_panel,
    why_panel,
)
from recsys.errors import InputError
from recsys.models import MODELS
from recsys.reasons import doubt

nouns = state.nouns()
frame.draw("Recommend", f"What a {nouns.user} {nouns.does}, beside what they might like, and why.")
large_run.instead(large_run.recommend)
job = state.run()
if job is None or not job.run.history:
    st.info("Recommendations come from a trained model. Train one first; it takes a moment.")
    if st.button("Train a model", type="primary", icon=":material/model_training:", key="to-train"):
        st.switch_page("pages/train.py", query_params=state.place())
    st.stop()

users = job.dataset.interactions.users
picker, number, choosing = st.columns([5, 3, 9], gap="medium")
with number:
    n = one_listener.how_many()
with choosing:
    reranking = one_listener.how_chosen(job)
with picker:
    wanted = controls.listener(users, **one_listener.in_address(n, reranking))
if wanted is None:
    st.info(f"Choose a {nouns.user} to see their {nouns.items} and what is recommended to them.")
    st.button(
        f"Show a {nouns.user}",
        type="primary",
        icon=":material/person:",
        key="any-listener",
        on_click=controls.choose_listener,
        args=(users[0],),
    )
    st.stop()
try:
    lists = one_listener.look(job, wanted, n, reranking)
except InputError as error:
    frame.problem(error)
    controls.similar_listeners(users, wanted)
    st.stop()

effect = st.empty()
left, right = st.columns([2, 3], gap="large")
with left:
    st.subheader(nouns.done.capitalize(), anchor=False)
    items = nouns.item if len(lists.existing) == 1 else nouns.items
    st.caption(
        f"{len(lists.existing):,} {items} the model knows of, sorted by {nouns.value}"
        + (f"; {lists.hidden} more were hidden from it." if lists.hidden else ".")
    )
    shown = lists.existing.rename(columns={"plays": "value"})
    controls.artist_table(shown, "existing", ["artist", "value", *(["share"] if nouns.counted else [])])
with right:
    st.subheader("Recommended", anchor=False)
    st.caption(
        f"By {MODELS[job.run.model.name].label}. Score: {nouns.fill(job.run.model.target)}. "
        + (f"**Hits: {lists.found} of {len(lists.recommended)}.**" if lists.hidden else "")
    )
    if unsure := doubt(job.run.split.train, lists.user, nouns):
        st.caption(f":material/help: {unsure}")
    table, columns = one_listener.table(lists)
    asked = controls.artist_table(table, "recommended", columns)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "pages/present.py",
            label="Present",
            icon=":material/slideshow:",
            query_params=state.place() | lists.query,
        )
        export_panel.one(lists)

names = ["Why", "The dial", "What if", *(["Friends"] if len(lists.friends) else []), "Export"]
if asked is not None:
    why_panel.explain(lists, asked)
    st.session_state.part = "Why"
panels = dict(zip(names, st.tabs(names, on_change="rerun", key="part"), strict=True))
for name, panel in (
    ("Why", why_panel.draw),
    ("The dial", dial_panel.draw),
    ("What if", what_if_panel.draw),
    ("Friends", friends_panel.draw),
    ("Export", export_panel.many),
):
    if name in panels and panels[name].open:
        with panels[name]:
            panel(lists)
effect.caption(dial_panel.sentence(lists))
