"""The style rule of CONTRIBUTING: how docstrings begin, and words that leave open who is meant."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

VAGUE = re.compile(r"\b(somebody|whoever|nobody)\b", re.I)
# Text for the screen may speak of people: "Nobody here knows any of these."
CHECKED = [
    path
    for folder in ("app.py", "benchmarks", "pages", "recsys", "server", "tests")
    for path in ([ROOT / folder] if folder.endswith(".py") else sorted((ROOT / folder).rglob("*.py")))
]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each docstring."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node, clean=True)):
            yield node.body[0].lineno, text


def comments_and_names(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment and each name in the code."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type in (tokenize.COMMENT, tokenize.NAME):
            yield token.start[0], token.string.replace("_", " ")


@pytest.mark.parametrize("path", CHECKED, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_and_comments_say_what_they_mean(path):
    found = [f"{line}: {text[:80]}" for line, text in docstrings(path) if text.startswith("What")]
    for line, text in (*docstrings(path), *comments_and_names(path)):
        found += [f"{line}: {word.group()}" for word in VAGUE.finditer(text)]
    assert not found, f"{path.relative_to(ROOT)}: {found}"
