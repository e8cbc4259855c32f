"""Home: what this is, and the way in."""

from __future__ import annotations

import streamlit as st

from pages.components import frame, state

WORDS = {
    "Explore": "Who is played most, by how many, and how unevenly? Look up any artist and who shares its audience.",
    "Train": "Choose a model, move its settings, and see the error on known and on hidden plays fall, or not.",
    "Sweep": "Try two settings on a grid, or all of them in a search, and take the best.",
    "Recommend": "Pick a listener: their top artists beside the recommended ones, why, and the hidden ones it found.",
    "New listener": "Name a few artists and get a list at once. Say yes or no to what comes.",
    "Compare": "Which model is better, on the same hidden artists, and at what price?",
    "Map": "Every artist where the model puts it, and what its latent features stand for.",
    "Data": "What is looked at here, and how to bring your own.",
}


def draw() -> None:
    """Draw the page."""
    frame.draw(
        "Encore",
        "How does a music-artist recommender work? **See** who plays what, **train** a model and watch it learn, "
        "and **judge** what it recommends, one listener at a time.",
    )
    cards = st.grid(4, min_column_width=220)
    for page in frame.MENU[1:]:
        with cards.container(border=True, height="stretch"):
            st.subheader(f"{page.icon} {page.label}", anchor=False)
            st.markdown(WORDS[page.label])
            frame.link(page, label=f"Open {page.label}", query=state.place())
    st.caption(
        f"In use: **{frame.escape(state.title())}**, {state.catalogue().n_users:,} listeners and "
        f"{state.catalogue().n_items:,} artists. {frame.sentence(state.origin())}"
    )
