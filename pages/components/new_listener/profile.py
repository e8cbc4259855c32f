"""The profile of a visitor as a new user: kept for the visit, changed by one step at a time, undone."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.components.session import keys, session
from recsys.errors import InputError
from recsys.recommendation.new_user import UserProfile

KEPT = 100  # profiles that can be gone back to


def _history() -> list[UserProfile]:
    """Return the profiles of this visitor on the current data, one after another; the last is theirs now."""
    data, profiles = st.session_state.get(keys.PROFILES, ("", []))
    if data != session.catalogue().fingerprint:
        profiles = [UserProfile()]
        st.session_state[keys.PROFILES] = session.catalogue().fingerprint, profiles
    return profiles


def current() -> UserProfile:
    """Return the feedback of this visitor as a new user, on the current data."""
    return _history()[-1]


def replace(profile: UserProfile) -> None:
    """Put another profile in place of the current one; that can be undone."""
    profiles = _history()
    if profile != profiles[-1]:
        profiles.append(profile)
        del profiles[:-KEPT]


def change(how: Callable[[UserProfile], UserProfile]) -> None:
    """Change the profile; where that is refused, `problem` returns why."""
    try:
        replace(how(current()))
    except InputError as error:
        st.session_state[keys.PROFILE_PROBLEM] = error


def choose(item: int) -> None:
    """Add an item to the profile, by its code."""
    change(lambda profile: profile.choose(item))


def problem() -> InputError | None:
    """Return why the last change was refused, once."""
    found: InputError | None = st.session_state.pop(keys.PROFILE_PROBLEM, None)
    return found


def can_undo() -> bool:
    """Tell whether there is a profile to go back to."""
    return len(_history()) > 1


def undo() -> None:
    """Go back to the profile before."""
    _history().pop()
