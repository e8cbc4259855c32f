"""Command `evaluate`: train a model and measure its recommendations."""

from __future__ import annotations

import argparse

from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import heading, identity, read_data
from recsys.cli.model_arguments import add_model, chosen_model, chosen_split
from recsys.cli.output import Answer
from recsys.evaluation.metrics import evaluate, spell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser)
    add_model(parser)
    add_settings(parser, "n")


def run(options: argparse.Namespace) -> Answer:
    """Train a model and measure its recommendations on held-out items."""
    dataset = read_data(options)
    split = chosen_split(options, dataset.interactions)
    model = chosen_model(options)
    figures = evaluate(model.fit(split.train), split, options.n)
    users, all_users = figures.pop("users"), figures.pop("all_users")
    result = {
        "data": identity(dataset),
        "model": model.name,
        "settings": model.settings,
        "split": split.settings,
        "users": users,
        "all_users": all_users,
        "metrics": figures,
    }
    nouns = dataset.nouns
    lines = [
        heading(dataset),
        f"Means over {users:,} of {all_users:,} {nouns.users} who hide {nouns.items}:",
        *spell(figures),
    ]
    return Answer(result, "\n".join(lines))
