"""Rows of a JSON document: where they lie, and their values by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from recsys.data.importing.titles import WORDS, find, find_item, plain

DEPTH = 4


def flatten(row: dict[str, Any], before: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], str]:
    """Return the plain values of an object by their paths; of a list, the first element."""
    flat: dict[tuple[str | int, ...], str] = {}
    for key, value in row.items():
        path = (*before, key)
        if isinstance(value, list):
            path, value = (*path, 0), value[0] if value else None
            if value is None:
                continue
        if isinstance(value, dict):
            if len(path) <= DEPTH + 1:
                flat |= flatten(value, path)
        elif not isinstance(value, list):
            flat[path] = (
                "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            )
    return flat


def longer_lists(row: dict[str, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the paths of lists of items that have more than one."""
    for key, value in row.items():
        if isinstance(value, list) and len(value) > 1 and plain(key).removesuffix("s") in WORDS["item"]:
            yield (*before, key)
        elif isinstance(value, dict) and len(before) < DEPTH:
            yield from longer_lists(value, (*before, key))


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Return the rows of a document: its objects, or those in lists one or two levels down.

    What stands beside such a list, like the name of a listener, is added to each of its rows.
    """
    if isinstance(value, list):
        if value and isinstance(value[0], list) and find_item([str(one) for one in value[0]]):
            return [
                dict(zip(map(str, value[0]), row, strict=False)) for row in value[1:] if isinstance(row, list)
            ]
        objects = [one for one in value if isinstance(one, dict)]
        if objects and any(map(is_holder, objects[:20])):
            return [row for one in objects for row in rows_of(one)]
        return objects
    if not isinstance(value, dict):
        return []
    table = pandas_table(value)
    if table is not None:
        return table
    if named_lists(value):
        return [{"user": name} | row for name, one in value.items() for row in rows_of(one)]
    key, inner = longest_list(value)
    if inner:
        return [_beside(value, key, row) for row in rows_of(inner)]
    nested = [(name, one) for name, one in value.items() if isinstance(one, dict)]
    for name, one in nested:
        if _holds_list(one):
            return [_beside(value, name, row) for row in rows_of(one)]
    if is_counts(value):
        return [
            {"user": user, "item": item, "value": count}
            for user, one in nested
            for item, count in one.items()
        ]
    return [value] if any(not isinstance(one, list) for one in value.values()) else []


def _beside(value: dict[str, Any], key: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what stands beside the list it is in."""
    beside = {name: one for name, one in value.items() if name != key and not isinstance(one, list)}
    both = {
        name: beside[name] | one
        for name, one in row.items()
        if isinstance(one, dict) and isinstance(beside.get(name), dict)
    }
    return beside | row | both


def named_lists(value: dict[str, Any]) -> bool:
    """Say whether an object holds lists of rows of one form, each under the name of a user."""
    first = [one[0] for one in value.values() if isinstance(one, list) and one and isinstance(one[0], dict)]
    if len(first) < max(2, len(value)) or any(map(_is_list_of, value)):
        return False
    return bool(find_item(list(first[0]))) and all(set(one) == set(first[0]) for one in first)


def is_counts(value: dict[str, Any]) -> bool:
    """Say whether an object has nothing but objects with numbers: {user: {item: plays}}."""
    inner = [one for one in value.values() if isinstance(one, dict)]
    numbers = [number for one in inner for number in one.values()]
    return len(value) == len(inner) > 1 and {type(number) for number in numbers} in (
        {int},
        {float},
        {int, float},
    )


def _is_list_of(name: str) -> bool:
    """Say whether a list is called by what is in it, such as tracks or plays, and not by whose it is."""
    return plain(name).removesuffix("s") in WORDS["item"] or plain(name) in WORDS["value"]


def _holds_list(value: dict[str, Any], depth: int = 2) -> bool:
    inner = [one for one in value.values() if isinstance(one, dict)]
    return bool(longest_list(value)[1]) or (depth > 0 and any(_holds_list(one, depth - 1) for one in inner))


def is_holder(value: dict[str, Any]) -> bool:
    """Say whether an object has no item of its own, but a list of objects that have."""
    keys = [key for key, one in value.items() if not isinstance(one, dict | list)]
    if find(keys, WORDS["item"]):
        return False
    _, inner = longest_list(value)
    if not inner:
        for one in value.values():
            if isinstance(one, dict) and longest_list(one)[1] and not find(keys, WORDS["time"]):
                return True
        return False
    titles = [".".join(map(str, path)) for path in flatten(inner[0])]
    if find_item(keys):
        return bool(find(titles, WORDS["item"]))
    return bool(find_item(titles)) or (len(inner) > 1 and not find(keys, WORDS["time"]))


def longest_list(value: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Return the longest list of objects in an object, with its name."""
    lists = [
        (key, one)
        for key, one in value.items()
        if isinstance(one, list) and one and all(isinstance(inner, dict) for inner in one[:20])
    ]
    return max(lists, key=lambda entry: len(entry[1]), default=("", []))


def pandas_table(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rows of a table as pandas writes it: by columns, by rows or split."""
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        names = list(map(str, value["columns"]))
        return [dict(zip(names, row, strict=False)) for row in value["data"] if isinstance(row, list)]
    inner = list(value.values())
    if len(inner) > 1 and all(isinstance(one, dict) and one for one in inner):
        keys = set(inner[0])
        if all(set(one) == keys for one in inner[:20]) and len(keys) > 1:
            if find_item(list(value)):  # {column: {row: cell}}
                return [{name: one.get(row) for name, one in value.items()} for row in inner[0]]
            if find_item(list(keys)):  # {row: {column: cell}}
                return inner
    lists = len(inner) > 1 and all(isinstance(one, list) for one in inner) and find_item(list(value))
    if lists and len({len(one) for one in inner}) == 1 and not any(isinstance(one, dict) for one in inner[0]):
        return [dict(zip(value, row, strict=True)) for row in zip(*inner, strict=True)]
    return None
