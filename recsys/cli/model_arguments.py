"""Arguments that choose a model and its settings, and the model they choose."""

from __future__ import annotations

import argparse

from recsys.cli.arguments import add_settings
from recsys.cli.data import read_data
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC
from recsys.data.splitting import Split, hold_out
from recsys.data.ways import WAYS, from_month, given_files, last_out, new_users
from recsys.errors import InputError
from recsys.models import MODELS, Model, make_model
from recsys.settings import ROWS, SETTINGS


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`, the settings of all models and those of the hold-out."""
    parser.add_argument("--model", choices=MODELS, default=next(iter(MODELS)), help="which model to train")
    add_settings(parser, *model_settings(), defaults=False)
    add_settings(parser, "minimum", "hidden")


def add_way(parser: argparse.ArgumentParser) -> None:
    """Add how the data is split."""
    parser.add_argument(
        "--split",
        choices=WAYS,
        default="random",
        help="; ".join(f"{name}: {MUSIC.fill(said)[:-1].lower()}" for name, said in WAYS.items())
        + " (random)",
    )
    parser.add_argument("--month", metavar="YYYY-MM", help="for --split date: the first month that is hidden")
    parser.add_argument(
        "--test",
        metavar="FILE",
        help="the test of a split that is given: DATA is all training; both are read alike",
    )


def chosen_way(options: argparse.Namespace, dataset: Dataset) -> tuple[Split, list[str]]:
    """Return the split given on the command line, and what was left out of it, a sentence each."""
    way = options.split
    if options.test is not None:
        if way != "random" or options.month is not None:
            raise InputError("With --test the files are the split: leave --split and --month out.")
        test = read_data(options, options.test)
        split, said = given_files(dataset.interactions, test.interactions)
        return split, [f"The test: {test.title}. {test.origin}", *test.notes, said]
    if (way == "date") != (options.month is not None):
        raise InputError("--split date needs --month, such as --month 2010-03, and no other split has one.")
    if way == "date":
        return from_month(dataset, options.month), []
    if way == "last":
        return last_out(dataset, options.minimum, options.hidden), []
    if way == "new-users":
        seed = SETTINGS["seed"].default if options.seed is None else options.seed
        return new_users(dataset.interactions, 0, options.hidden, options.minimum, int(seed)), []
    return chosen_split(options, dataset.interactions), []


def model_settings() -> list[str]:
    """Return the names of all settings that a model has."""
    return [name for name in ROWS if any(name in model.defaults for model in MODELS.values())]


def chosen_model(options: argparse.Namespace) -> Model:
    """Return an untrained model with the settings given on the command line."""
    given = {name: getattr(options, name) for name in model_settings()}
    if "seed" not in MODELS[options.model].defaults:
        del given["seed"]  # it still decides which items are held out
    return make_model(options.model, **{name: value for name, value in given.items() if value is not None})


def chosen_split(options: argparse.Namespace, interactions: Interactions) -> Split:
    """Return the hold-out given on the command line."""
    seed = SETTINGS["seed"].default if options.seed is None else options.seed
    validation = getattr(
        options, "validation", 0.0
    )  # where nothing is watched, all that is held out is the test
    return hold_out(interactions, options.minimum, options.hidden, int(seed), validation)
