"""Pickers of a listener and of artists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from pages.components import navigation
from pages.components.session import keys, session
from pages.components.shell import layout
from recsys.data.splitting import Split
from recsys.errors import InputError
from recsys.scale.external_runs import ExternalRun

# What is sent to the browser: a picker makes an element of each, and 20,000 of them halt the page for seconds.
LISTENERS_LISTED = 2_000


SUGGESTED = 20


MATCHES = 8


LONGEST = 200


def from_address(name: str, read: Callable[[str], Any]) -> None:
    """Let a control show what the address says, if that is not what `listener` left there; before it is drawn.

    Parameters
    ----------
    name : str
        Of the parameter, and the key of the control.
    read : callable
        Turns the text into the value of the control, or raises InputError.
    """
    linked = st.query_params.get(name)
    if linked is None or linked == st.session_state.get(f"{name}_in_address"):
        return
    try:
        st.session_state[name] = read(linked)
    except InputError as error:
        layout.problem(error)


def with_hidden(split: Split) -> str:
    """Return the first user of whom something was hidden, or else the first of all."""
    return str(split.train.users[int((split.held_out.user_counts > 0).argmax())])


def choose_first(user: str) -> None:
    """Choose this user where none was ever chosen and the address names none; before the picker is drawn."""
    if keys.LISTENER not in st.session_state and "listener" not in st.query_params:
        st.session_state[keys.LISTENER] = user


def listener(users: pd.Index, **beside: str) -> str | None:
    """Draw a listener picker that takes any id; return the id as text.

    The URL holds the chosen user, and the parameters `beside`. A user in a changed URL overrides the
    choice.
    """
    from_address("listener", str)
    nouns = session.nouns()
    more = len(users) > LISTENERS_LISTED
    if keys.LISTENER in st.session_state:
        # what an address chose on another page is known here, but the picker of this page begins empty unless told
        st.session_state[keys.LISTENER] = st.session_state[keys.LISTENER]
    chosen = st.selectbox(
        nouns.user.capitalize(),
        [str(user) for user in users[:LISTENERS_LISTED]],
        key=keys.LISTENER,
        index=None,
        placeholder=f"Choose a {nouns.user}, or type an id",
        accept_new_options=True,
        filter_mode="contains",
        persist_state="session",
        help=f"{len(users):,} {nouns.users}."
        + (
            f" The first {LISTENERS_LISTED:,} are listed; type any id or a part of one, then Enter."
            if more
            else ""
        ),
    )
    into_address(None if chosen is None else str(chosen), beside)
    return None if chosen is None else str(chosen)


def find_listener(users: pd.Index) -> None:
    """Draw a field that takes any id, or a part of one, and goes to that listener's page."""
    nouns = session.nouns()
    wanted = st.selectbox(
        f"Find a {nouns.user}",
        [str(user) for user in users[:LISTENERS_LISTED]],
        index=None,
        key="find-listener",
        placeholder=f"Find a {nouns.user}: an id",
        accept_new_options=True,
        filter_mode="contains",
        label_visibility="collapsed",
        width=240,
    )
    if wanted:
        open_listener(str(wanted))


def into_address(chosen: str | None, beside: Mapping[str, str] = MappingProxyType({})) -> None:
    """Let the address say who is chosen and what else there is, and remember that it was put there."""
    here = {} if chosen is None else {"listener": chosen} | dict(beside)
    if not here.items() <= st.query_params.items():
        st.query_params.update(here)  # in one step: each is an entry in the browser's history
    elif chosen is None and "listener" in st.query_params:
        del st.query_params.listener
    for name in ("listener", *beside):
        st.session_state[f"{name}_in_address"] = here.get(name)


def typed_listener(run: ExternalRun, **beside: str) -> str | None:
    """Draw a field for the id of a user, for more users than can be listed; return the id once it exists.

    Ids with the typed prefix are offered meanwhile. The URL works as in `listener`.
    """
    from_address("listener", str)
    nouns = session.nouns()
    field, button = st.columns([3, 2], vertical_alignment="bottom")
    typed = field.text_input(
        nouns.user.capitalize(),
        key=keys.LISTENER,
        placeholder="Type the beginning of an id",
        icon=":material/person_search:",
        live="150ms",
        autocomplete="off",
        persist_state="session",
        help=f"{run.n_users:,} {nouns.users}. Those whose id begins so appear while you type.",
    )
    button.button(
        f"Any {nouns.user}",
        icon=":material/casino:",
        key="any-listener",
        width="stretch",
        on_click=lambda: choose_listener(run.random_user()),
    )
    wanted = (typed or "").strip()
    try:
        run.user_code(wanted)
    except InputError as error:
        # The address stays as it is: Back would otherwise lead through all that was half typed.
        found = run.users_from(wanted, SUGGESTED) if wanted else []
        if found:
            st.pills(
                f"{nouns.users.capitalize()} whose id begins so",
                found,
                key=keys.SIMILAR,
                format_func=layout.escape,
                on_change=lambda: choose_listener(st.session_state[keys.SIMILAR]),
                wrap=True,
            )
        elif wanted:
            layout.problem(error)
        else:
            st.caption(f"Choose a {nouns.user} to see their {nouns.items} and what is recommended to them.")
        return None
    into_address(wanted, beside)
    return wanted


