"""PureSVD and EigenRec: truncated singular value decomposition, plain or with scaled items."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import svds

from recsys.data.interactions import Interactions
from recsys.models.base import Contributions
from recsys.models.matrix_factorization import FactorModel
from recsys.models.value_matrix import Feedback, play_matrix


class PureSVD(FactorModel):
    """Projects what a user plays onto the main directions of what all users play.

    With R the matrix of plays and N the diagonal of its column lengths, V holds the first right singular
    vectors of R N^(scaling - 1): item_factors = V, user_factors = R V, and the scores are R V V^T.
    A scaling of 1 is the plain truncated SVD, the best approximation of R of this rank; below 1 popular
    items weigh less.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin, "Performance of Recommender Algorithms on Top-N Recommendation
    Tasks", RecSys 2010, section 3.2 (PureSVD); A. Nikolakopoulos et al., "EigenRec: Generalizing PureSVD
    for Effective and Efficient Top-N Recommendations", Knowledge and Information Systems 58, 2019, for the
    scaling. Computed by SciPy's `svds`.
    """

    name = "svd"
    label = "PureSVD / EigenRec"
    about = (
        "Finds the few directions in which {nouns.users} differ most, all at once and without a learning rate: the "
        "singular value decomposition of the {nouns.user}-{nouns.item} matrix, unknown pairs being zeros. Fast, exact "
        "and hard to get wrong. With a scaling of 1 it is the textbook's; a smaller one keeps the famous "
        "{nouns.items} from ruling every direction and makes it a strong recommender."
    )
    target = "{nouns.value} rebuilt from the latent features"
    defaults = {"factors": 60, "scaling": 0.55, "plays": "log", "half_life": 0.0}

    supports_fold_in = True

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Decompose, and yield once."""
        plays = play_matrix(interactions, self.settings["plays"], self.settings["half_life"])
        lengths = np.sqrt(plays.multiply(plays).sum(axis=0, dtype=np.float64))
        scale = np.power(lengths, self.settings["scaling"] - 1, where=lengths > 0, out=np.zeros_like(lengths))
        scaled = plays.astype(np.float64) @ sparse.diags_array(scale)
        smaller = min(plays.shape)
        # Lanczos' method finds all directions but one; those beyond stay zero.
        found = min(self.settings["factors"], smaller - 1)
        start = np.random.default_rng(0).standard_normal(smaller)
        _, _, directions = svds(scaled, found, v0=start)
        self.item_factors = np.zeros((plays.shape[1], self.settings["factors"]), np.float32)
        self.item_factors[:, :found] = directions[::-1].T
        # What rounding left there would decide among artists of whom nothing is known.
        self.item_factors[lengths == 0] = 0
        self.user_factors = plays @ self.item_factors
        yield 1.0

    def _fold_in(self, known: Feedback) -> NDArray[np.float32]:
        row = known.row(self.settings["plays"], self.settings["half_life"])
        return self.item_factors @ (row @ self.item_factors[known.items])

    def _contributions(self, known: Feedback, wanted: NDArray[np.int32]) -> Contributions:
        row = known.row(self.settings["plays"], self.settings["half_life"])
        ours, theirs = (self.item_factors[codes].astype(np.float64) for codes in (wanted, known.items))
        return Contributions(ours @ theirs.T * row, {})
