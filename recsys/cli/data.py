"""Data set of a command: how it is read, and how its answer names it."""

from __future__ import annotations

import argparse
from typing import Any

from recsys.data.dataset import Dataset
from recsys.data.importing.readers.text_dialect import TextForm
from recsys.data.sources.load import load


def read_data(options: argparse.Namespace, data: str = "") -> Dataset:
    """Load the data that a command names, or other data, as its arguments say."""
    columns = dict(options.columns)
    if options.repeats:
        columns["repeats"] = options.repeats
    text = TextForm(options.encoding, options.separator, options.header, options.skip)
    return load(data or options.data, columns, text)


def identity(dataset: Dataset) -> dict[str, Any]:
    """Return the field `data` of a result; `origin` says which rows were left out, `notes` what was guessed."""
    return {
        "title": dataset.title,
        "origin": dataset.origin,
        "notes": dataset.notes,
        "fingerprint": dataset.interactions.fingerprint,
    }


def heading(dataset: Dataset) -> str:
    """Return the first lines of an answer."""
    return "\n".join([f"{dataset.title}. {dataset.origin}", *(f"- {note}" for note in dataset.notes)])
