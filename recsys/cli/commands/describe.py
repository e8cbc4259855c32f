"""Command `describe`: counts and the most played items of a data set."""

from __future__ import annotations

import argparse

import numpy as np

from recsys.analysis.popularity import rank_table
from recsys.cli.arguments import add_data, add_settings
from recsys.cli.data import heading, identity, read_data
from recsys.cli.output import Answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_data(parser)
    add_settings(parser, "n")


def run(options: argparse.Namespace) -> Answer:
    """Count what is in a data set."""
    dataset = read_data(options)
    interactions = dataset.interactions
    table = rank_table(interactions).head(options.n)
    result = {
        "data": identity(dataset),
        "users": interactions.n_users,
        "items": interactions.n_items,
        "interactions": len(interactions),
        "plays": float(interactions.values.sum(dtype=np.float64)),
        "density": interactions.density,
        "top": table[["item", "artist", "listeners", "plays"]].to_dict("records"),
    }
    nouns = dataset.nouns
    shown = table[["rank", "artist", "listeners", "plays"]]
    shown.columns = ["rank", nouns.item, nouns.users, nouns.values]
    lines = [
        heading(dataset),
        f"{interactions.n_users:,} {nouns.users}, {interactions.n_items:,} {nouns.items}, {len(interactions):,} pairs, "
        f"{result['plays']:,.0f} {nouns.values} in all, density {interactions.density:.2%}",
        "",
        shown.to_string(index=False, float_format="{:,.0f}".format),
    ]
    return Answer(result, "\n".join(lines))
