"""Home page: a sentence on each page, and the way to it."""

from __future__ import annotations

import streamlit as st

from pages.components import navigation
from pages.components.session import session
from pages.components.shell import layout


def draw() -> None:
    """Draw the page."""
    layout.draw("app")
    nouns = session.nouns()
    cards = st.grid(3, min_column_width=220)
    for page in navigation.menu():
        with cards.container(border=True, height="stretch"):
            st.subheader(f"{page.icon} {nouns.fill(page.label)}", anchor=False)
            st.markdown(nouns.fill(page.blurb))
            layout.link(page, label=f"Open {nouns.fill(page.label)}", query=session.place())