def similar_listeners(users: pd.Index, part: str) -> None:
    """Draw the listeners whose id has this part; choosing one puts it into the picker."""
    names = users.astype(str)
    found = names[names.str.contains(part.strip(), case=False, regex=False)]
    if found.empty:
        return
    st.pills(
        f"{len(found):,} {session.nouns().users} have this in their id"
        + (f", {SUGGESTED} of them:" if len(found) > SUGGESTED else ":"),
        list(found[:SUGGESTED]),
        key=keys.SIMILAR,
        format_func=layout.escape,
        on_change=lambda: choose_listener(st.session_state[keys.SIMILAR]),
    )


def choose_listener(user: object) -> None:
    """Put a listener into the picker; to be called before the picker is drawn, from a callback."""
    st.session_state[keys.LISTENER] = str(user)


def artist_field(key: str, **more: Any) -> str:
    """Draw the field that finds items by a part of their name while one types; return what is in it, trimmed."""
    nouns = session.nouns()
    options: dict[str, Any] = {
        "placeholder": "Type a part of a name",
        "icon": ":material/search:",
        "live": "150ms",
        "autocomplete": "off",
        "help": f"Looks through all {session.catalogue().n_items:,} {nouns.items} while you type.",
    }
    return str(st.text_input(f"Find {nouns.an_item}", key=key, **options | more)).strip()


@st.fragment
def artist_search(key: str, choose: Callable[[int], None], fragment: str) -> None:
    """Draw a search field with live matches; a click hands the item code on.

    Parameters
    ----------
    key : str
        Begins the keys of its controls.
    choose : callable
        Called with the item code.
    fragment : str
        Key of the fragment that is drawn anew then.
    """
    catalogue, nouns = session.catalogue(), session.nouns()

    def chosen(code: int) -> None:
        st.session_state[f"{key}-search"] = ""
        choose(code)

    part = artist_field(f"{key}-search")
    found = catalogue.named(part, MATCHES)
    if found:
        artist_pills("Matches", found, f"{key}-found", chosen, fragment)
    elif part:
        st.caption(f"No {nouns.item} has this in its name.")


def artist_pills(
    label: str, codes: list[int], key: str, choose: Callable[[int], None], fragment: str
) -> None:
    """Draw artists to click, by their item codes; then as `artist_search`."""

    def clicked() -> None:
        code = st.session_state[key]
        st.session_state[key] = None
        if code is not None:
            choose(code)
        st.rerun(fragment)

    st.pills(label, codes, key=key, format_func=artist_name, on_change=clicked, label_visibility="collapsed")


def artist_name(code: int) -> str:
    """Return the name of an artist of the data that is shown, as Markdown shows it as it is."""
    return layout.escape(str(session.catalogue().names[code]), 60)


def to_recommend(label: str, more: Mapping[str, str] | None = None) -> None:
    """Draw a link to the Recommend page, with more in its address than the data and the run."""
    layout.link(
        navigation.page("recommend"),
        label=label,
        icon=":material/arrow_back:",
        query=session.place() | dict(more or {}),
    )


def onward(**more: str) -> dict[str, str | list[str]]:
    """Return the address of a page that is gone to, with all that the address of Explore holds.

    `st.switch_page` writes it into the address that is left, too: without its view and selection there, Back would
    lead to Explore as it is at first.
    """
    here: dict[str, str | list[str]] = {}
    if urlsplit(st.context.url or "").path.endswith(f"/{navigation.page('explore').name}"):
        here |= {name: st.query_params.get_all(name) for name in st.query_params}
    return here | session.place() | more


def open_artist(item: str) -> None:
    """Go to an artist's page."""
    st.switch_page(navigation.page("artist").path, query_params=onward(artist=item))


def open_listener(user: str) -> None:
    """Go to a listener's page."""
    st.switch_page(navigation.page("listener").path, query_params=onward(listener=user))
