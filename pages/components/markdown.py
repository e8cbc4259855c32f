"""Escaping of foreign text in Markdown."""

from __future__ import annotations

import re


def escape(text: str, longest: int = 1_000) -> str:
    """Return the text so that Markdown shows every character as it is, on one line, and not too long."""
    # signs that turn the direction of reading would turn what follows the text, too
    line = re.sub(r"\s+", " ", re.sub("[\u202a-\u202e\u2066-\u2069]", "", text))
    if len(line) > longest:
        line = f"{line[:longest].rstrip()}…"
    # escaped or not, Markdown makes links of addresses: unless something invisible stands within
    line = re.sub(r"(?i)(www|@|:(?=//))", "\\1\N{WORD JOINER}", line)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", line)


def sentence(text: str) -> str:
    """Return the text so that Markdown shows it as it is, but for addresses, which become links."""
    parts = re.split(r"(https://[\w./-]*\w/?)", text)
    # in angle brackets, or the backslash that escapes what follows becomes a part of the address
    return "".join(f"<{part}>" if place % 2 else escape(part) for place, part in enumerate(parts))
