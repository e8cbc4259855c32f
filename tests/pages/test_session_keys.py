"""Names of the state of a visit: all in one module, each once."""

import ast
from pathlib import Path

import pytest

from pages.components.session import keys
from tests.conftest import ROOT

FILES = [path for path in sorted((ROOT / "pages").rglob("*.py")) if path != Path(keys.__file__)]
METHODS = {"get", "pop", "setdefault"}


def literals(code: str) -> list[int]:
    """Find the lines that name a part of `st.session_state` by a text of their own or by an attribute."""

    def is_state(node: ast.AST) -> bool:
        return ast.unparse(node) == "st.session_state"

    def is_text(node: ast.AST) -> bool:
        return isinstance(node, ast.Constant) and isinstance(node.value, str)

    found = []
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Subscript(value=state, slice=key) if is_state(state) and is_text(key):
                found.append(node.lineno)
            case ast.Call(func=ast.Attribute(value=state, attr=name), args=[key, *_]) if is_state(state):
                found += [node.lineno] * (name in METHODS and is_text(key))
            case ast.Compare(left=key, comparators=[state]) if is_state(state) and is_text(key):
                found.append(node.lineno)
            case ast.Attribute(value=state, attr=name) if is_state(state) and not hasattr(dict, name):
                found += [node.lineno] * (name != "__setitem__")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_takes_the_names_of_its_state_from_the_module_of_keys(path):
    assert literals(path.read_text("utf-8")) == []


def test_literal_names_are_found_however_they_are_written():
    code = (
        'st.session_state["a"]\nst.session_state.get("b")\n"c" in st.session_state\nst.session_state.d = 1\n'
    )
    assert literals(code + "st.session_state[keys.E]\nst.session_state.get(key)\n") == [1, 2, 3, 4]


def test_each_name_stands_for_one_thing():
    names = [value for name, value in vars(keys).items() if name.isupper()]
    assert len(names) > 80
    assert len(set(names)) == len(names)
