"""Present: one listener's lists without controls, in large type."""

import datetime

import streamlit as st

from pages.components import external_run
from pages.components.recommend import recommendation
from pages.components.session import cached, session
from pages.components.shell import layout
from pages.components.widgets import listening, pickers, trained
from recsys.data.splitting import hidden_in_words
from recsys.errors import InputError
from recsys.recommendation.explanation import doubt, sentence

if "listener" not in st.query_params and session.large_run() is None and (first := session.run()) is not None:
    st.query_params.listener = pickers.with_hidden(first.run.split)
wanted = st.query_params.get("listener", "")
layout.draw("present", menu=False, title="For {nouns.user} " if wanted else "", of=wanted)
external_run.explain("present")
nouns, job = session.nouns(), trained.run()
try:
    lists = recommendation.from_link(job, wanted)
except InputError as error:
    layout.problem(error)
    pickers.to_recommend(f"Choose a {nouns.user}")
    st.stop()

body = st.container(key="lists-first")  # on a phone: see assets/frame.css
left, right = body.columns([2, 3], gap="large")
with left, st.container(key="existing"):
    st.header(nouns.done.capitalize(), anchor=False, divider="gray")
    for row in lists.existing.head(lists.n).itertuples():
        with st.container(gap="xxsmall"):
            st.subheader(layout.escape(row.artist, 80), anchor=False)
            st.markdown(f":gray[{nouns.amount(row.plays)}] {listening.link(row.artist, '♫')}")
with right:
    st.header("Recommended", anchor=False, divider="violet")
    if unsure := doubt(job.run.split.train, lists.user, nouns):
        st.markdown(f":material/help: {unsure}")
    for row in lists.recommended.itertuples():
        hit = " :green-badge[:material/check: hit]" if row.hit else ""
        with st.container(gap="xxsmall"):
            st.subheader(f"{layout.escape(row.artist, 80)}{hit}", anchor=False)
            why = f":gray[{layout.escape(sentence(row.names))}]" if row.names else ""
            if said := f"{why} {listening.link(row.artist, '♫')}".strip():
                st.markdown(said)

quality = cached.quality(job)
today = datetime.date.today()
st.header("How good the model is", anchor=False, divider="gray")
figure_row = st.container(horizontal=True)
if lists.hidden:
    figure_row.metric("Hits in this list", f"{lists.found} of {len(lists.recommended)}")
figure_row.metric("Hits in a list of 10, on average", f"{10 * quality['precision@10']:.1f}")
figure_row.metric("NDCG@10", f"{quality['ndcg@10']:.3f}")
figure_row.metric(f"{nouns.items.capitalize()} recommended at least once", f"{quality['coverage@10']:.0%}")
st.markdown(
    f"A hit is {nouns.an_item} that the {nouns.user} {nouns.does} and that was hidden from the model: "
    f"{nouns.fill(hidden_in_words(job.run.split.settings))}. "
    f"{layout.escape(job.run.model.label)} on {layout.escape(job.dataset.title, 80)}, list {lists.reranking.words}. "
    f"{today.day} {today:%B %Y}."
)
pickers.to_recommend("Back", lists.query)
