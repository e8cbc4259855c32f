"""States of a model after its epochs, within a bound of memory."""

from __future__ import annotations

import copy
from typing import Any

from recsys.models.base import Model
from recsys.system.memory import Footprint

MAX_BYTES = 64 * 2**20
MAX_STEPS = 40  # of one training: enough to go through, and copying stays a small part of the time


class Snapshots:
    """Copies of what a model had learned after some of its epochs.

    At most 40 epochs, evenly chosen, and the first and the last. Where not all of them fit, those between close
    neighbours go first, by the ratio of their epochs: a model changes most in its first epochs.

    Parameters
    ----------
    max_bytes : int
        Bound of all copies together. A model of which not even two fit leaves none.

    Attributes
    ----------
    cleared : bool
        Whether they were given up.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._states: dict[int, dict[str, Any]] = {}
        self.cleared = False
        self._fitting: int | None = None

    def add(self, epoch: int, model: Model) -> None:
        """Keep a copy of what the model has learned after this epoch, the latest so far, if it is one of them."""
        stride = -(-model.epochs // MAX_STEPS)
        if self.cleared or (epoch % stride and epoch not in (1, model.epochs)):
            return
        state = model.state()
        if self._fitting is None:  # all are of one size, and measuring takes longer than copying
            self._fitting = self._max_bytes // max(1, Footprint().add(state))
        if self._fitting < 2:
            return
        # A new dict, since pages read while a training goes on.
        states = self._states | {epoch: state}
        while len(states) > self._fitting:
            kept = [*states]
            least = min(range(1, len(kept) - 1), key=lambda at: kept[at + 1] / kept[at - 1], default=0)
            del states[kept[least]]
        self._states = states

    def clear(self) -> None:
        """Forget them all, and keep no more."""
        self.cleared, self._states = True, {}

    @property
    def epochs(self) -> list[int]:
        """The epochs of which there is a copy, ascending."""
        return [*self._states]

    def at(self, epoch: int, model: Model) -> Model | None:
        """Return a model as it was after an epoch, with the settings of `model`; None without a copy of it."""
        state = self._states.get(epoch)
        if state is None:
            return None
        then = copy.copy(model)
        then.load_state(state)
        return then
