"""Arguments that choose a model and its settings, and the model they choose."""

from __future__ import annotations

import argparse

from recsys.cli.arguments import add_settings
from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out
from recsys.models import MODELS, Model, make_model
from recsys.settings import ROWS, SETTINGS


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add `--model`, the settings of all models and those of the hold-out."""
    parser.add_argument("--model", choices=MODELS, default=next(iter(MODELS)), help="which model to train")
    add_settings(parser, *model_settings(), defaults=False)
    add_settings(parser, "minimum", "hidden")


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
