"""Command `check`: check how a model behaves, with an exit code for continuous integration."""

from __future__ import annotations

import argparse
import math
from contextlib import suppress

from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import heading, identity, read_data
from recsys.cli.model_arguments import add_model, chosen_model, chosen_split
from recsys.cli.output import CHECK_FAILED, SUCCESS, Answer, progress
from recsys.data.splitting import in_words
from recsys.experiments.checks import Checks
from recsys.experiments.leaderboard import LeaderboardEntry

SIGNS = {"passed": "pass", "failed": "FAIL", "left out": "skip"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser)
    add_model(parser)
    add_settings(parser, "validation", "n")


def run(options: argparse.Namespace) -> Answer:
    """Train a model up to three times and check how it behaves."""
    dataset = read_data(options)
    split = chosen_split(options, dataset.interactions)
    first = chosen_model(options)
    entry = LeaderboardEntry(first.label, first)
    checks = Checks(lambda number: entry.again(number).model, split, options.n)
    with suppress(StopIteration):
        while True:
            done = len(checks.results)
            checks.step()
            for check in checks.results[done:]:
                progress(f"{SIGNS[check.state]}  {dataset.nouns.fill(check.question)}")
    fill = dataset.nouns.fill
    result = {
        "data": identity(dataset),
        "model": first.name,
        "settings": first.settings,
        "split": split.settings,
        "users": len(checks.users),
        "failed": len(checks.failed),
        "checks": [
            {
                "name": check.name,
                "state": check.state,
                "question": fill(check.question),
                "sentence": fill(check.sentence),
                "value": None if math.isnan(check.value) else check.value,
            }
            for check in checks.results
        ],
    }
    lines = [
        heading(dataset),
        f"{first.label}, hold-out {in_words(split.settings)}, {len(checks.users):,} {dataset.nouns.users}:",
        *(f"{SIGNS[check.state]}  {fill(check.question)} {fill(check.sentence)}" for check in checks.results),
        f"{len(checks.failed)} of {len(checks.results)} checks failed.",
    ]
    return Answer(result, "\n".join(lines), CHECK_FAILED if checks.failed else SUCCESS)
