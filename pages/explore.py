"""Explore: who is played, by how many and how often; a choice filters all that is shown."""

import streamlit as st

from pages.components import external_run, navigation
from pages.components.explore import artists, friends, listeners, relations, scenes, selection, times
from pages.components.session import keys, session
from pages.components.shell import layout
from pages.components.widgets import pickers
from recsys.errors import InputError

layout.draw("explore")
external_run.instead(external_run.explore)


def _view() -> str:
    """Draw the choice between the views, which the address keeps; return the chosen one."""
    nouns = session.nouns()
    names = {
        "artists": nouns.items.capitalize(),
        "listeners": nouns.users.capitalize(),
        "scenes": f"{scenes.word().capitalize()}s",
        "relations": "Relations",
    }
    if session.dataset().friends is not None:
        names["friends"] = "Friends"
    if times.history() is not None:
        names["time"] = "Time"
    wanted = st.query_params.get("view", "artists")
    st.session_state[keys.VIEW] = wanted if wanted in names else "artists"

    def switched() -> None:
        st.query_params.view = st.session_state[keys.VIEW]

    st.segmented_control(
        "View",
        list(names),
        required=True,
        format_func=names.__getitem__,
        label_visibility="collapsed",
        key=keys.VIEW,
        on_change=switched,
        width="content",
        wrap=True,
    )
    return str(st.session_state[keys.VIEW])


chosen, problems = selection.current()
for problem in problems:
    layout.problem(InputError(problem))
figures = st.container()
with st.container(horizontal=True, vertical_alignment="center", gap="small", key="choice"):
    view = _view()
    if view == "artists":
        with figures:  # before the scenes, which have to be looked for
            artists.figures(chosen)
        selection.search(chosen)
        selection.scene(chosen)
        selection.parts(chosen)
    elif view == "listeners":
        pickers.find_listener(session.dataset().interactions.users)
    elif view == "relations":
        pair = relations.chosen()
    elif view == "time":
        when = times.period()
    layout.link(navigation.page("story"), label="As a story", query=session.place())
if view == "artists":
    if chosen:
        st.caption(artists.sentence(chosen))
    artists.draw(chosen)
elif view == "scenes":
    scenes.draw(figures)
elif view == "relations":
    relations.draw(pair, figures)
elif view == "friends":
    friends.draw(figures)
elif view == "time" and (known := times.history()) is not None:
    times.draw(known, when, figures)
else:
    with figures:
        listeners.strip_of_all()
    listeners.draw()
