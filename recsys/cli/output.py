"""Standard output for data, standard error for everything else, and the exit codes."""

from __future__ import annotations

import json
import math
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from recsys import __version__
from recsys.errors import InputError
from recsys.system.atomic_files import reason

SCHEMA = 1

SUCCESS, FAILURE, USAGE, CHECK_FAILED, INTERRUPTED, READER_GONE = 0, 1, 2, 3, 130, 141


class Answer(NamedTuple):
    """Result of a command.

    Attributes
    ----------
    result : dict
        Printed with `--json`; docs/command-line.md lists its fields.
    text : str
        Printed without.
    code : int
        Exit code, once the answer is written.
    """

    result: dict[str, Any]
    text: str
    code: int = SUCCESS


def document(command: str, answer: Answer) -> str:
    """Return the JSON document of an answer; numbers that JSON cannot hold become null."""
    whole = {
        "schema": SCHEMA,
        "command": command,
        "version": __version__,
        "result": _plain(answer.result),
    }
    is_unicode = "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()
    return json.dumps(whole, ensure_ascii=not is_unicode, indent=1, allow_nan=False)


@contextmanager
def usual_permissions(out: object) -> Iterator[None]:
    """Leave a file that a command writes the permissions it had before, or else those of the umask.

    Parameters
    ----------
    out : object
        Path of the file; what is no path is left alone.
    """
    if not isinstance(out, Path):
        yield
        return
    if out.is_file():
        mode = stat.S_IMODE(out.stat().st_mode)
    else:
        umask = os.umask(0o077)
        os.umask(umask)
        mode = 0o666 & ~umask
    yield
    with suppress(OSError):
        if out.is_file():
            out.chmod(mode)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if hasattr(value, "item"):  # a NumPy number
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def progress(sentence: str) -> None:
    """Print progress to standard error, if that is a terminal."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(sentence, file=sys.stderr, flush=True)


def complain(sentence: str) -> None:
    """Print a sentence to standard error, if it is open."""
    if sys.stderr is not None:  # print(file=None) would print to standard output
        print(sentence, file=sys.stderr, flush=True)


def encode_anything() -> None:
    """Write characters that the terminal's encoding lacks as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def write(text: str) -> int:
    """Write to standard output and return the exit code."""
    try:
        if sys.stdout is None:
            raise InputError("Standard output is closed, so the result cannot be written.")
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_rest()
        return READER_GONE
    except OSError as error:
        _discard_rest()
        raise InputError(f"The result cannot be written to standard output: {reason(error)}") from error
    return SUCCESS


def _discard_rest() -> None:
    """Send what is still buffered to the null device: the interpreter flushes it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
