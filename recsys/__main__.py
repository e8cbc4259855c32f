"""The same work without a browser: `python -m recsys --help`."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.batch import write_lists
from recsys.datasets import load
from recsys.datasets.base import MUSIC, Dataset, Nouns
from recsys.errors import InputError
from recsys.large_runs import LargeRun, Preparation, is_prepared, read_run
from recsys.metrics import evaluate
from recsys.mlflow_export import log_run
from recsys.models import MODELS, make_model
from recsys.popularity import rank_table
from recsys.recommending import recommend_to
from recsys.report import report
from recsys.saved_runs import SavedRun, load_run, save_run
from recsys.settings import ROWS, SETTINGS, Choice
from recsys.splitting import Split, hold_out
from recsys.training import Epoch, Stopping, TrainingRun
from recsys.whole_files import write_whole

Answer = tuple[dict[str, Any], str]


def describe(options: argparse.Namespace) -> Answer:
    """Count what is in a data set."""
    dataset = load(options.data, options.columns)
    interactions = dataset.interactions
    table = rank_table(interactions).head(options.n)
    top = table[["item", "artist", "listeners", "plays"]].to_dict("records")
    answer = {
        "title": dataset.title,
        "origin": dataset.origin,
        "users": interactions.n_users,
        "items": interactions.n_items,
        "interactions": len(interactions),
        "plays": float(interactions.values.sum(dtype=np.float64)),
        "density": interactions.density,
        "top": top,
    }
    nouns = dataset.nouns
    shown = table[["rank", "artist", "listeners", "plays"]]
    shown.columns = ["rank", nouns.item, nouns.users, nouns.values]
    lines = [
        f"{dataset.title}. {dataset.origin}",
        f"{interactions.n_users:,} {nouns.users}, {interactions.n_items:,} {nouns.items}, {len(interactions):,} pairs, "
        f"{answer['plays']:,.0f} {nouns.values} in all, density {interactions.density:.2%}",
        "",
        shown.to_string(index=False, float_format="{:,.0f}".format),
    ]
    return answer, "\n".join(lines)


def train(options: argparse.Namespace) -> Answer:
    """Train a model and save it."""
    dataset = load(options.data, options.columns)
    stopping = Stopping(options.watch, options.patience)
    run = TrainingRun(_model(options), _split(options, dataset.interactions), stopping)
    every = max(1, run.epochs // 10)
    for epoch in run:
        if not options.json and (epoch.epoch % every == 0 or epoch.epoch == 1):
            print(f"epoch {epoch.epoch:4}  {_measured(epoch)}", flush=True)
    if options.out is not None:
        save_run(options.out, dataset, run.split, run.model, run.history)
    answer = {
        "model": run.model.name,
        "settings": run.model.settings,
        "target": dataset.nouns.fill(run.model.target),
        "references": run.references,
        "kept_epoch": run.kept.epoch if run.kept else None,
        "updates_per_second": run.updates_per_second,
        "history": [asdict(epoch) for epoch in run.history],
    }
    lines = []
    if run.model.predicts:
        lines += [
            f"RMSE of {dataset.nouns.fill(run.model.target)} on hidden pairs:",
            *(f"{name:20} {error:.4f}" for name, error in run.references.items()),
        ]
    if run.kept is not None:
        lines.append(f"{f'Epoch {run.kept.epoch}, kept':20} {_measured(run.kept)}")
    lines.append(
        f"{run.epoch_seconds:.4g} s for an epoch, {run.updates_per_second / 1e6:,.1f} million pairs a second."
    )
    if options.out is not None:
        lines.append(f"Saved as {options.out}.")
    return answer, "\n".join(lines)


def _measured(epoch: Epoch) -> str:
    """Say what was measured after an epoch."""
    figures = {"train": epoch.train_rmse, "validation": epoch.validation_rmse, "NDCG@10": epoch.ndcg}
    return "  ".join(f"{name} {value:.4f}" for name, value in figures.items() if value is not None)


def recommend(options: argparse.Namespace) -> Answer:
    """Recommend artists to one listener, or write the lists of all into a file."""
    if options.run.is_dir():
        return _recommend_large(options)
    if options.data is None:
        raise InputError("Say which data the run was trained on: sample, lastfm or a file.")
    dataset = load(options.data, options.columns)
    saved = load_run(options.run, dataset)
    if options.all:
        return _write_all(options, dataset, saved)
    user = dataset.interactions.user_code(options.user)
    if options.out is not None:
        return _write_page(options, dataset, saved, user)
    existing, recommended = recommend_to(saved.model, saved.split, user, options.n)
    label, target = dataset.interactions.users[user], saved.model.target
    return _lists(options, label, existing, recommended, target, dataset.nouns)


def _lists(
    options: argparse.Namespace,
    user: object,
    existing: pd.DataFrame,
    recommended: pd.DataFrame,
    target: str,
    nouns: Nouns = MUSIC,
) -> Answer:
    answer = {
        "user": user,
        "existing": existing[["item", "artist", "plays"]].to_dict("records"),
        "recommended": recommended[["item", "artist", "score", "hit"]].to_dict("records"),
    }
    known = existing[["artist", "plays"]].head(options.n).set_axis([nouns.item, nouns.value], axis=1)
    listed = recommended[["artist", "score", "hit"]].rename(columns={"artist": nouns.item})
    lines = [
        f"{nouns.user.capitalize()} {user} {nouns.does}",
        known.to_string(index=False, float_format=nouns.spell),
        "",
        f"and is recommended (score: {nouns.fill(target)}; hit: hidden from training)",
        listed.to_string(index=False, float_format="{:.4f}".format),
    ]
    return answer, "\n".join(lines)


def _recommend_large(options: argparse.Namespace) -> Answer:
    """Recommend to one listener of a run trained elsewhere; the first time it is prepared."""
    if options.user is None or options.out is not None:
        raise InputError(
            "A run in parts recommends to one --user at a time, without --out; where it was trained, lists of "
            "all can be made."
        )
    source = read_run(options.run)
    if not is_prepared(source):
        work, said = Preparation(source), ""
        with contextlib.suppress(StopIteration):
            while True:
                work.step()
                if work.doing != said:
                    said = work.doing
                    print(f"{said} ...", file=sys.stderr, flush=True)
    run = LargeRun(source)
    try:
        existing, recommended = run.recommend(run.user_code(options.user), options.n)
        return _lists(options, options.user, existing, recommended, source.target)
    finally:
        run.close()


def _write_page(options: argparse.Namespace, dataset: Dataset, saved: SavedRun, user: int) -> Answer:
    if options.out.suffix.lower() != ".html":
        raise InputError(
            f"{options.out} must end in .html: it becomes a page about the {dataset.nouns.user}."
        )
    page = report(dataset, saved.split, saved.model, user, options.n, made=datetime.date.today())
    write_whole(options.out, page.encode("utf-8", "backslashreplace"))
    label = dataset.interactions.users[user]
    return {
        "user": label,
        "file": str(options.out),
    }, f"Wrote a page about {dataset.nouns.user} {label} to {options.out}."


def _write_all(options: argparse.Namespace, dataset: Dataset, saved: SavedRun) -> Answer:
    if options.out is None:
        raise InputError("Say with --out where to write the lists of all.")
    users = np.arange(saved.split.train.n_users, dtype=np.int32)
    write_lists(options.out, saved.model, saved.split, users, options.n)
    text = f"Wrote what is recommended to {len(users):,} {dataset.nouns.users} to {options.out}."
    return {"users": len(users), "file": str(options.out)}, text


def judge(options: argparse.Namespace) -> Answer:
    """Train a model and measure what it recommends."""
    dataset = load(options.data, options.columns)
    split = _split(options, dataset.interactions)
    model = _model(options)
    figures = evaluate(model.fit(split.train), split, options.n)
    answer = {"model": model.name, "settings": model.settings} | figures
    nouns = dataset.nouns
    whose = f"Means over {figures.pop('users'):,} of {figures.pop('all_users'):,} {nouns.users} who hide {nouns.items}:"
    return answer, "\n".join([whose, *(f"{name:18} {value:10.4f}" for name, value in figures.items())])


def log_mlflow(options: argparse.Namespace) -> Answer:
    """Log a saved run to the MLflow server that MLFLOW_TRACKING_URI names."""
    run_id = log_run(options.run)
    return {"run_id": run_id}, f"Logged as MLflow run {run_id}."


def spark_train(options: argparse.Namespace) -> Answer:
    """Train the model als on Apache Spark, and write it as a run in parts."""
    # Not at the top: whoever does not use Spark need not have it.
    from recsys.spark.session import open_session

    model = _model(options)
    split = {"minimum": options.minimum, "hidden": options.hidden, "seed": model.settings["seed"]}
    title = options.title or options.data.rstrip("/").rsplit("/", 1)[-1]
    with open_session(options.master, dict(options.conf)) as spark:
        from recsys.spark import runs

        answer = runs.train(
            spark,
            options.data,
            options.out.rstrip("/"),
            model,
            split,
            options.n,
            options.blocks,
            options.columns,
            title,
            _say(options),
        )
    figures = answer["figures"]
    lines = [
        f"{answer['users']:,} listeners, {answer['items']:,} artists, {answer['pairs']:,} pairs; "
        f"rows left out: {answer['rows_left_out']:,}.",
        f"Means over {figures['users']:,} of {figures['all_users']:,} listeners who hide artists:",
        *(f"{name:18} {value:10.4f}" for name, value in figures.items() if "@" in name),
        "Seconds: " + ", ".join(f"{step} {took:.1f}" for step, took in answer["seconds"].items()) + ".",
        f"Saved as {options.out}.",
    ]
    return answer, "\n".join(lines)


def spark_recommend(options: argparse.Namespace) -> Answer:
    """Recommend to every listener of a run in parts, on Apache Spark."""
    from recsys.spark.session import open_session

    with open_session(options.master, dict(options.conf)) as spark:
        from recsys.spark import runs

        answer = runs.recommend(
            spark, options.run.rstrip("/"), options.out.rstrip("/"), options.n, _say(options)
        )
    return answer, f"Wrote what is recommended to {answer['users']:,} listeners to {options.out}."


def _say(options: argparse.Namespace) -> Callable[[str], None]:
    def say(sentence: str) -> None:
        if not options.json:
            print(sentence, flush=True)

    return say


def _model(options: argparse.Namespace) -> Any:
    given = {name: getattr(options, name) for name in _model_settings()}
    if "seed" not in MODELS[options.model].defaults:
        del given["seed"]  # it still decides which artists are hidden
    return make_model(options.model, **{name: value for name, value in given.items() if value is not None})


def _split(options: argparse.Namespace, interactions: Any) -> Split:
    seed = SETTINGS["seed"].default if options.seed is None else options.seed
    return hold_out(interactions, options.minimum, options.hidden, int(seed))


def _model_settings() -> list[str]:
    return [name for name in ROWS if any(name in model.defaults for model in MODELS.values())]


def _parser() -> argparse.ArgumentParser:
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
        settings(added, *_model_settings(), defaults=False)
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
    training.set_defaults(model="als", **dict.fromkeys(_model_settings()))
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


def _plain(value: Any) -> Any:
    """Turn NumPy numbers into Python's own, for JSON."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value)} has no JSON form")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 if it worked, 1 if the input could not be used, 130 if it was interrupted."""
    options = _parser().parse_args(arguments)
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


if __name__ == "__main__":
    sys.exit(main())
