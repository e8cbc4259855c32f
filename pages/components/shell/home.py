"""Home: what this is, and the way in."""

from __future__ import annotations

import streamlit as st

from pages.components.session import session
from pages.components.shell import layout

WORDS = {
    "Explore": "What is {nouns.done} most, by how many, and how unevenly? Look up any {nouns.item} and what shares its "
    "audience.",
    "Train": "Choose a model, move its settings, and see the error on known and on hidden pairs fall, or not.",
    "Sweep": "Try two settings on a grid, or all of them in a search, and take the best.",
    "Recommend": "Pick a {nouns.user}: their top {nouns.items} beside the recommended ones, why, and the hidden ones "
    "it found.",
    "New {nouns.user}": "Name a few {nouns.items} and get a list at once. Say yes or no to what comes.",
    "Compare": "Which model is better, on the same hidden {nouns.items}, and at what price?",
    "Map": "Every {nouns.item} where the model puts it, and what its latent features stand for.",
    "Data": "What is looked at here, and how to bring your own.",
}


def draw() -> None:
    """Draw the page."""
    layout.draw(
        "Encore",
        "How does a recommender work? **See** who {nouns.does} what, **train** a model and watch it learn, "
        "and **judge** what it recommends, one {nouns.user} at a time.",
    )
    nouns = session.nouns()
    cards = st.grid(4, min_column_width=220)
    for page in layout.MENU[1:]:
        with cards.container(border=True, height="stretch"):
            st.subheader(f"{page.icon} {nouns.fill(page.label)}", anchor=False)
            st.markdown(nouns.fill(WORDS[page.label]))
            layout.link(page, label=f"Open {nouns.fill(page.label)}", query=session.place())
    st.caption(
        f"In use: **{layout.escape(session.title())}**, {session.catalogue().n_users:,} {nouns.users} and "
        f"{session.catalogue().n_items:,} {nouns.items}. {layout.sentence(session.origin())}"
    )
