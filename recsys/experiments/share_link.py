"""Encode an experiment setup in a URL and decode it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from recsys.data.dataset import SHARED, Dataset
from recsys.data.ways import first_of
from recsys.errors import InputError
from recsys.experiments.setup import SPLIT_SETTINGS, TRAIN_WAYS, Setup
from recsys.models import MODELS, make_settings
from recsys.settings import CHOICES, ROWS, SETTINGS

# Data that a link can name: every server has it or can get it.
V = TypeVar("V", int, float, int | float | str)


PLACES = ("model", *ROWS, "way", "month", "data", "fingerprint")


def to_query(setup: Setup) -> dict[str, str]:
    """Return a setup as query parameters; `from_query` returns it to the last digit."""
    query = {"model": setup.model}
    query |= {name: _number(value) for name, value in setup.settings.items()}
    query |= {name: _number(getattr(setup, name)) for name in (*SPLIT_SETTINGS, "patience")}
    query |= {"way": setup.way if setup.way != Setup.way else "", "month": setup.month}
    query |= {"watch": setup.watch, "data": setup.data, "fingerprint": setup.fingerprint}
    return {name: value for name, value in query.items() if value}


def from_query(query: Mapping[str, object]) -> tuple[Setup, list[str]]:
    """Read a setup from query parameters; never trusts them and never fails.

    Returns
    -------
    setup : Setup
        With defaults where a parameter is missing or wrong. Parameters of other names are left alone.
    complaints : list of str
        A sentence for each parameter that was wrong.
    """
    complaints: list[str] = []
    name = str(query.get("model", Setup.model))
    if name not in MODELS:
        complaints.append(f"There is no model {name[:40]!r}. {MODELS[Setup.model].label} is used instead.")
        name = Setup.model
    defaults = MODELS[name].defaults
    settings = {wanted: _read(query, wanted, default, complaints) for wanted, default in defaults.items()}
    if (
        names_a_setup(query) and "validation" not in query
    ):  # links have named it since lambda has today's scale
        upgraded = MODELS[name].upgrade_settings(settings)
        complaints += [
            f"{ROWS[changed].label} {settings[changed]:g} of this older link is {upgraded[changed]:g} on today's scale."
            for changed in settings.keys() & query.keys()
            if upgraded[changed] != settings[changed]
        ]
        settings |= {changed: upgraded[changed] for changed in settings.keys() & query.keys()}
    try:
        make_settings(name, **settings)
    except InputError as error:  # settings that are allowed each, and not together
        complaints.append(f"{str(error).rstrip('.')}; the defaults of {MODELS[name].label} are used instead.")
        settings = dict(defaults)
    others = {other for model in MODELS.values() for other in model.defaults} - {*defaults, "seed"}
    complaints += [
        f"{MODELS[name].label} has no setting {ROWS[other].label!r}. It is left out."
        for other in sorted(others & query.keys())
    ]
    minimum, hidden, patience = (
        int(_read(query, wanted, SETTINGS[wanted].default, complaints))
        for wanted in ("minimum", "hidden", "patience")
    )
    # Links from before splits had three parts do not name the third, and mean two.
    parts = 0.0 if names_a_setup(query) else Setup.validation
    validation = float(_read(query, "validation", parts, complaints))
    if hidden >= minimum:
        complaints.append(f"Who has {minimum} cannot hide {hidden} of them. The defaults are used instead.")
        minimum, hidden = Setup.minimum, Setup.hidden
    way, month = _way(query, complaints)
    try:
        watch = CHOICES["watch"].check(str(query.get("watch", Setup.watch)))
    except InputError as error:
        complaints.append(_instead(error, Setup.watch))
        watch = Setup.watch
    data = str(query.get("data", ""))
    if data not in ("", *SHARED):
        complaints.append(f"There is no data {data[:40]!r} here. Choose it on the Data page.")
        data = ""
    fingerprint = str(query.get("fingerprint", ""))
    if fingerprint and not re.fullmatch("[0-9a-f]{16}", fingerprint):
        complaints.append(
            f"{fingerprint[:40]!r} is no fingerprint of data, so it is not known whether this is the same data."
        )
        fingerprint = ""
    setup = Setup(name, settings, minimum, hidden, validation, watch, patience, data, fingerprint, way, month)
    return setup, complaints


def _way(query: Mapping[str, object], complaints: list[str]) -> tuple[str, str]:
    """Read how the data is split, and the month of a split by date."""
    way, month = str(query.get("way", Setup.way)), str(query.get("month", ""))
    if way not in TRAIN_WAYS:
        complaints.append(f"There is no hold-out called {way[:40]!r}. It is drawn at random instead.")
        return Setup.way, ""
    if way != "date":
        return way, ""
    try:
        first_of(month)
    except InputError as error:
        complaints.append(f"{error} The hold-out is drawn at random instead.")
        return Setup.way, ""
    return way, month


def names_a_setup(query: Mapping[str, object]) -> bool:
    """Tell whether a link holds any setting, and not only a place to go to."""
    return any(name in query for name in PLACES if name != "data")


def other_data(setup: Setup, dataset: Dataset) -> str:
    """Return a sentence if the link was made on other data than this; empty if it was not."""
    here = dataset.interactions.fingerprint
    if not setup.fingerprint or setup.fingerprint == here:
        return ""
    return (
        f"This link was made on other data (fingerprint {setup.fingerprint}) than {dataset.title} ({here}). "
        "Its settings are used; the curve will differ."
    )


def _read(query: Mapping[str, object], name: str, default: V, complaints: list[str]) -> V:
    if name not in query:
        return default
    try:
        return ROWS[name].check(query[name])  # type: ignore[return-value]
    except InputError as error:
        complaints.append(_instead(error, default if isinstance(default, str) else f"{default:g}"))
        return default


def _instead(error: InputError, default: str) -> str:
    return f"{str(error).rstrip('.')}; {default} is used instead."


def _number(value: int | float | str) -> str:
    """Write a value so that reading it gives the same one."""
    return value if isinstance(value, str) else repr(value)
