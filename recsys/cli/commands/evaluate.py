"""Command `evaluate`: train a model and measure its recommendations."""

from __future__ import annotations

import argparse
import datetime
import json
from contextlib import suppress
from pathlib import Path

from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import heading, identity, read_data
from recsys.cli.model_arguments import add_model, add_test, add_way, chosen_model, chosen_way
from recsys.cli.output import Answer, progress
from recsys.data.splitting import in_words
from recsys.errors import InputError
from recsys.evaluation.metrics import METRICS, MOST_USERS, spell
from recsys.experiments.checks import Check, Checks
from recsys.experiments.leaderboard import Leaderboard, LeaderboardEntry
from recsys.storage.model_card import card, to_html
from recsys.system.atomic_files import check_writable, write_atomic


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser)
    add_model(parser)
    add_way(parser)
    add_test(parser)
    add_settings(parser, "n", "hold_outs")
    parser.add_argument(
        "--card", type=Path, metavar="FILE", help="write a model card: .html for people, .json for programs"
    )


def run(options: argparse.Namespace) -> Answer:
    """Train a model and measure its recommendations on held-out items."""
    if options.card is not None:
        if options.card.suffix.lower() not in (".html", ".json"):
            raise InputError(f"A model card is .html or .json, not {options.card.name[:40]!r}.")
        check_writable(options.card)
    dataset = read_data(options)
    split, left_out = chosen_way(options, dataset)
    model = chosen_model(options)
    entry = LeaderboardEntry(model.label, model)
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
    if options.card is not None:
        made = card(dataset, board, entry, _checks(board, entry), datetime.datetime.now(datetime.UTC))
        as_html = options.card.suffix.lower() == ".html"
        written = to_html(made, dataset) if as_html else json.dumps(made, indent=1, allow_nan=False)
        write_atomic(options.card, written.encode("utf-8", "backslashreplace"))
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
        "file": None if options.card is None else str(options.card),
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
    if options.card is not None:
        lines.append(f"Wrote a model card to {options.card}.")
    return Answer(result, "\n".join(lines))


def _checks(board: Leaderboard, entry: LeaderboardEntry) -> list[Check]:
    """Check the model of a card, where the split is a random one: the checks are about that."""
    if "way" in board.split.settings:
        return []
    checks = Checks(lambda number: entry.again(number).model, board.split, board.n)
    with suppress(StopIteration):
        while True:
            checks.step()
    return checks.results
