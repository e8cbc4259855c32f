"""Selection of artists that table, charts and figures of Explore share; the address holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import methodcaller

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.explore import scenes
from pages.components.session import cached, keys, session
from pages.components.shell import layout
from pages.components.widgets import pickers
from recsys.analysis.selection import PARAMETERS, Selection, Summary, read_selection, summarize
from recsys.analysis.tags import common_tags

BEST_KNOWN = 12
NAMED = 8  # picked artists that have a button each


def current() -> tuple[Selection, list[str]]:
    """Return the selection in the address, and a sentence for each part of it that cannot be read."""
    given = {name: st.query_params.get_all(name) for name in PARAMETERS}
    names = scenes.found().names if given["scene"] else ()
    return read_selection(given, session.dataset().interactions, names, _tags() if given["tag"] else ())


def _tags() -> list[str]:
    """Return the common tags of the current data; not to be changed."""
    return _common_tags(session.dataset().interactions.fingerprint)


@cached.remembered(show_spinner=False, max_entries=4)
def _common_tags(fingerprint: str) -> list[str]:
    return common_tags(session.dataset().interactions, cached.tags())


def change(how: Callable[[Selection], Selection]) -> None:
    """Put another selection into the address, made of the one that is there; from a callback."""
    chosen, _ = current()
    others: dict[str, str | list[str]] = {
        name: text for name, text in st.query_params.to_dict().items() if name not in PARAMETERS
    }
    st.query_params.from_dict(others | how(chosen).parameters(session.dataset().interactions))


def mask(chosen: Selection) -> NDArray[np.bool_]:
    """Return which rows of the rank table are selected; not to be changed."""
    return _mask(session.dataset().interactions.fingerprint, chosen)


@cached.remembered(show_spinner=False, max_entries=64)
def _mask(fingerprint: str, chosen: Selection) -> NDArray[np.bool_]:
    return chosen.mask(
        cached.ranks(), scenes.found() if chosen.scene else None, cached.tags() if chosen.tag else None
    )


def summary(chosen: Selection) -> Summary | None:
    """Return figures of what is selected; None if no artist is."""
    return _summary(session.dataset().interactions.fingerprint, chosen)


@cached.remembered(show_spinner=False, max_entries=64)
def _summary(fingerprint: str, chosen: Selection) -> Summary | None:
    return summarize(session.dataset().interactions, cached.ranks(), mask(chosen), BEST_KNOWN)


def search(chosen: Selection) -> None:
    """Draw the search field, which holds what the address says."""
    st.session_state[keys.SEARCH] = chosen.search

    def typed() -> None:
        change(lambda before: replace(before, search=st.session_state[keys.SEARCH].strip()))

    pickers.artist_field(
        keys.SEARCH,
        placeholder=f"Find {session.nouns().an_item}: part of a name",
        live=False,  # charts and tables follow it, once it is typed
        help=None,
        label_visibility="collapsed",
        on_change=typed,
        width=240,
    )


def scene(chosen: Selection) -> None:
    """Draw the choice of a scene or of any common tag, which holds what the address says."""
    names = scenes.found().names
    if not names:
        return
    tags = [tag for tag in _tags() if tag not in names]
    st.session_state[keys.SCENE] = chosen.scene or chosen.tag or None

    def picked() -> None:
        name = st.session_state[keys.SCENE] or ""
        scene, tag = (name, "") if name in names else ("", name)
        change(lambda before: replace(before, scene=scene, tag=tag))

    st.selectbox(
        scenes.word().capitalize(),
        [*names, *tags],
        index=None,
        key=keys.SCENE,
        placeholder=f"Any {scenes.word()} or tag" if tags else f"Any {scenes.word()}",
        label_visibility="collapsed",
        on_change=picked,
        width=240,
    )


def parts(chosen: Selection) -> None:
    """Draw a button for each part of the selection that takes it back, and one for all of it."""
    if not chosen:
        return
    nouns = session.nouns()

    def button(label: str, key: str, how: Callable[[Selection], Selection], icon: str = "close") -> None:
        st.button(
            label,
            key=f"back-{key}",
            icon=f":material/{icon}:",
            type="tertiary",
            help="Take this part of the choice back.",
            on_click=partial(change, how),
        )

    if chosen.search:
        button(
            f"“{layout.escape(chosen.search, 40)}” in the name",
            "search",
            methodcaller("without", "search"),
        )
    if chosen.scene:
        button(layout.escape(chosen.scene, 60), "scene", methodcaller("without", "scene"))
    if chosen.tag:
        button(layout.escape(chosen.tag, 60), "tag", methodcaller("without", "tag"))
    names = session.dataset().interactions.names
    for code in chosen.picked[:NAMED]:
        button(
            layout.escape(str(names[code]), 40),
            f"picked-{code}",
            methodcaller("toggled", code),
        )
    if (more := len(chosen.picked) - NAMED) and more > 0:
        button(f"all {len(chosen.picked)} picked", "picked", methodcaller("without", "picked"))
    for name, word in (("listeners", nouns.users), ("plays", nouns.values)):
        if bounds := getattr(chosen, name):
            low, high = (f"{bound:,.15g}" for bound in bounds)
            button(f"{low} to {high} {word}", name, methodcaller("without", name))
    button("Take all back", "all", methodcaller("without", *PARAMETERS), "filter_alt_off")
