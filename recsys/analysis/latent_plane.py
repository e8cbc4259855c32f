"""Items and a user in two dimensions of the latent space, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recsys.analysis.latent_factors import learned_features
from recsys.errors import InputError
from recsys.kernels.balance import balance
from recsys.models.base import Model

MAX_DIRECT = 3  # features that are drawn as they are


@dataclass(frozen=True, eq=False)
class LatentPlane:
    """Two dimensions of the latent space.

    Attributes
    ----------
    items : float64 array, shape (n, 2)
        Places of the items.
    user : float64 array, shape (2,)
        Direction of the user: the score of an item grows along it.
    third : float64 array, shape (n,), or None
        The third feature of the items, where there are three.
    share : float or None
        Share of both directions in the sum of squared scores, 0 to 1; None where they are features as learned.
    """

    items: NDArray[np.float64]
    user: NDArray[np.float64]
    third: NDArray[np.float64] | None = None
    share: float | None = None

    def turned_to(self, before: NDArray[np.float64]) -> LatentPlane:
        """Return it rotated or reflected so that the items lie as near as possible to their places `before`.

        Features as learned stay as they are. Distances, angles and the share stay the same.

        Parameters
        ----------
        before : float64 array, shape (n, 2)

        References
        ----------
        P. Schönemann, "A generalized solution of the orthogonal Procrustes problem", Psychometrika 31, 1966.
        """
        if self.share is None:
            return self
        left, _, right = np.linalg.svd(self.items.T @ before)
        turn = left @ right
        return replace(self, items=self.items @ turn, user=self.user @ turn)


def latent_plane(model: Model, items: NDArray[np.integer], user: int) -> LatentPlane:
    """Return some items and a user in two dimensions.

    Up to three features are taken as learned. Of more, these are the two main directions of the scores, as in
    `latent_factors.main_directions`, found from the sums of p p^T and q q^T alone: fast enough for each epoch.

    Parameters
    ----------
    model : Model
        Trained for an epoch or more.
    items : int array, shape (n,)
        Item codes.
    user : int
        User code.

    Raises
    ------
    InputError
        If the model has no latent features, or its training diverged.
    """
    user_factors, item_factors = learned_features(model)
    mine, theirs = user_factors[user].astype(np.float64), item_factors[items].astype(np.float64)
    if len(mine) <= MAX_DIRECT:
        pad = np.zeros((len(theirs) + 1, max(0, 2 - len(mine))))
        both = np.hstack([np.vstack([theirs, mine[None]]), pad])
        return LatentPlane(both[:-1, :2], both[-1, :2], theirs[:, 2] if len(mine) == MAX_DIRECT else None)
    grams = [
        np.asarray(factors.T @ factors, np.float64)
        for factors in (user_factors.astype(np.float32), item_factors.astype(np.float32))
    ]
    if not all(np.isfinite(gram).all() for gram in grams):
        raise InputError(
            "The training diverged: there is no latent space to be drawn. Lower the learning rate."
        )
    basis = balance(*grams)
    sizes = basis.spectrum_p.astype(np.float64) * basis.spectrum_q
    main = [-1, -2]  # the spectra ascend
    return LatentPlane(
        theirs @ basis.turn_q[:, main],
        mine @ basis.turn_p[:, main],
        share=float(sizes[main].sum() / max(sizes.sum(), np.finfo(float).tiny)),
    )
