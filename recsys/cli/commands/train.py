"""Command `train`: train a model, print its learning curve and save it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import heading, identity, read_data
from recsys.cli.model_arguments import add_model, add_way, chosen_model, chosen_way
from recsys.cli.output import Answer, progress
from recsys.experiments.setup import TRAIN_WAYS
from recsys.experiments.training import Epoch, Stopping, TrainingRun
from recsys.storage.model_file import save_run
from recsys.system.atomic_files import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser)
    add_model(parser)
    add_way(parser, TRAIN_WAYS)
    add_settings(parser, "validation", "watch", "patience")
    parser.add_argument("--out", type=Path, metavar="RUN", help="save the trained model to this file")


def run(options: argparse.Namespace) -> Answer:
    """Train a model and save it."""
    if options.out is not None:
        check_writable(options.out)
    dataset = read_data(options)
    stopping = Stopping(options.watch, options.patience)
    run = TrainingRun(chosen_model(options), chosen_way(options, dataset)[0], stopping)
    every = max(1, run.epochs // 10)
    for epoch in run:
        if epoch.epoch % every == 0 or epoch.epoch == 1:
            progress(f"epoch {epoch.epoch:4}  {_measured(epoch)}")
    if options.out is not None:
        save_run(options.out, dataset, run.split, run.model, run.history)
    nouns = dataset.nouns
    result = {
        "data": identity(dataset),
        "model": run.model.name,
        "settings": run.model.settings,
        "split": run.split.settings,
        "target": nouns.fill(run.model.target),
        "references": run.references,
        "kept_epoch": run.kept.epoch if run.kept else None,
        "updates_per_second": run.updates_per_second,
        "history": [asdict(epoch) for epoch in run.history],
        "file": None if options.out is None else str(options.out),
    }
    lines = [heading(dataset)]
    if run.model.predicts_ratings:
        lines += [
            f"RMSE of {nouns.fill(run.model.target)} on hidden pairs:",
            *(f"{name:20} {error:.4f}" for name, error in run.references.items()),
        ]
    if run.kept is not None:
        lines.append(f"{f'Epoch {run.kept.epoch}, kept':20} {_measured(run.kept)}")
    lines.append(
        f"{run.epoch_seconds:.4g} s for an epoch, {run.updates_per_second / 1e6:,.1f} million pairs a second."
    )
    if options.out is not None:
        lines.append(f"Saved as {options.out}.")
    return Answer(result, "\n".join(lines))


def _measured(epoch: Epoch) -> str:
    """Return the measurements of an epoch on one line."""
    figures = {
        "train": epoch.train_rmse,
        "validation": epoch.validation_rmse,
        "MAE": epoch.validation_mae,
        "NDCG@10": epoch.ndcg,
    }
    return "  ".join(f"{name} {value:.4f}" for name, value in figures.items() if value is not None)
