"""Arguments of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recsys.cli.local import Answer, describe, judge, log_mlflow, model_settings, recommend, train
from recsys.cli.spark import spark_recommend, spark_train
from recsys.data.nouns import MUSIC
from recsys.errors import InputError
from recsys.models import MODELS
from recsys.settings import ROWS, SETTINGS, Choice


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m recsys",
        description="See, train and judge a music-artist recommender, without a browser.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, work: Callable[[argparse.Namespace], Answer], data: str | None = None
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=work.__doc__, description=work.__doc__)
        added.set_defaults(work=work)
        added.add_argument(
            "data",
            metavar="DATA",
            nargs=data,
            help="sample, lastfm, or a file, zip or folder: CSV, Parquet, JSON, or an export of Last.fm, ListenBrainz, "
            "Spotify or MovieLens",
        )
        added.add_argument("--json", action="store_true", help="print one JSON document")
        choose_columns(added)
        return added

    def choose_columns(added: argparse.ArgumentParser) -> None:
        added.add_argument(
            "--columns",
            type=_columns,
            default={},
            metavar="user=TITLE,item=TITLE",
            help="which column is what, by title or number: user, item, value, name; value= if each row is a play; "
            "repeats=sum or last",
        )

    def on_spark(name: str, work: Callable[[argparse.Namespace], Answer]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=work.__doc__, description=work.__doc__)
        added.set_defaults(work=work)
        added.add_argument(
            "--master",
            default="local[*]",
            help="where Spark runs: local[2], spark://..., yarn, k8s://..., or sc://... (local[*])",
        )
        added.add_argument(
            "--conf",
            type=_conf,
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="a setting of Spark's own, such as spark.driver.memory=4g; can be given several times",
        )
        added.add_argument("--json", action="store_true", help="print one JSON document")
        return added

    logging = commands.add_parser("log-mlflow", help=log_mlflow.__doc__, description=log_mlflow.__doc__)
    logging.set_defaults(work=log_mlflow)
    logging.add_argument("run", type=Path, metavar="RUN", help="a file that train or the Train page saved")
    logging.add_argument("--json", action="store_true", help="print one JSON document")

    def settings(added: argparse.ArgumentParser, *names: str, defaults: bool = True) -> None:
        for name in names:
            row = ROWS[name]
            kind: dict[str, Any] = (
                {"choices": row.options}
                if isinstance(row, Choice)
                else {"type": _checked(name), "metavar": "NUMBER"}
            )
            added.add_argument(
                "-n" if name == "n" else f"--{name.replace('_', '-')}",
                dest=name,
                default=row.default if defaults else None,
                help=MUSIC.fill(row.help)
                + (f" ({row.default})" if defaults else " (each model has its own default)"),
                **kind,
            )

    def choose_model(added: argparse.ArgumentParser) -> None:
        added.add_argument("--model", choices=MODELS, default=next(iter(MODELS)), help="which model to train")
        settings(added, *model_settings(), defaults=False)
        settings(added, "minimum", "hidden")

    settings(command("describe", describe), "n")
    training = command("train", train)
    choose_model(training)
    settings(training, "watch", "patience")
    training.add_argument("--out", type=Path, metavar="RUN", help="save the trained model to this file")
    recommending = command("recommend", recommend, data="?")
    recommending.add_argument(
        "--run",
        type=Path,
        required=True,
        metavar="RUN",
        help="a file that train saved, or the folder of a run trained elsewhere: that needs no DATA",
    )
    whom = recommending.add_mutually_exclusive_group(required=True)
    whom.add_argument("--user", metavar="LISTENER", help="the listener's id")
    whom.add_argument("--all", action="store_true", help="recommend to everybody; needs --out")
    recommending.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="with --all: a .csv, or .jsonl for one JSON document a line; with --user: an .html page",
    )
    settings(recommending, "n")
    judging = command("evaluate", judge)
    choose_model(judging)
    settings(judging, "n")

    training = on_spark("spark-train", spark_train)
    training.add_argument(
        "data",
        metavar="INPUT",
        help="Parquet, or text with titles in its first line, at any path Spark reads",
    )
    training.set_defaults(model="als", **dict.fromkeys(model_settings()))
    training.add_argument("--out", required=True, metavar="RUN", help="the folder to write, in any store")
    training.add_argument("--title", default="", help="what to call it (the name of the input)")
    training.add_argument(
        "--blocks",
        type=int,
        default=0,
        metavar="NUMBER",
        help="how many blocks Spark cuts listeners and artists into (as many as there are cores, at least 4)",
    )
    choose_columns(training)
    settings(training, *MODELS["als"].defaults, defaults=False)
    settings(training, "minimum", "hidden", "n")
    recommending = on_spark("spark-recommend", spark_recommend)
    recommending.add_argument("run", metavar="RUN", help="a folder that spark-train wrote")
    recommending.add_argument("--out", required=True, metavar="DIR", help="the folder to write Parquet into")
    settings(recommending, "n")
    return parser


def _columns(text: str) -> dict[str, str]:
    """Read `user=who,item=what`."""
    given = {}
    for pair in text.split(","):
        role, is_there, title = pair.partition("=")
        if not is_there:
            raise argparse.ArgumentTypeError(f"{pair!r} is not of the form user=TITLE")
        given[role.strip()] = title.strip()
    return given


def _conf(text: str) -> tuple[str, str]:
    """Read `spark.driver.memory=4g`."""
    name, is_there, value = text.partition("=")
    if not is_there:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name, value


def _checked(name: str) -> Callable[[str], int | float]:
    def check(text: str) -> int | float:
        try:
            return SETTINGS[name].check(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return check
