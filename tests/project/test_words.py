"""The style rule of CONTRIBUTING: the first word of docstrings, and words that leave open who is meant."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

VAGUE = re.compile(r"\b(somebody|whoever|nobody)\b", re.I)
FILES = [ROOT / "app.py"]
for folder in ("benchmarks", "pages", "recsys", "server", "tests"):
    FILES += sorted((ROOT / folder).rglob("*.py"))
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each docstring."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, DOCUMENTED) and (found := ast.get_docstring(node)):
            yield node.body[0].lineno, found


def tokens(text: str, kind: int) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment or name."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == kind:
            yield token.start[0], token.string.replace("_", " ")


def complaints(text: str, *, names: bool) -> list[str]:
    """Return a complaint for each docstring that begins with a question word, and for each vague word."""
    checked = [*docstrings(text)]
    found = [f"{line}: {words[:60]}" for line, words in checked if re.match(r"What\b", words)]
    if VAGUE.search(text.replace("_", " ")):  # taking a text apart takes long
        checked += tokens(text, tokenize.COMMENT)
        if names:
            checked += tokens(text, tokenize.NAME)
    return found + [f"{line}: {word.group()}" for line, words in checked for word in VAGUE.finditer(words)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docstrings_comments_and_names_say_who_and_what_they_mean(path: Path):
    # names of tests are sentences, and texts for the screen are plain strings: both may speak of people
    assert complaints(path.read_text("utf-8"), names="tests" not in path.parts) == []


@pytest.mark.parametrize(
    ("text", "many"),
    [
        ('"""What a model promises."""', 1),
        ('def f():\n    """Return the list of somebody."""', 1),
        ("x = 1  # whoever comes", 1),
        ("nobody_else = 1", 1),
        ('"""Interface of models."""\nx = "Nobody here knows any of these."', 0),
    ],
)
def test_the_check_finds_what_it_should(text, many):
    assert len(complaints(text, names=True)) == many
