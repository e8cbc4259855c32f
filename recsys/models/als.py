"""Alternating least squares, by the package `implicit`."""

from __future__ import annotations

from collections.abc import Iterator

from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models.matrix_factorization import FactorModel, keep_blas_to_one_thread
from recsys.models.value_matrix import play_matrix


class ALS(FactorModel):
    """Learns what is played and, with little weight, what is not; users and items in turn, each at its best.

    Minimises the sum over *all* pairs of c_ui (x_ui - p_u.q_i)^2 plus lambda (|p_u|^2 + |q_i|^2) for
    each user and item, where x_ui is 1 for known pairs with c_ui = alpha y_ui, and 0 for the others with
    c_ui = 1; y_ui is log(1 + plays) over the user's mean of it. With all q fixed the best p solve a
    linear equation each, and the other way round; the package takes three conjugate gradient steps
    towards them.

    References
    ----------
    Y. Hu, Y. Koren, C. Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM 2008,
    equations 3 to 5; G. Takacs, I. Pilaszy, D. Tikk, "Applications of the Conjugate Gradient Method for
    Implicit Feedback Collaborative Filtering", RecSys 2011. Computed by `implicit.als`.
    """

    name = "als"
    label = "Implicit ALS"
    about = (
        "Like Implicit MF it learns from what a {nouns.user} does not {nouns.do}, too, but solves for all "
        "{nouns.users} at once, then for all {nouns.items}, and so on: no learning rate, and few epochs. The "
        "workhorse of large services; strong lists, at more time for each epoch."
    )
    target = "preference, about 0 to 1"
    defaults = {"factors": 128, "alpha": 20.0, "regularization": 80.0, "epochs": 15, "seed": 0}

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Learn, yielding the number of epochs done so far."""
        keep_blas_to_one_thread()
        # Not at the top: whoever does not need the package should not wait for it.
        from implicit.cpu.als import AlternatingLeastSquares
        from implicit.recommender_base import ModelFitError

        settings = self.settings
        package = AlternatingLeastSquares(
            factors=settings["factors"],
            alpha=settings["alpha"],
            regularization=settings["regularization"],
            # It goes on from the factors it has, so that one iteration at a time can be watched and stopped.
            iterations=1,
            num_threads=1,
            random_state=settings["seed"],
        )
        plays = sparse.csr_matrix(play_matrix(interactions))
        for epoch in range(settings["epochs"]):
            try:
                package.fit(plays, show_progress=False)
            except ModelFitError:
                raise InputError(
                    f"Training broke down in epoch {epoch + 1}: the equations have no stable solution. "
                    "Raise lambda (regularization), or lower alpha."
                ) from None
            self.user_factors, self.item_factors = package.user_factors, package.item_factors
            yield epoch + 1.0
