"""Explore: who is played, by how many and how often; a choice filters all that is shown."""

import streamlit as st

from pages.components import external_run
from pages.components.explore import artists, listeners, selection
from pages.components.session import session
from pages.components.shell import layout
from recsys.errors import InputError

layout.draw("explore")
external_run.instead(external_run.explore)


def _view() -> str:
    """Draw the choice between the two views, which the address keeps; return the chosen one."""
    nouns = session.nouns()
    names = {"artists": nouns.items.capitalize(), "listeners": nouns.users.capitalize()}
    wanted = st.query_params.get("view", "artists")
    st.session_state.view = wanted if wanted in names else "artists"

    def switched() -> None:
        st.query_params.view = st.session_state.view

    st.segmented_control(
        "View",
        list(names),
        required=True,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        key="view",
        on_change=switched,
        width="content",
    )
    return str(st.session_state.view)


chosen, problems = selection.current()
for problem in problems:
    layout.problem(InputError(problem))
figures = st.container()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="choice"):
    view = _view()
    if view == "artists":
        selection.search(chosen)
        selection.parts(chosen)
if view == "artists":
    with figures:
        artists.figures(chosen)
    if chosen:
        st.caption(artists.sentence(chosen))
    artists.draw(chosen)
else:
    with figures:
        listeners.strip_of_all()
    listeners.draw()
