"""Tables as JSON: one object on each line, read by DuckDB, or any document that has a list of them."""

from __future__ import annotations

import ast
import codecs
import glob
import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TextIO

import duckdb
import orjson

from recsys.data.importing.archives import File
from recsys.data.importing.base import MAX_COLUMNS, Refused, Table, quoted, unique_titles
from recsys.data.importing.readers import text_dialect
from recsys.data.importing.readers.encoding import look, rewritten
from recsys.data.importing.titles import WORDS, find, find_item
from recsys.errors import InputError

CHUNK = 256 << 10
MAX_OBJECT = 4 << 20  # characters
MAX_DOCUMENT = 512 << 20  # bytes of a file that is read as one value
TITLED_BY = 200  # objects at each place that say which columns there are
TAIL = 64  # characters of what could not be read in which the next object may begin
DEPTH = 4
BETWEEN = re.compile(r"[\s\[\],]*")
NEXT = re.compile(
    r"\n[\s\[\],]*(?=\{)|(?<=\})\s*,\s*(?=\{)"
)  # where an object may begin after one that is wrong
BEFORE = re.compile(
    r"\s*(?:(?://[^\n]*\n|/\*.*?\*/|(?:(?:var|let|const)\s+)?[\w.$\[\]]+\s*=)\s*)+(?=[\[{])", re.S
)
LINE = (
    "auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', nullstr = '\x02\x03', "
    f"max_line_size = {MAX_OBJECT}"
)


class JsonTable(Table):
    """A JSON file of objects; what is nested becomes a column with dots in its title.

    JSON lines are read as they stand. Other documents are first written as lines: lists of objects, objects one
    after another, lists one or two levels down, and tables as pandas writes them.
    """

    def __init__(self, file: File) -> None:
        super().__init__(file)
        facts = look(file.path, file.name, None)
        self.path = file.path
        with file.path.open("rb") as stream:
            marked = stream.read(3) == codecs.BOM_UTF8
        if facts.wrong or facts.lone_cr or marked:
            self.path = file.upload.new_path(".json")
            rewritten(file.path, self.path, facts)
        self.form = "JSON"
        head, later = text_dialect.read_sample(self.path, "utf-8")
        objects = [] if facts.longest > MAX_OBJECT else _lines_of_objects(head)
        self.has_lines, self.has_broken = not objects, bool(objects)
        self._refused: list[Refused] = []
        self._refused_count = 0
        if objects:
            objects += [value for line in later[-TITLED_BY:] if isinstance(value := _loaded(line), dict)]
            objects += self._tail()
        else:
            objects = self._write_lines(head)
        if not any(objects):
            raise InputError(f"{file.name} has no JSON objects in it, one for each row.")
        flat = [flatten(value) for value in objects]
        paths = dict.fromkeys(path for one in flat for path in one)
        if not paths:
            raise InputError(f"{file.name} has JSON objects without any value in them.")
        if len(paths) > MAX_COLUMNS:
            raise InputError(f"{file.name} has more than {MAX_COLUMNS:,} columns. Keep those that matter.")
        self.paths = list(paths)
        self.titles = unique_titles([".".join(map(str, path)) for path in paths])
        self.rows = [[one.get(path, "") for path in self.paths] for one in flat]

    def _tail(self) -> list[dict[str, Any]]:
        """Return the objects of the last lines, which may have other columns than the first."""
        size = self.path.stat().st_size
        with self.path.open("rb") as stream:
            stream.seek(max(0, size - CHUNK))
            lines = stream.read().split(b"\n")[1:]
        found = (_loaded(line.decode("utf-8", "replace")) for line in lines[-TITLED_BY:])
        return [value for value in found if isinstance(value, dict)]

    def _write_lines(self, head: str) -> list[dict[str, Any]]:
        """Write the rows of a document as lines, each with the line it begins on; return some of them."""
        objects: list[dict[str, Any]] = []
        target = self.file.upload.new_path(".jsonl")
        with target.open("w", encoding="utf-8") as lines:
            for line, row in self._found(head):
                if len(objects) < TITLED_BY or line % 997 == 0:
                    objects.append(row)
                lines.write(
                    f"{line}\t{orjson.dumps(row, default=str, option=orjson.OPT_NON_STR_KEYS).decode()}\n"
                )
        self.path = target
        return objects

    def _found(self, head: str) -> Iterator[tuple[int, dict[str, Any]]]:
        before = BEFORE.match(head)
        start = head[before.end() if before else 0 :].lstrip()
        if self.path.stat().st_size <= MAX_DOCUMENT and (start[:1] == "{" or before or "[" in start[1:2]):
            value = _loaded(
                self.path.read_bytes()[len(head[: before.end()].encode()) if before else 0 :].rstrip(b"; \n")
            )
            if value is not None:
                yield from ((1, row) for row in rows_of(value))
                return
        with self.path.open(encoding="utf-8", errors="replace") as text:
            skipped = text.read(before.end()) if before else ""
            holders = False
            found = _objects(text, self._refuse, skipped.count("\n") + 1)
            for at, (line, value) in enumerate(found):
                holders = holders or (at < TITLED_BY and _is_holder(value))
                for row in rows_of(value) if holders and _is_holder(value) else [value]:
                    yield line, row

    def _refuse(self, line: int, text: str, reason: str) -> None:
        self._refused_count += 1
        if len(self._refused) < 1_000:
            self._refused.append(Refused(line, text, reason))

    def source(self, connection: duckdb.DuckDBPyConnection, columns: Sequence[int]) -> str:
        """Return what stands behind FROM to read columns as text."""
        paths = ", ".join(quoted(_path(self.paths[column])) for column in columns)
        wanted = ", ".join(f"coalesce(v[{at + 1}], '') AS c{at}" for at in range(len(columns)))
        place = quoted(glob.escape(str(self.path)))
        if self.has_lines:
            tabbed = LINE.replace("\x01", "\t")
            read = f"read_csv({place}, {tabbed}, columns = {{'line': 'BIGINT', 'j': 'VARCHAR'}})"
            return f"(SELECT line, {wanted} FROM (SELECT line, json_extract_string(j, [{paths}]) AS v FROM {read}))"
        read = f"read_csv({place}, {LINE}, columns = {{'j': 'VARCHAR'}}, store_rejects = true, rejects_limit = 0)"
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        return (
            f"(SELECT CASE WHEN v IS NULL THEN j END AS broken, {wanted} FROM (SELECT j, CASE WHEN json_valid(j) AND "
            f"starts_with(ltrim(j), '{{') THEN json_extract_string(j, [{paths}]) END AS v FROM {read}))"
        )

    def finish(
        self, connection: duckdb.DuckDBPyConnection, columns: Sequence[int]
    ) -> tuple[list[tuple[int, list[str]]], list[Refused], int]:
        """Return the lines that are no JSON object."""
        return [], self._refused, self._refused_count

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        """Return the lines of rows by their number among those that are not blank."""
        with self.path.open("rb") as stream:
            filled = (number for number, line in enumerate(stream, 1) if line.strip())
            numbers = list(islice(filled, max(ordinals, default=0)))
        return [numbers[ordinal - 1] for ordinal in ordinals]


