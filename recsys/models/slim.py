"""SLIM on nearest neighbours: EASE where its matrix would be too large."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
from scipy import sparse

from recsys.data.interactions import Interactions
from recsys.kernels import solve
from recsys.models import blas
from recsys.models.base import SparseShape
from recsys.models.ease import ridge_and_discounts
from recsys.models.item_knn import ItemKNN
from recsys.models.nearest_neighbors import nearest
from recsys.models.value_matrix import play_matrix

# How many co-occurrences are kept for each item, by the neighbours that are asked for.
KEPT = 2
# Of the similarity that neighbours are chosen by.
SHRINKAGE = 10.0
ITEMS_PER_STEP = 500


class SLIM(ItemKNN):
    """Predicts each item linearly from its nearest neighbours among the items.

    Column j of the weights minimises |x_j - X_N w|^2 + sum_i r_i w_i^2 over the items N nearest to j by cosine:
    w = (X_N^T X_N + diag(r_N))^-1 X_N^T x_j. That is EASE on a given pattern of weights, with the same r and
    discount; time and memory grow with the number of items and not with its square or cube. Products
    x_a.x_b are taken from a list of twice as many neighbours of each item and count as 0 where neither
    is in the list of the other.

    Attributes
    ----------
    user_plays : csr_array of float32, shape (n_users, n_items)
        X.
    item_similarity : csr_array of float32, shape (n_items, n_items)
        The weights; row i holds what item i says about others.

    References
    ----------
    X. Ning, G. Karypis, "SLIM: Sparse Linear Methods for Top-N Recommender Systems", ICDM 2011, section 4.2
    (fsSLIM), without its L1 penalty and bounds; H. Steck, "Embarrassingly Shallow Autoencoders for Sparse
    Data", WWW 2019, for the closed form.
    """

    name = "slim"
    label = "SLIM (nearest neighbours)"
    about = (
        "EASE for large catalogues: each {nouns.item} is predicted from those nearest to it only, by a regression of "
        "its own, so that a hundred thousand {nouns.items} fit into little memory. Every recommendation can be "
        "explained by {nouns.an_item} the {nouns.user} knows. Where EASE fits into memory it is a little better."
    )
    target = "summed weights of the {nouns.items} {nouns.done}"
    defaults = {
        "neighbours": 200,
        "regularization": 1.0,
        "ridge_power": 0.5,
        "discount": 0.15,
        "plays": "log",
        "half_life": 0.0,
    }
    learned = {
        "user_plays": SparseShape(("users", "items")),
        "item_similarity": SparseShape(("items", "items")),
    }

    def train(self, interactions: Interactions) -> Iterator[float]:
        """Find the neighbours, then solve for the weights of each item, yielding the part that is done."""
        blas.keep_to_one_thread()
        self.user_plays = play_matrix(interactions, self.settings["plays"], self.settings["half_life"])
        ridge, discounts = ridge_and_discounts(interactions, self.settings)
        rows = self.user_plays.T.tocsr()
        lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
        found = yield from _first_half(nearest(rows, KEPT * self.settings["neighbours"], SHRINKAGE))
        found.sort_indices()
        owners = np.repeat(np.arange(found.shape[0]), np.diff(found.indptr))
        chosen = _largest_of_rows(found, owners, self.settings["neighbours"])
        starts = np.concatenate([[0], np.cumsum(np.bincount(owners[chosen], minlength=found.shape[0]))])
        neighbours = found.indices[chosen]
        # The products that the similarities were made of.
        products = (found.data * (lengths[owners] * lengths[found.indices] + SHRINKAGE)).astype(np.float32)
        diagonal = (np.square(lengths) + ridge).astype(np.float32)
        weights = np.empty(len(neighbours), np.float32)
        for first in range(0, found.shape[0], ITEMS_PER_STEP):
            if first:
                yield 0.5 + 0.5 * first / found.shape[0]
            items = np.arange(first, min(first + ITEMS_PER_STEP, found.shape[0]))
            solve.solve_on_neighbours(
                items, found.indptr, found.indices, products, diagonal, starts, neighbours, weights
            )
        weights *= np.repeat(discounts, np.diff(starts)).astype(np.float32)
        self.item_similarity = sparse.csr_array((weights, neighbours, starts), shape=found.shape).T.tocsr()
        yield 1.0


def _first_half(
    steps: Generator[float, None, sparse.csr_array],
) -> Generator[float, None, sparse.csr_array]:
    """Yield half of what is yielded, and return what is returned."""
    while True:
        try:
            yield 0.5 * next(steps)
        except StopIteration as end:
            return end.value


def _largest_of_rows(matrix: sparse.csr_array, owners: np.ndarray, n: int) -> np.ndarray:
    """Return where the `n` largest entries of each row stand, in their order in the matrix."""
    order = np.lexsort((-matrix.data, owners))
    places = np.arange(len(order)) - matrix.indptr[owners[order]]
    return np.sort(order[places < n])
