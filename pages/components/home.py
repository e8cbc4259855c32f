"""Home: what this is, and the way in."""

from __future__ import annotations

import streamlit as st

from pages.components import frame, state


def draw() -> None:
    """Draw the page."""
    nouns = state.nouns()
    frame.draw(
        "Encore",
        f"How does a recommender work? **See** who {nouns.does} what, **train** a model and watch it learn, "
        f"and **judge** what it recommends, one {nouns.user} at a time.",
    )
    words = {
        "Explore": f"What is {nouns.done} most, by how many, and how unevenly? Look up any {nouns.item} and what "
        "shares its audience.",
        "Train": "Choose a model, move its settings, and see the error on known and on hidden pairs fall, or not.",
        "Sweep": "Try two settings on a grid, or all of them in a search, and take the best.",
        "Recommend": f"Pick a {nouns.user}: their top {nouns.items} beside the recommended ones, why, and the hidden "
        "ones it found.",
        "New {nouns.user}": f"Name a few {nouns.items} and get a list at once. Say yes or no to what comes.",
        "Compare": f"Which model is better, on the same hidden {nouns.items}, and at what price?",
        "Map": f"Every {nouns.item} where the model puts it, and what its latent features stand for.",
        "Data": "What is looked at here, and how to bring your own.",
    }
    cards = st.grid(4, min_column_width=220)
    for page in frame.MENU[1:]:
        with cards.container(border=True, height="stretch"):
            st.subheader(f"{page.icon} {nouns.fill(page.label)}", anchor=False)
            st.markdown(words[page.label])
            frame.link(page, label=f"Open {nouns.fill(page.label)}", query=state.place())
    st.caption(
        f"In use: **{frame.escape(state.title())}**, {state.catalogue().n_users:,} {nouns.users} and "
        f"{state.catalogue().n_items:,} {nouns.items}. {frame.sentence(state.origin())}"
    )
