"""Command `choose`: find the best model for a data set."""

from __future__ import annotations

import argparse
from pathlib import Path

from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import heading, identity
from recsys.cli.output import Answer, progress
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out, in_words, suited
from recsys.evaluation.metrics import evaluate, spell
from recsys.experiments.choose import TIME_LIMIT, Race
from recsys.models import make_model
from recsys.storage.model_file import save_run
from recsys.system.atomic_files import check_writable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser)
    add_settings(parser, "seed", "n")
    add_settings(parser, "minimum", "hidden", defaults=False)
    parser.add_argument(
        "--time-limit",
        type=float,
        default=TIME_LIMIT,
        metavar="SECONDS",
        help=f"begin nothing more after so many seconds ({TIME_LIMIT:g}); the winner is trained after that",
    )
    parser.add_argument(
        "--out", type=Path, metavar="RUN", help="save the chosen model, trained, to this file"
    )


def run(options: argparse.Namespace) -> Answer:
    """Let the candidates race on the training part, and measure the choice on the test part."""
    if options.out is not None:
        check_writable(options.out)
    dataset = load(options.data, options.columns)
    usual = suited(dataset.interactions)
    minimum, hidden = (
        wanted if given is None else given
        for given, wanted in zip((options.minimum, options.hidden), usual, strict=True)
    )
    split = hold_out(dataset.interactions, minimum, hidden, options.seed)
    race = Race(split, options.time_limit)
    phase = ""
    for _ in race:
        if race.phase != phase:
            phase = race.phase
            progress(f"{phase} ...")
    progress("Training the choice on everything but the test ...")
    model = make_model(race.setup.model, **race.setup.settings).fit(split.train)
    if options.out is not None:
        save_run(options.out, dataset, split, model, [])
    figures = evaluate(model, split, options.n)
    users, all_users = figures.pop("users"), figures.pop("all_users")
    sentence = dataset.nouns.fill(race.sentence)
    result = {
        "data": identity(dataset),
        "model": model.name,
        "settings": model.settings,
        "split": split.settings,
        "chosen": [
            {"model": one.model, "settings": one.make().settings, "weight": one.weight} for one in race.chosen
        ],
        "sentence": sentence,
        "note": race.note,
        "candidates": [
            {
                "model": one.model,
                "settings": one.settings,
                "state": one.state,
                "ndcg": one.ndcg,
                "interval": one.half,
                "seconds": one.seconds,
                "weight": one.weight,
                "message": one.message,
            }
            for one in race.candidates
        ],
        "seconds": race.spent,
        "users": users,
        "all_users": all_users,
        "metrics": figures,
        "file": None if options.out is None else str(options.out),
    }
    lines = [
        heading(dataset),
        f"{'candidate':64} {'NDCG@10 on validation':24} {'seconds':>8}  how far",
        *(
            f"{one.label:64} {f'{one.ndcg:.4f} ± {one.half:.4f}':24} {one.seconds:8.1f}  {one.state}"
            + (f": {one.message}" if one.message else "")
            for one in sorted(race.candidates, key=lambda one: (one.state != "measured", -one.ndcg))
        ),
        sentence,
        *([race.note] if race.note else []),
        f"On the test part ({in_words(split.settings)}), means over {users:,} of {all_users:,} {dataset.nouns.users}:",
        *spell(figures),
    ]
    if options.out is not None:
        lines.append(f"Saved as {options.out}.")
    return Answer(result, "\n".join(lines))
