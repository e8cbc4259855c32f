"""What the two neighbourhood models share: who is nearest to whom."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

# A step of this many multiplications takes about a tenth of a second.
PRODUCTS_PER_STEP = 10_000_000


def weighted(rows: sparse.csr_array, weighting: str) -> sparse.csr_array:
    """Return the rows with their entries weighted by how much each column tells.

    Parameters
    ----------
    rows : csr_array
        What is compared, by what it is compared on.
    weighting : str
        `cosine` leaves the entries as they are; `tfidf` and `bm25` let a column count the less the more
        rows have it, and long rows and high entries saturate.

    References
    ----------
    S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", Foundations
    and Trends in Information Retrieval 3(4), 2009; both as the package `implicit` has them.
    """
    if weighting == "cosine":
        return rows
    # Not at the top: whoever does not need the package should not wait for it.
    from implicit.nearest_neighbours import bm25_weight, tfidf_weight

    weigh = tfidf_weight if weighting == "tfidf" else bm25_weight
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
        How many are kept for each row; fewer where fewer have anything in common with it.
    shrinkage : float
        0 or more. Makes a similarity that rests on little smaller.
    power : float
        Above 0. The higher, the more the nearest ones count.

    Yields
    ------
    float
        The part that is done, below 1.

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
    """Return where the largest values of each owner stand; values of one owner stand together."""
    starts = np.searchsorted(owners, np.arange(n_owners + 1))
    parts = [
        np.arange(start, stop)
        if stop - start <= most
        else start + np.argpartition(-values[start:stop], most)[:most]
        for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
    return np.concatenate(parts)
