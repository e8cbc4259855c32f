"""Hold-outs in use: one for all who look at the same data with the same settings."""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakValueDictionary

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out

# By the fingerprint of the data and the settings; gone with the last who uses it.
_SPLITS: WeakValueDictionary[tuple[object, ...], Split] = WeakValueDictionary()


def known(interactions: Interactions, **settings: int | float) -> Split | None:
    """Return the hold-out of this data if it was drawn before and is still in use."""
    return _SPLITS.get(_key(interactions, settings))


def draw(interactions: Interactions, **settings: int | float) -> Split:
    """Return the hold-out of this data, with the settings of `hold_out`.

    Raises
    ------
    InputError
        If these numbers leave no user to take part.
    """
    key = _key(interactions, settings)
    found = _SPLITS.get(key)
    return found or _SPLITS.setdefault(key, hold_out(interactions, **settings))  # type: ignore[arg-type]


def _key(interactions: Interactions, settings: Mapping[str, int | float]) -> tuple[object, ...]:
    return (interactions.fingerprint, *sorted(settings.items()))