def looks_like_json(start: str) -> bool:
    """Say whether a text begins as JSON does."""
    before = BEFORE.match(start)
    start = (start[before.end() :] if before else start).strip()
    if start.startswith("{"):
        return True
    return start.startswith("[") and start[1:].lstrip()[:1] in ("{", "", "[", "]")


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


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Return the rows of a document: its objects, or those in lists one or two levels down.

    What stands beside such a list, like the name of a listener, is added to each of its rows.
    """
    if isinstance(value, list):
        objects = [one for one in value if isinstance(one, dict)]
        if objects and any(map(_is_holder, objects[:20])):
            return [row for one in objects for row in rows_of(one)]
        return objects
    if not isinstance(value, dict):
        return []
    table = _pandas_table(value)
    if table is not None:
        return table
    key, inner = _longest_list(value)
    if inner:
        beside = {name: one for name, one in value.items() if name != key and not isinstance(one, list)}
        rows = rows_of(inner)
        return [beside | row for row in rows]
    nested = [(name, one) for name, one in value.items() if isinstance(one, dict)]
    for name, one in nested:
        if _longest_list(one)[1]:
            beside = {
                other: two for other, two in value.items() if other != name and not isinstance(two, list)
            }
            return [beside | row for row in rows_of(one)]
    counts = [
        {"user": user, "item": item, "value": count}
        for user, one in nested
        for item, count in one.items()
        if isinstance(count, int | float) and not isinstance(count, bool)
    ]
    if (
        len(nested) > 1
        and len(nested) == len(value)
        and counts
        and len(counts) == sum(len(one) for _, one in nested)
    ):
        return counts
    return [value] if any(not isinstance(one, list) for one in value.values()) else []


def _is_holder(value: dict[str, Any]) -> bool:
    """Say whether an object has no item of its own, but a list of objects that have."""
    keys = [key for key, one in value.items() if not isinstance(one, dict | list)]
    if find(keys, WORDS["item"]):
        return False
    _, inner = _longest_list(value)
    if not inner:
        for one in value.values():
            if isinstance(one, dict) and _longest_list(one)[1] and not find(keys, WORDS["time"]):
                return True
        return False
    titles = [".".join(map(str, path)) for path in flatten(inner[0])]
    if find_item(keys):
        return bool(find(titles, WORDS["item"]))
    return bool(find_item(titles)) or (len(inner) > 1 and not find(keys, WORDS["time"]))


def _longest_list(value: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    lists = [
        (key, one)
        for key, one in value.items()
        if isinstance(one, list) and one and all(isinstance(inner, dict) for inner in one[:20])
    ]
    return max(lists, key=lambda entry: len(entry[1]), default=("", []))


def _pandas_table(value: dict[str, Any]) -> list[dict[str, Any]] | None:
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


def _lines_of_objects(head: str) -> list[dict[str, Any]]:
    """Return the objects on the first lines, or none if these are no JSON lines."""
    lines = [line for line in head.split("\n")[: TITLED_BY * 2] if line.strip()]
    values = [None if line.lstrip().startswith(("{'", "{u'")) else _loaded(line) for line in lines]
    objects = [value for value in values if isinstance(value, dict)]
    if not objects or len(objects) < 0.95 * len(lines) or (objects and any(map(_is_holder, objects[:20]))):
        return []
    if any(isinstance(value, dict) and _pandas_table(value) for value in objects[:1]) and len(lines) == 1:
        return []
    if len(lines) == 1 and rows_of(objects[0]) != objects:
        return []
    return objects[:TITLED_BY]


def _loaded(text: str | bytes) -> Any:
    """Return the value of a JSON text, or of a Python literal, or None."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    try:
        if re.match(r"\s*\{\s*u?'", text) and len(text) < MAX_OBJECT:
            return ast.literal_eval(text.strip())
        return json.loads(text) if "NaN" in text or "Infinity" in text else None
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _path(path: tuple[str | int, ...]) -> str:
    """Return a path as DuckDB writes it."""
    return "$" + "".join(
        f"[{step}]" if isinstance(step, int) else "." + json.dumps(step, ensure_ascii=False) for step in path
    )


