"""Event log of the server: one JSON document a line, without personal data.

Modules call `note`. Events are discarded until `write_events` is called, so the command
line stays quiet.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from recsys.errors import InputError

LOG = logging.getLogger("encore")
LOG.addHandler(logging.NullHandler())
ROOT = Path(__file__).parents[2]
# Names of models, states and code locations. Any other text could be personal data.
PLAIN = re.compile(r"[\w.:/+-]{1,60}", re.ASCII)
# Other loggers of the server that use this format.
OTHERS = ("streamlit", "uvicorn", "websockets", "starlette")

Fact = str | int | float | bool | None


def note(event: str, **facts: Fact) -> None:
    """Log an event.

    Parameters
    ----------
    event : str
        Name, in two or three words.
    **facts
        Numbers and plain names; any other text is written as "?".
    """
    kept = {name: _plain(value) for name, value in facts.items()}
    LOG.info(event, extra={"facts": kept})


def refused(reader: str, error: InputError) -> None:
    """Log refused input by its reader and the code location of the error.

    The message can quote the input, and is left out.
    """
    note("input refused", reader=reader, sentence=(places(error) or ["?"])[-1])


def places(error: BaseException) -> list[str]:
    """Return the code locations of an error, `file:line`, outermost first."""
    return [
        f"{Path(frame.filename).relative_to(ROOT).as_posix()}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT) and ".venv" not in frame.filename
    ]


def _plain(value: Fact) -> Fact:
    if isinstance(value, float):
        return round(value, 3)
    return value if not isinstance(value, str) or PLAIN.fullmatch(value) else "?"


class JsonLines(logging.Formatter):
    """Formatter of records as lines of JSON, with type and location of errors but no message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line without a line break."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        if record.name == LOG.name:
            line |= {"event": record.msg} | getattr(record, "facts", {})
        else:
            line |= {"event": "log", "logger": record.name, "message": record.getMessage()}
        if record.exc_info and (error := record.exc_info[1]) is not None:
            line |= {"traceback": places(error), "error": type(error).__name__}
        return json.dumps(line)


def write_events(stream: TextIO | None = None) -> None:
    """Start writing events, and the records of the server's loggers.

    Parameters
    ----------
    stream : text file, optional
        Standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    LOG.handlers = [handler]
    # Replaces Python's default format. Warnings and above only: requested URLs name artists and listeners.
    last_resort = logging.StreamHandler(stream or sys.stderr)
    last_resort.setFormatter(handler.formatter)
    last_resort.setLevel(logging.WARNING)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    for name, logger in logging.root.manager.loggerDict.items():
        if name.split(".")[0] in OTHERS and isinstance(logger, logging.Logger):
            if not logger.handlers and not logger.propagate:
                logger.addHandler(last_resort)
            for other in logger.handlers:
                if isinstance(other, logging.StreamHandler):
                    other.setFormatter(handler.formatter)
    threading.excepthook = _thread_failed


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_type is not SystemExit:
        LOG.error("thread failed", exc_info=failure.exc_value)
