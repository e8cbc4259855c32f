"""Whose saved runs these are: of who signed in, or else of this browser, which keeps a secret in a cookie."""

from __future__ import annotations

import re
import secrets

import streamlit as st

COOKIE = "encore_owner"
KEY = "owner-cookie"
YEAR = 365 * 24 * 3600  # seconds

# Another tab may have been first: then its secret counts, and is sent back.
_component = st.components.v2.component(
    "owner",
    js="""
export default function ({ data, setStateValue }) {
  const kept = () => document.cookie.match(new RegExp(`(?:^|; )${data.cookie}=([0-9a-f]{32})(?:;|$)`))?.[1];
  if (!kept()) {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${data.cookie}=${data.secret}; Max-Age=${data.age}; Path=/; SameSite=Lax${secure}`;
  }
  const known = kept();
  if (known && known !== data.secret) setStateValue("kept", known);
}
""",
)


def owner() -> str:
    """Return a name that only this person, or else this browser, can give: the same in each tab and visit."""
    if getattr(st.user, "is_logged_in", False):
        return f"signed in: {st.user.get('iss')} {st.user.get('sub')}"
    secret = _kept()
    if not secret:
        secret = (st.session_state.get(KEY) or {}).get("kept") or ""
    if not _valid(secret):
        secret = st.session_state.setdefault("owner-secret", secrets.token_hex(16))
    return f"browser: {secret}"


def keep() -> None:
    """Let the browser keep the secret, unless it does already; draws nothing that is seen."""
    if getattr(st.user, "is_logged_in", False) or _kept():
        return
    secret = st.session_state.setdefault("owner-secret", secrets.token_hex(16))
    _component(
        key=KEY,
        data={"cookie": COOKIE, "secret": secret, "age": YEAR},
        on_kept_change=_other_owner,
        width="content",
    )


def _other_owner() -> None:
    """Forget what was listed for the owner whose secret was not kept."""
    st.session_state.pop("saved", None)


def _kept() -> str:
    """Return the secret that the browser sent when it came, if it had one."""
    secret = str(st.context.cookies.get(COOKIE, ""))
    return secret if _valid(secret) else ""


def _valid(secret: str) -> bool:
    return re.fullmatch("[0-9a-f]{32}", secret) is not None