def _objects(
    text: TextIO, refuse: Callable[[int, str, str], None], line: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield objects with the line each begins on, from lines of them or from a list, in pieces.

    Brackets and commas between objects are passed over, so that a list is read like lines. What is
    no object is refused, up to where the next one seems to begin.
    """
    decode = json.JSONDecoder().raw_decode
    buffer, place, lost, ended = "", 0, False, False
    while True:
        begin = (NEXT if lost else BETWEEN).search(buffer, place)
        start = begin.end() if begin else max(place, len(buffer) - (0 if ended else TAIL))
        line += buffer.count("\n", place, start)
        place, lost = start, lost and begin is None
        value, end, problem = None, place, ""
        if place < len(buffer) and not lost:
            value, end, problem = _decoded_at(decode, buffer, place)
        if (
            not ended
            and (lost or problem == "cut" or end == len(buffer))
            and len(buffer) - place <= MAX_OBJECT
        ):
            piece = text.read(CHUNK)
            ended = not piece
            buffer, place = buffer[place:] + piece, 0
        elif place == len(buffer):
            return
        elif problem:
            refuse(line, buffer[place : place + 200].split("\n")[0], "not JSON")
            lost = True
        else:
            if isinstance(value, dict):
                yield line, value
            else:
                refuse(line, buffer[place : min(end, place + 200)], "not a JSON object")
            line += buffer.count("\n", place, end)
            place = end


def _decoded_at(decode: Callable[..., Any], buffer: str, place: int) -> tuple[Any, int, str]:
    """Return what stands at a place and where it ends, or whether it is wrong or only cut off."""
    if buffer.startswith(("{'", "{u'"), place):
        end = buffer.find("\n", place)
        end = len(buffer) if end < 0 else end
        value = _loaded(buffer[place:end])
        return (value, end, "") if isinstance(value, dict) else (None, -1, "wrong")
    try:
        return *decode(buffer, place), ""
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated string") or error.pos > len(buffer) - len("-Infinity")
        return None, -1, "cut" if cut else "wrong"
    except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of brackets
        return None, -1, "wrong"
