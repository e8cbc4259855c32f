"""Hold-outs in use: one for all who look at the same data with the same settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

from recsys.data.dataset import Dataset
from recsys.data.splitting import Split
from recsys.data.ways import make_split

# By the fingerprints of the data and its times, and the settings; gone with the last who uses it.
_SPLITS: WeakValueDictionary[tuple[object, ...], Split] = WeakValueDictionary()


def known(dataset: Dataset, settings: Mapping[str, Any]) -> Split | None:
    """Return the hold-out of this data if it was drawn before and is still in use."""
    return _SPLITS.get(_key(dataset, settings))


def draw(dataset: Dataset, settings: Mapping[str, Any]) -> Split:
    """Return the hold-out of this data, with the settings of `make_split`.

    Raises
    ------
    InputError
        If these numbers leave no user to take part.
    """
    key = _key(dataset, settings)
    found = _SPLITS.get(key)
    return found or _SPLITS.setdefault(key, make_split(dataset, settings))


def _key(dataset: Dataset, settings: Mapping[str, Any]) -> tuple[object, ...]:
    times = "" if dataset.history is None else dataset.history.fingerprint
    return (dataset.interactions.fingerprint, times, *sorted(settings.items()))
