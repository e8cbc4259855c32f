"""Most popular items, the same for all users."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.models.base import Contributions, Model
from recsys.models.value_matrix import Feedback


class MostPopular(Model):
    """Ranks items by their number of users in training.

    Attributes
    ----------
    item_listeners : float32 array, shape (n_items,)

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin, "Performance of Recommender Algorithms on Top-N Recommendation
    Tasks", RecSys 2010, section 3.1 (TopPop).
    """

    name = "popular"
    label = "Most popular"
    about = (
        "Recommends the {nouns.items} with the most {nouns.users}, to everybody alike, leaving out those that "
        "the {nouns.user} {nouns.does} already. Useful for a new {nouns.user}; for all others it is the baseline that "
        "a recommender has to beat."
    )
    target = "{nouns.users} in training"
    defaults = {}
    learned = {"item_listeners": ("items",)}

    supports_fold_in = True

    item_listeners: NDArray[np.float32]

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Count, and yield once."""
        self.item_listeners = interactions.item_counts.astype(np.float32)
        yield 1.0

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return every item's number of listeners; float32 array, shape (len(users), n_items)."""
        return np.tile(self.item_listeners, (len(users), 1))

    @property
    def n_items(self) -> int:
        """Number of items that it was trained on, those without pairs included."""
        return len(self.item_listeners)

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        return self.item_listeners.copy()

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        listeners = self.item_listeners[wanted].astype(np.float64)
        return Contributions(
            np.zeros((len(wanted), len(known.items))), {"How many {nouns.users} {nouns.do} it": listeners}
        )
