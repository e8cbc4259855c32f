"""Item-based nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.models.base import Contributions, Model, SparseShape
from recsys.models.nearest_neighbors import nearest, weighted
from recsys.models.value_matrix import Feedback, play_matrix


class ItemKNN(Model):
    """Scores an item by its similarity to the items that the user plays.

    The score of item i for user u is the sum of r_uj s_ji over the items j of u that have i among
    their nearest, with s_ji = i.j / (|i| |j| + shrinkage) between their weighted columns and r_uj what
    plays count.

    Attributes
    ----------
    user_plays : csr_array of float32, shape (n_users, n_items)
        r.
    item_similarity : csr_array of float32, shape (n_items, n_items)
        s; row j holds the nearest items of j.

    References
    ----------
    M. Deshpande, G. Karypis, "Item-Based Top-N Recommendation Algorithms", ACM TOIS 22(1), 2004; the
    shrinkage as in M. Ferrari Dacrema et al., "Are We Really Making Much Progress?", RecSys 2019.
    """

    name = "item-knn"
    label = "Item-based kNN"
    about = (
        "Compares {nouns.items} by who {nouns.does} them, and recommends those nearest "
        "to what a {nouns.user} {nouns.does} already. Every recommendation can be explained by {nouns.an_item} the "
        "{nouns.user} knows, new {nouns.counts} count at once, and it reaches further into the catalogue than most. "
        "Weak where a {nouns.user} or {nouns.an_item} has few."
    )
    target = "summed similarity to the {nouns.items} {nouns.done}"
    defaults = {"weighting": "cosine", "neighbours": 200, "shrinkage": 5.0, "plays": "log", "half_life": 0.0}
    learned = {
        "user_plays": SparseShape(("users", "items")),
        "item_similarity": SparseShape(("items", "items")),
    }

    supports_fold_in = True

    user_plays: sparse.csr_array
    item_similarity: sparse.csr_array

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Compare all items, yielding the part that is done."""
        self.user_plays = play_matrix(interactions, self.settings["plays"], self.settings["half_life"])
        rows = weighted(self.user_plays.T.tocsr(), self.settings["weighting"])
        self.item_similarity = yield from nearest(
            rows, self.settings["neighbours"], self.settings["shrinkage"]
        )
        yield 1.0

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return summed similarities for every item; float32 array, shape (len(users), n_items)."""
        return (self.user_plays[users] @ self.item_similarity).toarray()

    @property
    def n_items(self) -> int:
        """Number of items that it was trained on, those without pairs included."""
        return self.item_similarity.shape[0]

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        return (
            known.row(self.settings["plays"], self.settings["half_life"]) @ self.item_similarity[known.items]
        )

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        similarity = self.item_similarity[known.items][:, wanted].toarray().astype(np.float64)
        return Contributions(similarity.T * known.row(self.settings["plays"], self.settings["half_life"]), {})
