"""Hold-outs in use: one for all who look at the same data with the same settings."""

from __future__ import annotations

from weakref import WeakValueDictionary

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out

# By the fingerprint of the data and the settings; gone with the last who uses it.
_SPLITS: WeakValueDictionary[tuple[str, int, int, int], Split] = WeakValueDictionary()


def known(interactions: Interactions, minimum: int, hidden: int, seed: int) -> Split | None:
    """Return the hold-out of this data if it was drawn before and is still in use."""
    return _SPLITS.get((interactions.fingerprint, minimum, hidden, seed))


def draw(interactions: Interactions, minimum: int, hidden: int, seed: int) -> Split:
    """Return the hold-out of this data.

    Raises
    ------
    InputError
        If these numbers leave no user to take part.
    """
    key = (interactions.fingerprint, minimum, hidden, seed)
    found = _SPLITS.get(key)
    return found or _SPLITS.setdefault(key, hold_out(interactions, minimum, hidden, seed))
