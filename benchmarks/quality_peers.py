"""Recommenders of other packages and papers, behind our `Model`, to measure ours against.

Their settings were chosen on the hold-outs of seeds 100 to 104 of the published Last.fm data, unless others are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from implicit.cpu.bpr import BayesianPersonalizedRanking
from irspack import CosineKNNRecommender, IALSRecommender, RP3betaRecommender
from numpy.typing import NDArray
from scipy import linalg, sparse

from recsys.data.interactions import Interactions
from recsys.models.base import Model
from recsys.models.matrix_factorization import FactorModel
from recsys.models.value_matrix import play_matrix


class PackageBPR(FactorModel):
    """Bayesian personalised ranking by `implicit`.

    References
    ----------
    S. Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009.
    """

    name = "implicit BPR"
    defaults = {"factors": 64, "learning_rate": 0.005, "regularization": 0.02, "epochs": 200, "seed": 0}

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Learn, and yield once: the package cannot be stopped in between."""
        package = BayesianPersonalizedRanking(
            self.settings["factors"],
            self.settings["learning_rate"],
            self.settings["regularization"],
            iterations=self.settings["epochs"],
            num_threads=1,
            random_state=self.settings["seed"],
        )
        package.fit(sparse.csr_matrix(play_matrix(interactions, "binary")), show_progress=False)
        self.user_factors, self.item_factors = package.user_factors, package.item_factors
        yield float(self.epochs)


class BlockALS(FactorModel):
    """Implicit ALS with regularization by frequency, solved in blocks of factors, by `irspack`.

    References
    ----------
    S. Rendle et al., "Revisiting the Performance of iALS on Item Recommendation Benchmarks", RecSys
    2022; S. Rendle et al., "iALS++: Speeding up Matrix Factorization with Subspace Optimization", 2021.
    """

    name = "irspack iALS++"
    defaults = {"regularization": 0.04, "epochs": 8, "seed": 0}
    width = 128
    threads = 1

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Learn, and yield once."""
        package = IALSRecommender(
            sparse.csr_matrix(play_matrix(interactions)),
            n_components=self.width,
            alpha0=0.08,
            reg=self.settings["regularization"],
            nu=0.75,
            solver_type="IALSPP",
            loss_type="IALSPP",
            random_seed=self.settings["seed"],
            n_threads=self.threads,
            train_epochs=self.settings["epochs"],
        )
        package.start_learning()
        for _ in range(self.settings["epochs"]):
            package.run_epoch()
        self.user_factors = np.asarray(package.get_user_embedding(), np.float32)
        self.item_factors = np.asarray(package.get_item_embedding(), np.float32)
        yield float(self.epochs)


class WideBlockALS(BlockALS):
    """The same with three times the factors, more than our settings allow."""

    width = 384


class PackageItems(Model):
    """Item-item weights of `irspack`: RP3beta or cosine kNN."""

    name = "irspack items"
    defaults = {}
    learned = {}

    def __init__(self, kind: type[RP3betaRecommender | CosineKNNRecommender], **given: Any) -> None:
        super().__init__()
        self.kind, self.given = kind, given

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Learn, and yield once."""
        self.plays = sparse.csr_matrix(play_matrix(interactions, "binary"))
        self.package = self.kind(self.plays, n_threads=1, **self.given).learn()
        yield 1.0

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the package's scores; float32, shape (len(users), n_items)."""
        return np.asarray(self.package.get_score(users), np.float32)


class ScaledEASE(Model):
    """The best linear map from a user's items to each item, in closed form, scaled by popularity.

    Minimises |X - X B|^2 plus the sum of l_i |B_i|^2 over its rows, with no item predicting itself: B_ij =
    -P_ij / P_jj with P = (X^T X + diag(l))^-1, here with l_i growing as item counts to the power `growth` and
    scores divided by them to the power `discount`; 0 for both is the published model. By the identity of
    Woodbury the only system to be solved is as large as the number of users, or of items where these are fewer.

    References
    ----------
    H. Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019, equations 5 and 8.
    """

    name = "EASE, scaled"
    defaults = {}
    learned = {}

    def __init__(self, strength: float = 300.0, growth: float = 0.5, discount: float = 0.2) -> None:
        super().__init__()
        self.strength, self.growth, self.discount = strength, growth, discount

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Solve, and yield once."""
        plays = play_matrix(interactions).astype(np.float64)
        counts = np.maximum(interactions.item_counts, 1).astype(np.float64)
        mean = counts[interactions.item_codes].mean()
        ridge = self.strength * (counts / mean) ** self.growth
        if len(ridge) < plays.shape[0]:
            system = (plays.T @ plays).toarray()
            system[np.diag_indices_from(system)] += ridge
            solved = linalg.inv(system, overwrite_a=True)
            diagonal = solved.diagonal()
            # An item's own share is of no account: what a user has is not ranked.
            self.rows, self.weights = plays, -solved
        else:
            scaled = (plays @ sparse.diags_array(1 / ridge)).tocsr()
            system = (scaled @ plays.T).toarray()
            system[np.diag_indices_from(system)] += 1
            solved = linalg.inv(system, overwrite_a=True)
            diagonal = 1 / ridge - np.asarray(scaled.multiply((scaled.T @ solved).T).sum(axis=0))
            self.rows, self.weights = scaled, np.eye(len(solved)) - solved
        self.by_item = 1 / (diagonal * counts**self.discount)
        yield 1.0

    def scores(self, users: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return scores that hold for items the user does not have; float32, shape (len(users), n_items)."""
        if len(self.by_item) == len(self.weights):
            return np.asarray((self.rows[users] @ self.weights) * self.by_item, np.float32)
        return ((self.rows.T @ self.weights[users].T).T * self.by_item).astype(np.float32)
