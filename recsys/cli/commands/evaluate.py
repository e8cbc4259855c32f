"""Command `evaluate`: train a model and measure its recommendations."""

from __future__ import annotations

import argparse
from contextlib import suppress

from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import heading, identity, read_data
from recsys.cli.model_arguments import add_model, add_way, chosen_model, chosen_way
from recsys.cli.output import Answer, progress
from recsys.data.splitting import in_words
from recsys.data.ways import FOLDS
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS, MOST_USERS, spell
from recsys.experiments.leaderboard import Entry, Leaderboard


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser)
    add_model(parser)
    add_way(parser)
    add_settings(parser, "n", "hold_outs")


def run(options: argparse.Namespace) -> Answer:
    """Train a model and measure its recommendations on held-out items."""
    dataset = read_data(options)
    split, left_out = chosen_way(options, dataset)
    if split.given is not None and options.hold_outs > FOLDS:
        raise InputError(f"New users make {FOLDS} folds. Ask for {FOLDS} hold-outs or fewer.")
    model = chosen_model(options)
    entry = Entry(model.label, model)
    board = Leaderboard([entry], split, options.n, options.hold_outs, MOST_USERS)
    at = ""
    with suppress(StopIteration):
        while True:
            if options.hold_outs > 1 and board.at != at:
                at = board.at
                progress(f"{at} ...")
            board.step()
    if entry.message:
        raise InputError(entry.message)
    figures = {f"{name}@{options.n}": value for name, value in entry.figures.items()}
    intervals = {f"{name}@{options.n}": entry.interval(name) for name in METRICS}
    users = len(board.users)
    all_users = max(users, int((split.test.user_counts > 0).sum()))
    result = {
        "data": identity(dataset),
        "model": model.name,
        "settings": model.settings,
        "split": split.settings,
        "left_out": left_out,
        "users": users,
        "all_users": all_users,
        "metrics": figures,
        "intervals": intervals,
        "by_split": {f"{name}@{options.n}": values.tolist() for name, values in entry.by_split.items()},
    }
    nouns = dataset.nouns
    parts = {"random": "hold-outs", "new-users": "folds"}.get(split.settings.get("way", "random"), "seeds")
    over = f" and {options.hold_outs} {parts}" if options.hold_outs > 1 else ""
    lines = [
        heading(dataset),
        *(f"- {sentence}" for sentence in left_out),
        f"Hold-out: {in_words(split.settings)}.",
        f"Means over {users:,} of {all_users:,} {nouns.users} who hide {nouns.items}{over}, ± 95 % confidence:",
        *spell(figures, intervals),
    ]
    return Answer(result, "\n".join(lines))
