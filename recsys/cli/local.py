"""Commands that run on this machine."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from recsys.analysis.popularity import rank_table
from recsys.data.dataset import Dataset
from recsys.data.nouns import MUSIC, Nouns
from recsys.data.sources.load import load
from recsys.data.splitting import Split, hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import evaluate
from recsys.experiments.training import Epoch, Stopping, TrainingRun
from recsys.models import MODELS, make_model
from recsys.recommendation.recommend import recommend_to
from recsys.scale.external_runs import ExternalRun, Preparation, is_prepared, read_run
from recsys.settings import ROWS, SETTINGS
from recsys.storage.html_report import report
from recsys.storage.mlflow import log_run
from recsys.storage.model_file import SavedRun, load_run, save_run
from recsys.storage.recommendation_lists import write_lists
from recsys.system.atomic_files import write_atomic

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
    run = TrainingRun(chosen_model(options), _split(options, dataset.interactions), stopping)
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
    if run.model.predicts_ratings:
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
    run = ExternalRun(source)
    try:
        existing, recommended = run.recommend(run.user_code(options.user), options.n)
        return _lists(options, options.user, existing, recommended, source.target, MUSIC)
    finally:
        run.close()


def _write_page(options: argparse.Namespace, dataset: Dataset, saved: SavedRun, user: int) -> Answer:
    if options.out.suffix.lower() != ".html":
        raise InputError(
            f"{options.out} must end in .html: it becomes a page about the {dataset.nouns.user}."
        )
    page = report(dataset, saved.split, saved.model, user, options.n, made=datetime.date.today())
    write_atomic(options.out, page.encode("utf-8", "backslashreplace"))
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
    model = chosen_model(options)
    figures = evaluate(model.fit(split.train), split, options.n)
    answer = {"model": model.name, "settings": model.settings} | figures
    nouns = dataset.nouns
    whose = f"Means over {figures.pop('users'):,} of {figures.pop('all_users'):,} {nouns.users} who hide {nouns.items}:"
    return answer, "\n".join([whose, *(f"{name:18} {value:10.4f}" for name, value in figures.items())])


def log_mlflow(options: argparse.Namespace) -> Answer:
    """Log a saved run to the MLflow server that MLFLOW_TRACKING_URI names."""
    run_id = log_run(options.run)
    return {"run_id": run_id}, f"Logged as MLflow run {run_id}."


def progress_printer(options: argparse.Namespace) -> Callable[[str], None]:
    """Return a function that prints progress to stderr, or nothing with `--json`."""

    def say(sentence: str) -> None:
        if not options.json:
            print(sentence, flush=True)

    return say


def chosen_model(options: argparse.Namespace) -> Any:
    """Return an untrained model with the settings given on the command line."""
    given = {name: getattr(options, name) for name in model_settings()}
    if "seed" not in MODELS[options.model].defaults:
        del given["seed"]  # it still decides which artists are hidden
    return make_model(options.model, **{name: value for name, value in given.items() if value is not None})


def _split(options: argparse.Namespace, interactions: Any) -> Split:
    seed = SETTINGS["seed"].default if options.seed is None else options.seed
    return hold_out(interactions, options.minimum, options.hidden, int(seed))


def model_settings() -> list[str]:
    """Return the names of all settings that a model has."""
    return [name for name in ROWS if any(name in model.defaults for model in MODELS.values())]
