"""Command line: run a command, print its answer and return an exit code."""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from recsys.cli import output
from recsys.cli.output import FAILURE, INTERRUPTED
from recsys.cli.parser import make_parser
from recsys.errors import InputError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Returns
    -------
    int
        0 for success, 1 if the input cannot be used or the output cannot be written, 3 if a check failed, 130 if it
        was interrupted, 141 if the reader of standard output is gone. Wrong usage ends in SystemExit with 2, as
        argparse does.
    """
    output.encode_anything()
    try:
        options = make_parser().parse_args(arguments)
        with output.usual_permissions(getattr(options, "out", None)):
            answer = importlib.import_module(options.module).run(options)
        text = output.document(options.command, answer) if options.json else answer.text
        return output.write(f"{text}\n") or answer.code
    except InputError as error:
        output.complain(f"error: {error}")
        return FAILURE
    except MemoryError:
        output.complain("error: There is not enough memory. Use a part of the data, or a larger machine.")
        return FAILURE
    except KeyboardInterrupt:
        output.complain("Stopped.")
        return INTERRUPTED
