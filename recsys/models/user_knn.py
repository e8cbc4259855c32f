"""User-based nearest neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.models.base import Model, SparseShape
from recsys.models.nearest_neighbors import nearest, weighted
from recsys.models.value_matrix import play_matrix


class UserKNN(Model):
    """Scores an item by what the users nearest to a user play.

    The score of item i for user u is the sum of s_uv r_vi over the nearest users v of u, with s_uv =
    (u.v / (|u| |v|)) ** power between their weighted rows and r_vi what plays count.

    Attributes
    ----------
    user_plays : csr_array of float32, shape (n_users, n_items)
        r.
    user_similarity : csr_array of float32, shape (n_users, n_users)
        s; row u holds the nearest users of u.

    References
    ----------
    J. Breese, D. Heckerman, C. Kadie, "Empirical Analysis of Predictive Algorithms for Collaborative
    Filtering", UAI 1998, section 2.1; "case amplification" is the power, "inverse user frequency"
    the TF-IDF weighting.
    """

    name = "user-knn"
    label = "User-based kNN"
    about = (
        "Finds the {nouns.users} whose {nouns.counts} are most like those of one {nouns.user}, and recommends what "
        "they {nouns.do}. The oldest way to recommend, easily told and good where little is known; rare {nouns.items} "
        "in common say more than famous ones where TF-IDF or BM25 weighs them. Slow where there are very many "
        "{nouns.users}."
    )
    target = "summed similarity of those who {nouns.do} it"
    defaults = {"weighting": "tfidf", "neighbours": 50, "power": 1.5, "plays": "log", "half_life": 0.0}
    learned = {
        "user_plays": SparseShape(("users", "items")),
        "user_similarity": SparseShape(("users", "users")),
    }

    user_plays: sparse.csr_array
    user_similarity: sparse.csr_array

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Compare all users, yielding the part that is done."""
        self.user_plays = play_matrix(interactions, self.settings["plays"], self.settings["half_life"])
        rows = weighted(self.user_plays, self.settings["weighting"])
        self.user_similarity = yield from nearest(
            rows, self.settings["neighbours"], power=self.settings["power"]
        )
        yield 1.0

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return what the nearest users play, for every item; float32 array, shape (len(users), n_items)."""
        return (self.user_similarity[users] @ self.user_plays).toarray()
