"""Command `recommend`: the list of one user, or the lists of all in a file."""

from __future__ import annotations

import argparse
import contextlib
import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import identity, read_data
from recsys.cli.output import Answer, progress
from recsys.data.dataset import Dataset
from recsys.data.nouns import MUSIC, Nouns
from recsys.errors import InputError
from recsys.recommendation.recommend import recommend_to
from recsys.scale.external_runs import ExternalRun, IndexBuild, is_indexed, read_manifest
from recsys.storage.html_report import report
from recsys.storage.model_file import SavedRun, load_run
from recsys.storage.recommendation_lists import write_lists
from recsys.system.atomic_files import check_writable, write_atomic


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser, optional=True)
    parser.add_argument(
        "--run",
        type=Path,
        required=True,
        metavar="RUN",
        help="a file that train saved, or the folder of a run trained elsewhere: that needs no DATA",
    )
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--user", metavar="USER", help="the user's id")
    whom.add_argument("--all", action="store_true", help="recommend to all users; needs --out")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="with --all: a .csv, or .jsonl for one JSON document a line; with --user: an .html page",
    )
    add_settings(parser, "n")


def run(options: argparse.Namespace) -> Answer:
    """Recommend to one user, or write the lists of all into a file."""
    if options.run.is_dir():
        return _recommend_external(options)
    if options.data is None:
        raise InputError("Say which data the run was trained on: sample, lastfm or a file.")
    if options.out is not None:
        check_writable(options.out)
    dataset = read_data(options)
    saved = load_run(options.run, dataset)
    if options.all:
        return _write_all(options, dataset, saved)
    user = dataset.interactions.user_code(options.user)
    if options.out is not None:
        return _write_page(options, dataset, saved, user)
    existing, recommended = recommend_to(saved.model, saved.split, user, options.n)
    label, target = dataset.interactions.users[user], saved.model.target
    return _lists(options, identity(dataset), label, existing, recommended, target, dataset.nouns)


def _lists(
    options: argparse.Namespace,
    data: dict[str, str],
    user: object,
    existing: pd.DataFrame,
    recommended: pd.DataFrame,
    target: str,
    nouns: Nouns = MUSIC,
) -> Answer:
    result = {
        "data": data,
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
    return Answer(result, "\n".join(lines))


def _recommend_external(options: argparse.Namespace) -> Answer:
    """Recommend to one user of a run trained elsewhere; its index is built the first time."""
    if options.user is None or options.out is not None:
        raise InputError(
            "A run in parts recommends to one --user at a time, without --out; where it was trained, lists of "
            "all can be made."
        )
    source = read_manifest(options.run)
    if not is_indexed(source):
        work, said = IndexBuild(source), ""
        with contextlib.suppress(StopIteration):
            while True:
                work.step()
                if work.doing != said:
                    said = work.doing
                    progress(f"{said} ...")
    external = ExternalRun(source)
    try:
        existing, recommended = external.recommend(external.user_code(options.user), options.n)
        data = {"title": source.title, "origin": "", "fingerprint": ""}
        return _lists(options, data, options.user, existing, recommended, source.target)
    finally:
        external.close()


def _write_page(options: argparse.Namespace, dataset: Dataset, saved: SavedRun, user: int) -> Answer:
    if options.out.suffix.lower() != ".html":
        raise InputError(
            f"{options.out} must end in .html: it becomes a page about the {dataset.nouns.user}."
        )
    page = report(dataset, saved.split, saved.model, user, options.n, made=datetime.date.today())
    write_atomic(options.out, page.encode("utf-8", "backslashreplace"))
    label = dataset.interactions.users[user]
    return Answer(
        {"data": identity(dataset), "user": label, "file": str(options.out)},
        f"Wrote a page about {dataset.nouns.user} {label} to {options.out}.",
    )


def _write_all(options: argparse.Namespace, dataset: Dataset, saved: SavedRun) -> Answer:
    if options.out is None:
        raise InputError("Say with --out where to write the lists of all.")
    users = np.arange(saved.split.train.n_users, dtype=np.int32)
    write_lists(options.out, saved.model, saved.split, users, options.n)
    return Answer(
        {"data": identity(dataset), "users": len(users), "file": str(options.out)},
        f"Wrote the recommendations to {len(users):,} {dataset.nouns.users} to {options.out}.",
    )
