"""Files of `static/`, as browsers fetch them."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

STATIC = Path(__file__).parents[3] / "static"


@cache
def address(name: str) -> str:
    """Return the address of a file; it ends in a hash of the content, so that browsers never mix two versions."""
    return f"app/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"
