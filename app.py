"""Home: what this is, and the way in. Start it with `streamlit run app.py`."""

import streamlit as st

from pages.components import frame, state

frame.draw(
    "Encore",
    "How does a music-artist recommender work? **See** who plays what, **train** a model and watch it learn, "
    "and **judge** what it recommends, one listener at a time.",
)
WORDS = {
    "Explore": "Who is played most, by how many, and how unevenly? Look up any artist and who shares its audience.",
    "Train": "Choose a model, move its settings, and see the error on known and on hidden plays fall, or not.",
    "Recommend": "Pick a listener: their top artists beside the recommended ones, with the hidden ones it found.",
}
pages = [page for page in frame.MENU if page.label in WORDS]
for column, page in zip(st.columns(len(pages)), pages, strict=True):
    with column.container(border=True, height="stretch"):
        st.subheader(f"{page.icon} {page.label}", anchor=False)
        st.markdown(WORDS[page.label])
        frame.link(page, label=f"Open {page.label}", query=state.place())
chosen = state.dataset()
st.caption(
    f"In use: **{frame.escape(chosen.title)}**, {chosen.interactions.n_users:,} listeners and "
    f"{chosen.interactions.n_items:,} artists. {frame.sentence(chosen.origin)}"
)
