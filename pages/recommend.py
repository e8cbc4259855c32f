"""Recommend: one listener's artists beside what the model recommends, and why, what if, and for whom else."""

import streamlit as st

from pages.components import external_run
from pages.components.recommend import (
    explanation_tab,
    export_tab,
    friends_tab,
    recommendation,
    rerank_tab,
    what_if_tab,
)
from pages.components.session import session
from pages.components.shell import layout
from pages.components.widgets import pickers, tables, trained
from recsys.errors import InputError
from recsys.models import MODELS
from recsys.recommendation.explanation import doubt

layout.draw("recommend")
external_run.instead(external_run.recommend)
nouns = session.nouns()
job = trained.run()

users = job.dataset.interactions.users
picker, number, choosing = st.columns([5, 3, 9], gap="medium")
with number:
    n = recommendation.how_many()
with choosing:
    reranking = recommendation.how_chosen(job)
with picker:
    pickers.choose_first(pickers.with_hidden(job.run.split))
    wanted = pickers.listener(users, **recommendation.in_address(n, reranking))
if wanted is None:
    st.stop()
try:
    lists = recommendation.look(job, wanted, n, reranking)
except InputError as error:
    layout.problem(error)
    pickers.similar_listeners(users, wanted)
    st.stop()

effect = st.empty()
left, right = st.columns([2, 3], gap="large")
with left:
    st.header(nouns.done.capitalize(), anchor=False)
    items = nouns.item if len(lists.existing) == 1 else nouns.items
    st.caption(
        f"{len(lists.existing):,} {items} the model knows of, sorted by {nouns.value}"
        + (f"; {lists.hidden} more were hidden from it." if lists.hidden else ".")
    )
    shown = lists.existing.rename(columns={"plays": "value"})
    tables.artist_table(shown, "existing", ["artist", "value", *(["share"] if nouns.counted else [])])
with right:
    st.header("Recommended", anchor=False)
    st.caption(
        f"By {MODELS[job.run.model.name].label}. Score: {nouns.fill(job.run.model.target)}. "
        + (f"**Hits: {lists.found} of {len(lists.recommended)}.**" if lists.hidden else "")
    )
    if unsure := doubt(job.run.split.train, lists.user, nouns):
        st.caption(f":material/help: {unsure}")
    table, columns = recommendation.table(lists)
    asked = tables.artist_table(table, "recommended", columns)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "pages/present.py",
            label="Present",
            icon=":material/slideshow:",
            query_params=session.place() | lists.query,
        )
        export_tab.one(lists)

names = ["Why", "The dial", "What if", *(["Friends"] if len(lists.friends) else []), "Export"]
if asked is not None:
    explanation_tab.explain(lists, asked)
    st.session_state.part = "Why"
panels = dict(zip(names, st.tabs(names, on_change="rerun", key="part"), strict=True))
for name, panel in (
    ("Why", explanation_tab.draw),
    ("The dial", rerank_tab.draw),
    ("What if", what_if_tab.draw),
    ("Friends", friends_tab.draw),
    ("Export", export_tab.many),
):
    if name in panels and panels[name].open:
        with panels[name]:
            panel(lists)
effect.caption(rerank_tab.sentence(lists))
