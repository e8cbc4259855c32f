"""Arguments that choose a model and its settings, and the model they choose."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from recsys.cli.arguments import add_settings
from recsys.cli.data import read_data
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.nouns import MUSIC
from recsys.data.splitting import Split, hold_out
from recsys.data.ways import WAYS, given_files, make_split, split_settings
from recsys.errors import InputError
from recsys.models import MODELS, Model, make_model
from recsys.settings import ROWS, SETTINGS


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`, the settings of all models and those of the hold-out."""
    parser.add_argument("--model", choices=MODELS, default=next(iter(MODELS)), help="which model to train")
    add_settings(parser, *model_settings(), defaults=False)
    add_settings(parser, "minimum", "hidden")


def add_way(parser: argparse.ArgumentParser, ways: Collection[str] = WAYS) -> None:
    """Add how the data is split, in one of some ways."""
    said = "; ".join(f"{name}: {MUSIC.fill(WAYS[name])[:-1].lower()}" for name in ways)
    parser.add_argument("--split", choices=list(ways), default="random", help=f"{said} (random)")
    parser.add_argument("--month", metavar="YYYY-MM", help="for --split date: the first month that is hidden")


def add_test(parser: argparse.ArgumentParser) -> None:
    """Add a test that is a file."""
    parser.add_argument(
        "--test",
        metavar="FILE",
        help="the test of a split that is given: DATA is all training; both are read alike",
    )


def chosen_way(options: argparse.Namespace, dataset: Dataset) -> tuple[Split, list[str]]:
    """Return the split given on the command line, and what was left out of it, a sentence each."""
    way = options.split
    if getattr(options, "test", None) is not None:
        if way != "random" or options.month is not None:
            raise InputError("With --test the files are the split: leave --split and --month out.")
        test = read_data(options, options.test)
        split, said = given_files(dataset.interactions, test.interactions)
        return split, [f"The test: {test.title}. {test.origin}", *test.notes, said]
    if (way == "date") != (options.month is not None):
        raise InputError("--split date needs --month, such as --month 2010-03, and no other split has one.")
    usual = SETTINGS["minimum"].default, SETTINGS["hidden"].default
    if way == "date" and (options.minimum, options.hidden) != usual:
        raise InputError("--split date hides all from its month on: leave --minimum and --hidden out.")
    numbers = options.minimum, options.hidden, *_validation_and_seed(options)
    return make_split(dataset, split_settings(way, *numbers, options.month or "")), []


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
    validation, seed = _validation_and_seed(options)
    return hold_out(interactions, options.minimum, options.hidden, seed, validation)


def _validation_and_seed(options: argparse.Namespace) -> tuple[float, int]:
    """Return the share for validation, 0 where nothing is watched, and the seed."""
    seed = SETTINGS["seed"].default if options.seed is None else options.seed
    return getattr(options, "validation", 0.0), int(seed)
