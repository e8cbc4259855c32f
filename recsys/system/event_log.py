"""Event log of the server: one JSON document a line, without personal data.

A module that has something to tell calls `note`. It is discarded until `write_events` is called, so the command
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
# Names of models, states, places in the program. Whatever else a text holds, it could be personal data.
PLAIN = re.compile(r"[\w.:/+-]{1,60}", re.ASCII)
# Other loggers of the server whose lines take this form too.
OTHERS = ("streamlit", "uvicorn", "websockets", "starlette")

Fact = str | int | float | bool | None


def note(event: str, **facts: Fact) -> None:
    """Tell that something happened.

    Parameters
    ----------
    event : str
        What, in two or three words.
    **facts
        Numbers, and texts of this program's own: a text that is not plain is written as "?".
    """
    kept = {name: _plain(value) for name, value in facts.items()}
    LOG.info(event, extra={"facts": kept})


def refused(reader: str, error: InputError) -> None:
    """Tell that some input was refused: who read it, and where in this program the sentence stands.

    The sentence itself can quote the input, and is left out.
    """
    note("input refused", reader=reader, sentence=(places(error) or ["?"])[-1])


def places(error: BaseException) -> list[str]:
    """Return where an error came from, `file:line` in this program, the outermost first."""
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
    """Writes each record as one line of JSON; of an error its kind and place, not its words."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
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
    """Write from now on what is noted, and what the server's own loggers have to say.

    Parameters
    ----------
    stream : text file, optional
        Where to; the standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    LOG.handlers = [handler]
    # In place of Python's own, which writes in another form. Nothing below a warning: addresses that visitors ask for
    # name artists and listeners.
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
