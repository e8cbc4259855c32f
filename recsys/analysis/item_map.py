"""Item map: a two-dimensional layout of item factors by t-SNE."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis import stored_map
from recsys.analysis.similarity import item_factors
from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models import blas
from recsys.models.base import Model
from recsys.system.stepped import SteppedWork

# The direction of an item with fewer users is too noisy for the layout; it is placed afterwards.
MAP_MIN_USERS = 3
# The layout takes at most this many of the most popular items, since its time grows with their number.
MOST_ARTISTS = 20_000
FEWEST_ARTISTS = 30
PERPLEXITY = 30
NEIGHBOURS = 10
# Iterations with early exaggeration, and iterations after them.
GATHERING, SPREADING = 120, 300
PASSES_PER_STEP = 20


class ArtistMap(SteppedWork):
    """Layout of items in the plane, in steps for `JobScheduler` or by `finish_now`.

    t-SNE of the directions of the item factors, which preserves neighbourhoods; distances between far
    groups, and the axes, have no meaning. Same factors and seed, same map.

    Parameters
    ----------
    model : Model
        A model with latent factors, trained on `interactions`.
    interactions : Interactions
        Source of names and numbers of users.
    seed : int
    stored : bool
        Whether a layout of these very factors may be taken from the file of `stored_map`.

    Attributes
    ----------
    progress : float
        Fraction done, 0 to 1.
    table : DataFrame or None
        None until it is done. Columns `item`, `artist`, `listeners`, `x` and `y` (-1 to 1) and `placed`
        (whether an item was placed beside its nearest after the layout); the index is the item code.
        Items without factors are left out.

    Raises
    ------
    InputError
        If the model has no latent features, or too few artists have any.

    References
    ----------
    L. van der Maaten, G. Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008; G. Linderman et al., "Fast
    interpolation-based t-SNE for improved visualization of single-cell RNA-seq data", Nature Methods
    16, 2019. Computed by `openTSNE` (P. Policar et al., Journal of Statistical Software 109, 2024).
    """

    def __init__(self, model: Model, interactions: Interactions, seed: int = 0, stored: bool = True) -> None:
        self._shown, directions = shown_directions(model, interactions)
        self._interactions = interactions
        self._seed = seed
        self._stored = stored and seed == 0
        self.progress = 0.0
        self.table: pd.DataFrame | None = None
        super().__init__(self._steps(directions))

    def finish_now(self) -> pd.DataFrame:
        """Do all steps and return the map."""
        for _ in self._work:
            pass
        assert self.table is not None  # noqa: S101 - it is there at the end
        return self.table

    def _steps(self, directions: NDArray[np.float64]) -> Generator[None, None, None]:
        blas.keep_to_one_thread()
        listeners = self._interactions.item_counts[self._shown]
        core = self._core(listeners)
        points = stored_map.find(directions) if self._stored else None
        if points is None:
            points = np.empty((len(self._shown), 2))
            points[core] = yield from self._lay_out(directions[core])
            points[~core] = self._beside(points[core], directions[core], directions[~core])
        points -= (points.max(axis=0) + points.min(axis=0)) / 2
        points /= max(float(np.abs(points).max()), 1e-12)
        self.table = pd.DataFrame(
            {
                "item": self._interactions.items[self._shown],
                "artist": self._interactions.names[self._shown],
                "listeners": listeners,
                "x": points[:, 0].astype(np.float32),
                "y": points[:, 1].astype(np.float32),
                "placed": ~core,
            },
            index=self._shown,
        )
        self.progress = 1.0

    @staticmethod
    def _core(listeners: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which items take part in the layout."""
        core = listeners >= MAP_MIN_USERS
        if core.sum() < FEWEST_ARTISTS:
            core[:] = True
        if core.sum() > MOST_ARTISTS:
            core[:] = False
            core[np.argsort(-listeners, kind="stable")[:MOST_ARTISTS]] = True
        return core

    def _lay_out(self, directions: NDArray[np.float64]) -> Generator[None, None, NDArray[np.float64]]:
        if len(directions) < FEWEST_ARTISTS:
            return _flatten(directions)
        # Imported here: the package takes a while, and only the map needs it.
        from openTSNE import TSNEEmbedding, affinity, initialization

        affinities = affinity.PerplexityBasedNN(
            directions,
            perplexity=min(PERPLEXITY, (len(directions) - 1) // 3),
            method="exact" if len(directions) <= MOST_ARTISTS // 2 else "annoy",
            n_jobs=1,
            random_state=self._seed,
        )
        start = initialization.rescale(_flatten(directions))
        # Measured: 4 seconds against 16 for 1,800 points, 17 against 27 for 5,500; the grid of the other grows little.
        gradient = "fft" if len(directions) > 8_000 else "bh"
        embedding = TSNEEmbedding(
            start, affinities, negative_gradient_method=gradient, n_jobs=1, random_state=self._seed
        )
        passes = GATHERING + SPREADING
        for done in range(0, passes, PASSES_PER_STEP):
            self.progress = 0.1 + 0.8 * done / passes
            yield
            gathering = done < GATHERING
            embedding = embedding.optimize(
                PASSES_PER_STEP,
                exaggeration=12 if gathering else None,
                momentum=0.5 if gathering else 0.8,
                inplace=True,
            )
        return np.asarray(embedding, np.float64)

    @staticmethod
    def _beside(
        points: NDArray[np.float64], known: NDArray[np.float64], others: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Place each other item at the median of its nearest neighbours."""
        placed = np.empty((len(others), 2))
        nearest = min(NEIGHBOURS, len(known))
        for first in range(0, len(others), 1024):
            alike = others[first : first + 1024] @ known.T
            best = np.argpartition(-alike, nearest - 1, axis=1)[:, :nearest]
            placed[first : first + 1024] = np.median(points[best], axis=1)
        return placed


def shown_directions(
    model: Model, interactions: Interactions
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the codes of the items on the map, and the directions of their factors (unit vectors).

    Raises
    ------
    InputError
        If the model has no latent features, or fewer than three items have any.
    """
    factors = item_factors(model)
    lengths = np.linalg.norm(factors, axis=1)
    shown = np.flatnonzero((lengths > 0) & np.isfinite(lengths) & (interactions.item_counts > 0))
    if len(shown) < 3:
        raise InputError("The model knows of fewer than three: there is nothing to lay out.")
    return shown, (factors[shown] / lengths[shown, None]).astype(np.float64)


def _flatten(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two principal components, with signs so that its largest entry is positive."""
    centred = directions - directions.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    flat = np.zeros((len(directions), 2))
    flat[:, : axes.shape[1]] = centred @ axes
    return flat
