"""Nearest neighbours of sparse rows, for the two neighbourhood models."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recsys.models import implicit_package

# A step of this many multiplications takes about a tenth of a second.
PRODUCTS_PER_STEP = 10_000_000


def weighted(rows: sparse.csr_array, weighting: str) -> sparse.csr_array:
    """Weight the entries of rows by the informativeness of their columns.

    Parameters
    ----------
    rows : csr_array
        Vectors to compare.
    weighting : str
        `cosine` leaves the entries as they are; `tfidf` and `bm25` lower the weight of
        columns with many rows; `bm25` saturates long rows and high entries.

    References
    ----------
    S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations
    and Trends in Information Retrieval 3(4), 2009; both as the package `implicit` has them.
    """
    if weighting == "cosine":
        return rows
    package = implicit_package.load("nearest_neighbours")
    weigh = package.tfidf_weight if weighting == "tfidf" else package.bm25_weight
    return sparse.csr_array(weigh(sparse.coo_matrix(rows))).astype(np.float32)


def nearest(
    rows: sparse.csr_array, neighbours: int, shrinkage: float = 0.0, power: float = 1.0
) -> Generator[float, None, sparse.csr_array]:
    """Find the most similar other rows of each row.

    The similarity of rows a and b is (a.b / (|a| |b| + shrinkage)) ** power.

    Parameters
    ----------
    rows : csr_array, shape (n, m)
        Entries of 0 or more, or of 0 or less in a whole column.
    neighbours : int
        Maximum number for each row.
    shrinkage : float
        0 or more. Lowers similarities with little support.
    power : float
        Above 0. Case amplification: the higher, the more the nearest ones count.

    Yields
    ------
    float
        Fraction done, below 1.

    Returns
    -------
    csr_array, shape (n, n)
        Similarities above 0 in float32; row a holds the neighbours of a.
    """
    columns = rows.T.tocsr()
    norms = np.sqrt(rows.multiply(rows).sum(axis=1))
    pattern = sparse.csr_array((np.ones(rows.nnz), rows.indices, rows.indptr), shape=rows.shape)
    products = np.cumsum(pattern @ np.diff(columns.indptr))
    total = int(products[-1])
    cuts = np.searchsorted(products, np.arange(PRODUCTS_PER_STEP, total, PRODUCTS_PER_STEP), side="right")
    ends = np.unique(np.append(cuts[cuts > 0], rows.shape[0]))
    blocks = []
    first = 0
    for last in ends.tolist():
        block = (rows[first:last] @ columns).tocoo()
        similarity = block.data / np.maximum(norms[block.row + first] * norms[block.col] + shrinkage, 1e-12)
        kept = (similarity > 0) & (block.col != block.row + first)
        similarity, codes, owners = similarity[kept], block.col[kept], block.row[kept]
        chosen = _largest(similarity, owners, last - first, neighbours)
        values = (similarity[chosen] ** power).astype(np.float32)
        blocks.append(
            sparse.csr_array((values, (owners[chosen], codes[chosen])), shape=(last - first, rows.shape[0]))
        )
        if last < rows.shape[0]:
            yield products[last - 1] / total
        first = last
    return sparse.vstack(blocks, format="csr")


def _largest(
    values: NDArray[np.float32], owners: NDArray[np.int32], n_owners: int, most: int
) -> NDArray[np.int64]:
    """Return the positions of the largest values of each owner; values are sorted by owner."""
    starts = np.searchsorted(owners, np.arange(n_owners + 1))
    parts = [
        np.arange(start, stop)
        if stop - start <= most
        else start + np.argpartition(-values[start:stop], most)[:most]
        for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
    return np.concatenate(parts)
