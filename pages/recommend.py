"""Recommend: one listener's artists beside what the model recommends, and why, what if, and for whom else."""

import streamlit as st

from pages.components import external_run, navigation
from pages.components.recommend import (
    explanation_tab,
    export_tab,
    friends_tab,
    recommendation,
    rerank_tab,
    what_if_tab,
)
from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.widgets import pickers, trained, who
from recsys.errors import InputError
from recsys.models import MODELS
from recsys.recommendation.explanation import doubt

layout.draw("recommend")
external_run.instead(external_run.recommend)
nouns = session.nouns()
job = trained.run()

users = job.dataset.interactions.users
pickers.choose_first(pickers.with_hidden(job.run.split))
about = st.container(horizontal=True, vertical_alignment="center", gap="xsmall")
body = st.container(key="lists-first")  # on a phone: see assets/frame.css
picker, number, choosing = body.columns([5, 3, 9], gap="medium")
with number:
    n = recommendation.how_many()
with choosing:
    reranking = recommendation.how_chosen(job)
with picker:
    wanted = pickers.listener(users, **recommendation.in_address(n, reranking))
if wanted is None:
    st.stop()
try:
    lists = recommendation.look(job, wanted, n, reranking)
except InputError as error:
    layout.problem(error)
    pickers.similar_listeners(users, wanted)
    st.stop()

with about:
    st.markdown(
        f"**{nouns.user.capitalize()} {layout.escape(wanted, 40)}**: {who.sentence(lists.user)}.",
        width="content",
    )
    who.others(job, "recommend")
effect = body.empty()
left, right = body.columns([2, 3], gap="large")
with left:
    st.header(nouns.done.capitalize(), anchor=False)
    items = nouns.item if len(lists.existing) == 1 else nouns.items
    st.caption(
        f"{len(lists.existing):,} {items} the model knows of, sorted by {nouns.value}"
        + (f"; {lists.hidden} more were hidden from it." if lists.hidden else ".")
    )
    recommendation.draw_existing(lists.existing)
with right:
    st.header("Recommended", anchor=False)
    st.caption(
        (f"**Hits: {lists.found} of {len(lists.recommended)}.** " if lists.hidden else "")
        + f"By {MODELS[job.run.model.name].label}. Bars: {nouns.fill(job.run.model.target)}."
    )
    if unsure := doubt(job.run.split.train, lists.user, nouns):
        st.caption(f":material/help: {unsure}")
    asked = recommendation.draw_recommended(lists)
    with st.container(horizontal=True, vertical_alignment="center"):
        layout.link(
            navigation.page("present"),
            label="Present",
            icon=":material/slideshow:",
            query=session.place() | lists.query,
        )
        layout.link(navigation.page("vote"), query=session.place() | {"listener": lists.listener})
        export_tab.one(lists)

names = ["Why", "The dial", "What if", *(["Friends"] if len(lists.friends) else []), "Export"]
if asked is not None:
    explanation_tab.explain(lists, asked)
    st.session_state[keys.PART] = "Why"
panels = dict(zip(names, st.tabs(names, on_change="rerun", key=keys.PART), strict=True))
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
