"""One person's own history, from an export or a list of names, made the profile of this visitor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.components.new_listener import profile
from pages.components.session import cached, keys, session
from recsys.data.importing.one_person import OnePerson, read_names, read_one_person
from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.recommendation.name_matching import NameIndex
from recsys.recommendation.new_user import MOST_ARTISTS, UserProfile


@cached.remembered(show_spinner=False, max_entries=4)
def _names(fingerprint: str, _data: Interactions) -> NameIndex:
    return NameIndex(_data.names, _data.item_counts)


def names() -> NameIndex:
    """Return the index of the names of the current data."""
    data = session.dataset().interactions
    return _names(data.fingerprint, data)


def take_text(text: str) -> None:
    """Make a profile of names that a person wrote; the page You says what came of it, or what is wrong."""
    _guarded(lambda: read_names(text, names().__contains__))


def take_upload(sources: list[tuple[str, Any]]) -> None:
    """Make a profile of one person's own export; the page You says what came of it, or what is wrong."""
    _guarded(lambda: read_one_person(sources))


def take_files(sources: list[tuple[str, Any]]) -> None:
    """Make a profile of one person's own export.

    Raises
    ------
    InputError
        If it is none.
    """
    _take(lambda: read_one_person(sources))


def _guarded(read: Callable[[], OnePerson]) -> None:
    try:
        _take(read)
    except InputError as error:
        st.session_state[keys.EXPORT_RESULT] = error


def _take(read: Callable[[], OnePerson]) -> None:
    started = time.perf_counter()
    person = read()
    matches = names().match(person.plays, person.ages)
    profile.replace(UserProfile.of_history(matches.found, matches.ages))
    used = min(len(matches.found), MOST_ARTISTS)
    data = session.dataset().interactions.fingerprint
    st.session_state[keys.EXPORT_RESULT] = (data, person, matches, used, time.perf_counter() - started)
