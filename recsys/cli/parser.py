"""Parser of the command line; what a command needs is imported only when it is named."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import Any

from recsys import __version__
from recsys.cli import output

COMMANDS = {
    "describe": "Count what is in a data set.",
    "train": "Train a model and save it.",
    "recommend": "Recommend to one user, or write the lists of all into a file.",
    "choose": "Find the best model for a data set, and measure it once on held-out items.",
    "evaluate": "Train a model and measure its recommendations on held-out items.",
    "check": "Check how a model behaves: pass or fail in a sentence, with an exit code.",
    "log-mlflow": "Log a saved run to the MLflow server that MLFLOW_TRACKING_URI names.",
    "spark-train": "Train the model als on Apache Spark, and write it as a run in parts.",
    "spark-recommend": "Recommend to every user of a run in parts, on Apache Spark.",
}
ENDING = """exit codes:
  0    success
  1    the input cannot be used, or the output cannot be written
  2    wrong usage
  3    a check failed
  130  interrupted
  141  the reader of standard output is gone"""


class _Parser(argparse.ArgumentParser):
    """Parser whose help ends as any other output does, also if its reader is gone."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if message and file is not None and file is sys.stdout:
            if code := output.write(message):
                raise SystemExit(code)
        else:
            super()._print_message(message, file)


class _Command(_Parser):
    """Parser of one command; its module adds the arguments when they are parsed."""

    module = ""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Add the arguments, then parse."""
        if self.module:
            importlib.import_module(self.module).add_arguments(self)
            self.add_argument("--json", action="store_true", help="print one JSON document")
            self.set_defaults(module=self.module)
            self.module = ""
        return super().parse_known_args(args, namespace)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = _Parser(
        prog="python -m recsys",
        description="See, train and judge a music-artist recommender, without a browser.",
        epilog=ENDING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"encore {__version__}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND", parser_class=_Command)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose, allow_abbrev=False)
        command.module = f"recsys.cli.commands.{name.replace('-', '_')}"
    return parser
