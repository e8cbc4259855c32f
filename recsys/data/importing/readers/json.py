"""Rows as JSON objects: one on each line, or a list of them."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import islice
from typing import IO, Any

import numpy as np
import pyarrow as pa

from recsys.data.importing.archives import Part
from recsys.data.importing.base import MOST_COLUMNS, PREVIEWED, Batch, Refuse
from recsys.data.importing.readers.text_dialect import find_encoding, read_sample, unique_titles
from recsys.errors import InputError

CHUNK = 256 << 10
LONGEST = 4 << 20  # characters of an object
TITLED_BY = 200  # the objects that say which columns there are
BATCH = 20_000
TAIL = 64  # characters of what could not be read in which the next object may begin
DEPTH = 4
BETWEEN = re.compile(r"[\s\[\],]*")
NEXT = re.compile(
    r"\n[\s\[\],]*(?=\{)|(?<=\})\s*,\s*(?=\{)"
)  # where an object may begin after one that is wrong


class JsonTable:
    """A JSON file of objects; what is nested becomes a column with dots in its title.

    Takes JSON lines, lists of objects, and what ListenBrainz's interface answers.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.encoding = find_encoding(part)
        first: list[dict[str, str]] = []
        refused: list[str] = []
        found = self._objects(lambda line, value, reason: refused.append(reason))
        first = [flat for _, flat in islice(found, TITLED_BY)]
        found.close()
        if not first:
            raise InputError(f"{part.name} has no JSON objects in it, one for each row.")
        keys = dict.fromkeys(key for flat in first for key in flat)
        if len(keys) > MOST_COLUMNS:
            raise InputError(f"{part.name} has more than {MOST_COLUMNS:,} columns. Keep those that matter.")
        self.keys = list(keys)
        self.titles = unique_titles(self.keys)
        self._rows = [[flat.get(key, "") for key in self.keys] for flat in first[:PREVIEWED]]
        self.form = "JSON"

    def preview(self) -> list[list[str]]:
        """Return the first rows."""
        return self._rows

    def batches(self, columns: Sequence[int], refuse: Refuse) -> Iterator[Batch]:
        """Yield the rows; lines that are no JSON object are refused."""
        keys = [self.keys[column] for column in columns]
        found = self._objects(refuse)
        while rows := list(islice(found, BATCH)):
            arrays = [_texts([flat.get(key, "") for _, flat in rows]) for key in keys]
            yield Batch(arrays, np.array([line for line, _ in rows], np.int64))

    def _objects(self, refuse: Refuse) -> Generator[tuple[int, dict[str, str]], None, None]:
        with self.part.open() as stream:
            yield from _objects(_decoded(stream, self.encoding), refuse)


def looks_like_json(part: Part) -> bool:
    """Say whether a file begins as JSON does."""
    sample = read_sample(part)[:4096]
    for encoding in ("utf-8-sig", "utf-16"):
        start = sample.decode(encoding, "replace").strip()
        if start.startswith("{") or (start.startswith("[") and start[1:].lstrip()[:1] in ("{", "")):
            return True
    return False


def _decoded(stream: IO[bytes], encoding: str) -> Iterator[str]:
    """Yield the text, some at a time; a byte that is wrong becomes a sign that says so."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("replace")
    while chunk := stream.read(CHUNK):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", True)


def _objects(text: Iterator[str], refuse: Refuse) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield objects with the line each begins on, from lines of them or from a list.

    Brackets and commas between objects are passed over, so that a list is read like lines. What is
    no object is refused, up to where the next one seems to begin.
    """
    decode = json.JSONDecoder().raw_decode
    buffer, place, line, lost, ended = "", 0, 1, False, False
    while True:
        begin = (NEXT if lost else BETWEEN).search(buffer, place)
        start = begin.end() if begin else max(place, len(buffer) - (0 if ended else TAIL))
        line += buffer.count("\n", place, start)
        place, lost = start, lost and begin is None
        value, end, problem = None, place, ""
        if place < len(buffer) and not lost:
            value, end, problem = _decoded_at(decode, buffer, place)
        if not ended and (lost or problem == "cut" or end == len(buffer)) and len(buffer) - place <= LONGEST:
            piece = next(text, None)
            ended = piece is None
            buffer, place = buffer[place:] + (piece or ""), 0
        elif place == len(buffer):
            return
        elif problem:
            refuse(line, buffer[place : place + 200].split("\n")[0], "not JSON")
            lost = True
        else:
            rows = _rows(value)
            if rows is None:
                refuse(line, buffer[place : min(end, place + 200)], "not a JSON object")
            for row in rows or []:
                yield line, row
            line += buffer.count("\n", place, end)
            place = end


def _decoded_at(decode: Callable[..., Any], buffer: str, place: int) -> tuple[Any, int, str]:
    """Return what stands at a place and where it ends, or whether it is wrong or only cut off."""
    try:
        return *decode(buffer, place), ""
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated string") or error.pos > len(buffer) - len("-Infinity")
        return None, -1, "cut" if cut else "wrong"
    except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of brackets
        return None, -1, "wrong"


def _rows(value: Any) -> list[dict[str, str]] | None:
    """Turn an object into a row, or into those of the listens that it holds."""
    if not isinstance(value, dict):
        return None
    payload = value.get("payload")
    if isinstance(payload, dict) and isinstance(payload.get("listens"), list):
        return [_flat(row) for row in payload["listens"] if isinstance(row, dict)]
    return [_flat(value)]


def _flat(row: dict[str, Any], before: str = "", depth: int = DEPTH) -> dict[str, str]:
    """Turn what is nested into columns with dots in their titles; lists are left out."""
    flat: dict[str, str] = {}
    for key, value in row.items():
        title = f"{before}{key}"
        if isinstance(value, dict):
            if depth:
                flat |= _flat(value, f"{title}.", depth - 1)
        elif not isinstance(value, list):
            flat[title] = "" if value is None else str(value)
    return flat


def _texts(cells: list[str]) -> pa.Array:
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:  # half a character, which JSON can hold
        return pa.array([cell.encode("utf-8", "replace").decode() for cell in cells], pa.string())
