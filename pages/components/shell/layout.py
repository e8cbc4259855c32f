"""Frame of every page: browser tab, one row with menu and dataset, title and sentence.

Each page calls `draw` before anything else::

    from pages.components.shell import layout

    layout.draw("train")

Streamlit finds the pages itself (`app.py` and the files in `pages/`); its own menu is switched off in
`.streamlit/config.toml`. A page that draws its frame looks the same whether it is reached through the
front page or opened first by a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import streamlit as st

from pages.components import navigation
from pages.components.markdown import escape
from pages.components.markdown import sentence as sentence
from pages.components.navigation import Page
from pages.components.session import choice, keys, session
from pages.components.shell import bring_file, sign_in
from pages.components.widgets import listening

NAME = "Encore"
ROOT = Path(__file__).parents[3]
ICON = ROOT / "assets" / "icon.svg"
STYLE = ROOT / "assets" / "frame.css"


def draw(name: str, *, menu: bool = True, title: str = "", of: str = "") -> None:
    """Set up the browser tab and draw the menu and the heading; the first call of every page.

    The address keeps the dataset and the run that are shown, so that it can be passed on as a link.

    Parameters
    ----------
    name : str
        Of the page, as in `navigation.page`: its label is the title, its blurb stands beside it.
    menu : bool
        Whether the menu stands above it.
    title : str
        Another title than the label, for `Nouns.fill`, and no blurb.
    of : str
        What stands behind the title as it is.
    """
    page = navigation.page(name)
    st.set_page_config(page_title=NAME, page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    sign_in.gate(NAME)
    choice.adopt()
    nouns = session.nouns()
    shown = nouns.fill(title or page.label) + of
    st.set_page_config(page_title=NAME if shown == NAME else f"{shown} · {NAME}")
    place = session.place()
    if menu:
        _frame(place)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="heading"):
        st.title(escape(shown), anchor=False, width="content")
        if page.blurb and not title:
            st.caption(nouns.fill(page.blurb))
    if not place.items() <= st.query_params.items():
        st.query_params.update(place)
    if notice := st.session_state.pop(keys.NOTICE, None):
        st.warning(escape(notice))


def _frame(place: Mapping[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False, key="frame"):
        with st.container(key="logo", width="content"):
            st.page_link(_registered("app.py"), label=NAME, query_params=dict(place) or None)
        with st.container(horizontal=True, gap="xxsmall", wrap=False, key="menu", width="content"):
            for row in navigation.menu():
                link(row, query=place)
        bring_file.drop_anywhere()
        st.space("stretch")
        _dataset(place)
        sign_in.who()


def _dataset(place: Mapping[str, str]) -> None:
    """Draw the dataset in use, with its size and the ways to another one."""
    nouns, catalogue = session.nouns(), session.catalogue()
    data = navigation.page("data")
    with st.popover(
        escape(session.title(), 40), icon=data.icon, type="tertiary", key=keys.DATASET, wrap=False
    ):
        st.markdown(f"**{escape(session.title(), 80)}**")
        st.caption(
            f"{catalogue.n_users:,} {nouns.users} and {catalogue.n_items:,} {nouns.items}. "
            f"{sentence(session.origin())}"
        )
        link(data, label="Change the dataset", icon=":material/swap_horiz:", query=place)
        bring_file.choose()
        link(navigation.page("health"), query=place)
        listening.choose()


def link(page: Page, *, label: str = "", icon: str = "", query: Mapping[str, str] | None = None) -> None:
    """Draw a link to a page, under its own name and icon unless others are given."""
    st.page_link(
        _registered(page.path),
        label=label or session.nouns().fill(page.label),
        icon=icon or page.icon,
        query_params=dict(query) if query else None,
    )


@cache
def _registered(path: str) -> st.Page:
    """Return a page as Streamlit knows it, made once: for a path it looks at all folders above each time."""
    return st.Page(path, default=path == "app.py")


def problem(error: Exception) -> None:
    """Say what a person can mend."""
    st.error(escape(str(error)), icon=":material/error:")
