"""Owner of saved runs and data: the person who signed in, or else this browser, known by a secret cookie.

The server sets the cookie (`server.owner_cookie`), so that no script can read it.
"""

from __future__ import annotations

import ipaddress
import re
import secrets

import streamlit as st

from pages.components.session import keys

COOKIE = "encore_owner"


def owner() -> str:
    """Return a name that only this person, or else this browser, can give: the same in each tab and visit."""
    if keys.OWNER not in st.session_state:  # `st.user` looks for the secrets' files each time
        st.session_state[keys.OWNER] = _owner()
    known: str = st.session_state[keys.OWNER]
    return known


def _owner() -> str:
    if getattr(st.user, "is_logged_in", False):
        return f"signed in: {st.user.get('iss')} {st.user.get('sub')}"
    secret = str(st.context.cookies.get(COOKIE, ""))
    return f"browser: {secret if is_secret(secret) else secrets.token_hex(16)}"  # it may keep no cookies


def keeps_cookies() -> bool:
    """Tell whether this visitor will be known again after a reload."""
    if getattr(st.user, "is_logged_in", False):
        return True
    return is_secret(str(st.context.cookies.get(COOKIE, "")))


def address() -> str:
    """Return the network address of this visitor, for fair shares; "" if it is not known.

    Behind a proxy on this machine or a private network it is what that proxy says. An IPv6 address stands for its
    network of 64 bits, which one visitor has alone.
    """
    try:
        direct = ipaddress.ip_address(st.context.ip_address or "127.0.0.1")
        told = str(st.context.headers.get("X-Forwarded-For", "")).rsplit(",", 1)[-1].strip()
        found = ipaddress.ip_address(told) if told and direct.is_private else direct
    except ValueError:
        return ""
    if found.version == 6:
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def is_secret(text: str) -> bool:
    """Tell whether this has the form of the cookie's secret."""
    return re.fullmatch("[0-9a-f]{32}", text) is not None
