"""Sign-in: off unless the secrets name a provider; then nothing is shown before it."""

from __future__ import annotations

from importlib.util import find_spec

import streamlit as st

from pages.components.markdown import escape

REFUSED = "sign-in-refused"
SHORTEST_SECRET = 32


def wanted() -> bool:
    """Return whether visitors have to sign in here."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def gate(title: str) -> None:
    """Require sign-in where it is set up: draw the sign-in button, and end the page there."""
    if not wanted() or st.user.get("is_logged_in") is True:
        return
    st.title(title, anchor=False)
    if fault := _fault():
        st.error(fault)
        st.stop()
    if REFUSED in st.query_params:
        st.error("Signing in did not work: the provider's answer was not valid. Try again.")
    st.markdown("Please sign in to go on.")
    for provider in _providers():
        label = f"Sign in with {escape(provider.capitalize())}" if provider else "Sign in"
        st.button(
            label,
            type="primary",
            icon=":material/login:",
            key=f"sign-in-{provider}",
            on_click=st.login,
            args=(provider,) if provider else (),
        )
    st.stop()


def who() -> None:
    """Draw who is signed in, and the way out."""
    if not wanted():
        return
    name = next((str(st.user[key]) for key in ("name", "email", "sub") if st.user.get(key)), "Signed in")
    with st.popover(escape(name, 20), icon=":material/person:"):
        if email := st.user.get("email"):
            st.caption(escape(str(email), 80))
        st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)


def _fault() -> str:
    """Say what is missing for signing in; "" if nothing is."""
    if len(str(st.secrets["auth"].get("cookie_secret", ""))) < SHORTEST_SECRET:
        return f"Nobody can sign in: `cookie_secret` needs {SHORTEST_SECRET} characters or more that nobody can guess."
    if find_spec("authlib") is None or find_spec("httpx") is None:
        return "Nobody can sign in: `pip install -r requirements-signin.txt` is needed on the server."
    return ""


def _providers() -> list[str]:
    """Return the names of the providers to choose from; "" for the one that has no name."""
    auth = st.secrets["auth"]
    named = [name for name, value in auth.items() if hasattr(value, "keys") and "client_id" in value]
    return [""] * ("client_id" in auth) + named
