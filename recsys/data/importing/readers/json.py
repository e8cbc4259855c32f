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
from recsys.data.importing.readers.json_rows import (
    flatten,
    is_counts,
    is_holder,
    longer_lists,
    longest_list,
    named_lists,
    pandas_table,
    rows_of,
)
from recsys.errors import InputError

CHUNK = 256 << 10
MAX_OBJECT = 4 << 20  # characters
MAX_DOCUMENT = 512 << 20  # bytes of a file that is read as one value
TITLED_BY = 200  # objects at each place that say which columns there are
TAIL = 64  # characters of what could not be read in which the next object may begin
BETWEEN = re.compile(r"[\s\[\],]*")
NEXT = re.compile(r"(?:\n[\s\[\],]*|\}\s*,\s*)(?=\{)")  # where an object may begin after one that is wrong
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
        if facts.wrong or facts.uneven or marked:
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
        cut = sorted(
            {".".join(map(str, path)) for value in objects[:TITLED_BY] for path in longer_lists(value)}
        )
        if cut:
            self.notes.append(
                f"Of lists within a row of {file.name}, only the first entry is read: {', '.join(cut)[:200]}."
            )

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
        if self.path.stat().st_size <= MAX_DOCUMENT and (
            start[:1] == "{" or before or start[1:].lstrip()[:1] == "["
        ):
            value = _loaded(
                self.path.read_bytes()[len(head[: before.end()].encode()) if before else 0 :].rstrip(b"; \n")
            )
            if value is not None:
                self._note_lists(value)
                yield from ((1, row) for row in rows_of(value))
                return
        with self.path.open(encoding="utf-8", errors="replace") as text:
            skipped = text.read(before.end()) if before else ""
            holders = False
            found = _objects(text, self._refuse, skipped.count("\n") + 1)
            for at, (line, value) in enumerate(found):
                holders = holders or (at < TITLED_BY and is_holder(value))
                for row in rows_of(value) if holders and is_holder(value) else [value]:
                    yield line, row

    def _note_lists(self, value: Any) -> None:
        """Say which lists of a document are read, where there are several."""
        if not isinstance(value, dict) or pandas_table(value) is not None:
            return
        name = self.file.name
        if named_lists(value):
            self.notes.append(
                f"The names of the lists in {name} were taken for the users: {', '.join(value)[:100]}."
            )
            return
        if is_counts(value):
            self.notes.append(f"The names in {name} were taken for users, and those within them for items.")
            return
        read = longest_list(value)[0]
        left = [key for key, one in value.items() if key != read and isinstance(one, list) and one]
        if read and left:
            self.notes.append(f"Of {name}, only the list {read!r} was read, not {', '.join(left)[:100]}.")

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


def _lines_of_objects(head: str) -> list[dict[str, Any]]:
    """Return the objects on the first lines, or none if these are no JSON lines."""
    lines = [line for line in head.split("\n")[: TITLED_BY * 2] if line.strip()]
    values = [None if line.lstrip().startswith(("{'", "{u'")) else _loaded(line) for line in lines]
    objects = [value for value in values if isinstance(value, dict)]
    if not objects or len(objects) < 0.95 * len(lines) or (objects and any(map(is_holder, objects[:20]))):
        return []
    if any(isinstance(value, dict) and pandas_table(value) for value in objects[:1]) and len(lines) == 1:
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
