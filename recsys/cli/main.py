"""Run a command, print its answer and return an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from recsys.cli.arguments import make_parser
from recsys.errors import InputError


def _plain(value: Any) -> Any:
    """Turn NumPy numbers into Python's own, for JSON."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value)} has no JSON form")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if it worked, 1 if the input could not be used, 130 if it was interrupted."""
    options = make_parser().parse_args(arguments)
    try:
        answer, text = options.work(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    try:
        print(
            json.dumps(answer, default=_plain, ensure_ascii=False, indent=1) if options.json else text,
            flush=True,
        )
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
