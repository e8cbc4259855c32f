"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import Any

from recsys.data.importing.titles import REPEATS, ROLES
from recsys.data.nouns import MUSIC
from recsys.errors import InputError
from recsys.settings import ROWS, SETTINGS, Choice


def add_data(parser: argparse.ArgumentParser, optional: bool = False) -> None:
    """Add DATA and `--columns`."""
    parser.add_argument(
        "data",
        metavar="DATA",
        nargs="?" if optional else None,
        help="sample, lastfm, or a file, folder or archive: CSV, Parquet, JSON, a workbook, a published data set, "
        "or an export of a music service",
    )
    add_columns(parser)
    add_text_form(parser)


def add_columns(parser: argparse.ArgumentParser) -> None:
    """Add `--columns`."""
    parser.add_argument(
        "--columns",
        type=_columns,
        default={},
        metavar="user=TITLE,item=TITLE",
        help="which column is what, by title or number: user, item, value, name, time; value= if each row is a play; "
        "repeats=sum or last; only for files of your own",
    )


def add_text_form(parser: argparse.ArgumentParser) -> None:
    """Add how text is written, and what several rows of a pair count."""
    parser.add_argument(
        "--repeats", choices=REPEATS, help="several rows of a pair: add them up or keep the last (found out)"
    )
    parser.add_argument("--encoding", help="encoding of text, such as cp1251 (found out)")
    parser.add_argument(
        "--separator", type=_separator, metavar="SIGN", help="what separates columns of text (found out)"
    )
    parser.add_argument(
        "--header", action=argparse.BooleanOptionalAction, help="whether the first row has titles (found out)"
    )
    parser.add_argument(
        "--skip", type=_skip, metavar="LINES", help="lines at the beginning that are no rows (found out)"
    )


def add_settings(parser: argparse.ArgumentParser, *names: str, defaults: bool = True) -> None:
    """Add an argument for each of these settings; without `defaults` the model decides."""
    for name in names:
        row = ROWS[name]
        kind: dict[str, Any] = (
            {"choices": row.options}
            if isinstance(row, Choice)
            else {"type": _checked(name), "metavar": "NUMBER" if name in SETTINGS else name.upper()}
        )
        parser.add_argument(
            "-n" if name == "n" else f"--{name.replace('_', '-')}",
            dest=name,
            default=row.default if defaults else None,
            help=MUSIC.fill(row.help)
            + (f" ({row.default})" if defaults else " (each model has its own default)"),
            **kind,
        )


def add_spark(parser: argparse.ArgumentParser) -> None:
    """Add where Spark runs, and its own settings."""
    parser.add_argument(
        "--master",
        default="local[*]",
        help="where Spark runs: local[2], spark://..., yarn, k8s://..., or sc://... (local[*])",
    )
    parser.add_argument(
        "--conf",
        type=_conf,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of Spark's own, such as spark.driver.memory=4g; can be given several times",
    )


def _columns(text: str) -> dict[str, str]:
    """Read `user=who,item=what`."""
    given = {}
    for pair in re.split(
        rf",(?=\s*(?:{'|'.join((*ROLES, 'repeats'))})\s*=)", text
    ):  # a title can have commas
        role, is_there, title = pair.partition("=")
        if not is_there:
            raise argparse.ArgumentTypeError(f"{pair!r} is not of the form user=TITLE or user=NUMBER")
        given[role.strip()] = title.strip()
    return given


def _conf(text: str) -> tuple[str, str]:
    """Read `spark.driver.memory=4g`."""
    name, is_there, value = text.partition("=")
    if not is_there:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def _checked(name: str) -> Callable[[str], int | float | str]:
    def check(text: str) -> int | float | str:
        try:
            return ROWS[name].check(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return check


def _separator(text: str) -> str:
    sign = text.replace("\\t", "\t")
    if not 1 <= len(sign.encode("utf-8", "replace")) <= 4 or set(sign) & set('\n\r\0"'):
        raise argparse.ArgumentTypeError(f"{text!r} cannot separate columns")
    return sign


def _skip(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of lines")
    return int(text)
