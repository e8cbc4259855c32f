"""The frame around every page: browser tab, logo, menu and the data set that is shown.

Each page calls `draw` before anything else::

    from pages.components import frame

    frame.draw("Train", "Tune a model and watch its error.")

Streamlit finds the pages itself (`app.py` and the files in `pages/`); its own menu is switched off in
`.streamlit/config.toml`. The menu stands above the page and not in the sidebar, which on a phone stays open
over the page that was chosen. A page that draws its frame looks the same whether it is reached through the
front page or opened first by a link.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import streamlit as st

from pages.components.markdown import escape
from pages.components.markdown import sentence as sentence
from pages.components.session import session
from pages.components.shell import sign_in

NAME = "Encore"
ROOT = Path(__file__).parents[3]
ICON = ROOT / "assets" / "icon.svg"
LOGO = ROOT / "assets" / "logo.svg"


class Page(NamedTuple):
    """A line of the menu: the file of the page, its name (for `Nouns.fill`) and its icon."""

    path: str
    label: str
    icon: str


MENU = (
    Page("app.py", "Home", ":material/home:"),
    Page("pages/explore.py", "Explore", ":material/travel_explore:"),
    Page("pages/train.py", "Train", ":material/model_training:"),
    Page("pages/sweep.py", "Sweep", ":material/grid_on:"),
    Page("pages/recommend.py", "Recommend", ":material/recommend:"),
    Page("pages/new_listener.py", "New {nouns.user}", ":material/person_add:"),
    Page("pages/compare.py", "Compare", ":material/leaderboard:"),
    Page("pages/map.py", "Map", ":material/scatter_plot:"),
    Page("pages/data.py", "Data", ":material/database:"),
)
EXPLORE, DATA = MENU[1], MENU[-1]


def draw(title: str, lead: str = "", menu: bool = True, of: str = "") -> None:
    """Set up the browser tab and draw the menu and the heading; the first call of every page.

    The address keeps the data set and the run that are shown, so that it can be passed on as a link.

    Parameters
    ----------
    title : str
        The name of the page, for the browser tab and the heading. Here and in the lead, the words of the data stand in
        braces, for `Nouns.fill`: they are not known before somebody who has to has signed in.
    lead : str
        A sentence (Markdown) below the heading: what the page is for.
    menu : bool
        Whether the menu stands above it.
    of : str
        What stands behind the title as it is.
    """
    st.set_page_config(page_title=NAME, page_icon=str(ICON), layout="wide")
    st.logo(str(LOGO), size="large")
    sign_in.gate(NAME)
    nouns = session.nouns()
    title = nouns.fill(title) + of
    st.set_page_config(page_title=NAME if title == NAME else f"{title} · {NAME}")
    top = st.container(horizontal=True, gap="small") if menu else None
    st.title(escape(title), anchor=False)
    if lead:
        st.caption(nouns.fill(lead))
    title_of_data = session.title()
    place = session.place()
    if top is not None:
        with top:
            for page in MENU:
                link(page, query=place)
            st.space("stretch")
            link(DATA, label=escape(title_of_data, 30), icon=DATA.icon, query=place)
            sign_in.who()
    if not place.items() <= st.query_params.items():
        st.query_params.update(place)
    if notice := st.session_state.pop("notice", None):
        st.warning(escape(notice))


def link(page: Page, *, label: str = "", icon: str = "", query: Mapping[str, str] | None = None) -> None:
    """Draw a link to a page of the menu, under its own name and icon unless others are given."""
    st.page_link(
        page.path,
        label=label or session.nouns().fill(page.label),
        icon=icon or page.icon,
        query_params=dict(query) if query else None,
    )


def problem(error: Exception) -> None:
    """Say what a person can mend."""
    st.error(escape(str(error)), icon=":material/error:")
