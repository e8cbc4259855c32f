"""Data set of a command: how its answer names it."""

from __future__ import annotations

from recsys.data.dataset import Dataset


def identity(dataset: Dataset) -> dict[str, str]:
    """Return the field `data` of a result; `origin` says which rows were left out."""
    return {
        "title": dataset.title,
        "origin": dataset.origin,
        "fingerprint": dataset.interactions.fingerprint,
    }


def heading(dataset: Dataset) -> str:
    """Return the first line of an answer."""
    return f"{dataset.title}. {dataset.origin}"
