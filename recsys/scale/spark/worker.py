"""Functions that run on the workers of a cluster: Arrow batches in, NumPy inside, Arrow batches out.

They are pickled by value, so that workers need NumPy and pyarrow alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Formula = Callable[[NDArray[np.bool_], NDArray[np.int64]], NDArray[np.float64]]

# Spark treats a weight of 0 or less as unobserved.
LEAST_WEIGHT = 1e-6
# Dense scores of one block: 1,024 users by 8,192 items are 32 MB.
USERS_AT_ONCE, ITEMS_AT_ONCE = 1024, 8192


class Block(NamedTuple):
    """A block of items with consecutive codes.

    Attributes
    ----------
    first : int
        The first code.
    factors : float32 array, shape (rows, factors)
    turns : int32 array, shape (rows,)
        Breaks ties: the lowest first.
    """

    first: int
    factors: NDArray[np.float32]
    turns: NDArray[np.int32]


def whole_users(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Regroup rows sorted by `user` so that no user is in two tables."""
    rest = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        if rest is not None:
            table = pa.concat_tables([rest, table])
        if not len(table):
            continue
        users = table["user"].to_numpy()
        last = int(np.searchsorted(users, users[-1]))
        if last:
            yield table.slice(0, last)
        rest = table.slice(last)
    if rest is not None and len(rest):
        yield rest


def hold_out(
    batches: Iterable[pa.RecordBatch], minimum: int, hidden: int, seed: int, alpha: float
) -> Iterator[pa.RecordBatch]:
    """Mark the pairs that `recsys.data.splitting.hold_out` holds out, and weigh the others as the model `als` does.

    That function gives pair number t of all, sorted by user and item, the t-th number of a stream, and holds out
    those with the smallest numbers. The generator can jump to the t-th number.

    Parameters
    ----------
    batches : iterable of RecordBatch
        Columns `user`, `item` (int32), `start` (int64, the number of pairs of all users before) and `value`
        (float32), sorted by user and then by the item's label; all pairs of each user, and users follow each other.
    minimum, hidden, seed : int
        As in `recsys.data.splitting.hold_out`.
    alpha : float
        The model's setting.

    Yields
    ------
    RecordBatch
        Columns `user`, `item`, `value`, `weight` (float32, the confidence minus 1) and `hidden` (bool).
    """
    for table in whole_users(batches):
        users, values = table["user"].to_numpy(), table["value"].to_numpy()
        firsts = np.flatnonzero(np.append(True, users[1:] != users[:-1]))
        counts = np.diff(np.append(firsts, len(users)))
        of_user = np.repeat(np.arange(len(firsts)), counts)
        stream = np.random.PCG64(seed)
        stream.advance(int(table["start"][0].as_py()))
        keys = np.random.Generator(stream).random(len(users))
        place = np.empty(len(users), np.int64)
        place[np.lexsort((keys, of_user))] = np.arange(len(users)) - firsts[of_user]
        is_hidden = (place < hidden) & (counts >= minimum)[of_user]
        logs = np.log1p(values)
        sums = np.add.reduceat(np.where(is_hidden, 0, logs), firsts, dtype=np.float64)
        known = np.add.reduceat(~is_hidden, firsts, dtype=np.int64)
        weights = np.maximum(alpha * logs / (sums / known)[of_user] - 1, LEAST_WEIGHT)
        yield pa.RecordBatch.from_arrays(
            [
                table["user"].combine_chunks(),
                table["item"].combine_chunks(),
                table["value"].combine_chunks(),
                pa.array(weights.astype(np.float32)),
                pa.array(is_hidden),
            ],
            names=["user", "item", "value", "weight", "hidden"],
        )


def item_blocks(items: pa.ipc.RecordBatchFileReader) -> Iterator[Block]:
    """Yield all items; the factors are not copied."""
    first = 0
    for number in range(items.num_record_batches):
        batch = items.get_batch(number)
        factors = batch.column("factors").flatten().to_numpy().reshape(len(batch), -1)
        yield Block(first, factors, batch.column("turn").to_numpy())
        first += len(batch)


def best(
    user_factors: NDArray[np.float32], known: pa.ListArray, blocks: Iterable[Block], n: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the `n` unseen items with the highest p_u.q_i for each user.

    Parameters
    ----------
    user_factors : float32 array, shape (n_users, factors)
    known : list array of int32, length n_users
        Codes to exclude.
    blocks : iterable of Block
        All items.
    n : int

    Returns
    -------
    items, scores : int32 and float32 array, shape (n_users, n)
        Best first; -1 where there are not enough.
    """
    n_users = len(user_factors)
    known_items = known.flatten().to_numpy(zero_copy_only=False)
    known_rows = np.repeat(np.arange(n_users), known.value_lengths().fill_null(0).to_numpy())
    items = np.full((n_users, n), -1, np.int32)
    turns = np.zeros((n_users, n), np.int32)
    scores = np.full((n_users, n), -np.inf, np.float32)
    for block in blocks:
        all_scores = user_factors @ block.factors.T
        here = (known_items >= block.first) & (known_items < block.first + len(block.factors))
        all_scores[known_rows[here], known_items[here] - block.first] = -np.inf
        # Popular items come first, so that later blocks rarely improve a list.
        rows = np.flatnonzero(all_scores.max(axis=1) >= scores[:, -1])
        if not len(rows):
            continue
        found = all_scores[rows]
        nth = max(0, found.shape[1] - n)
        least = np.maximum(np.partition(found, nth, axis=1)[:, nth], scores[rows, -1])
        of_row, place = np.nonzero((found >= least[:, None]) & ~np.isneginf(found))
        of_row = np.append(np.repeat(np.arange(len(rows)), n), of_row)
        values = np.append(scores[rows], found[of_row[len(rows) * n :], place])
        order_of = np.append(turns[rows], block.turns[place])
        codes = np.append(items[rows], (block.first + place).astype(np.int32))
        order = np.lexsort((order_of, -values, of_row))
        first_of_row = np.searchsorted(of_row[order], np.arange(len(rows)))
        kept = order[first_of_row[:, None] + np.arange(n)]
        items[rows], turns[rows], scores[rows] = codes[kept], order_of[kept], values[kept]
    return items, scores


def _users(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, NDArray[np.float32]]]:
    """Yield a bounded number of users and their factors."""
    for batch in batches:
        for start in range(0, len(batch), USERS_AT_ONCE):
            some = batch.slice(start, USERS_AT_ONCE)
            yield some, some.column("factors").flatten().to_numpy().reshape(len(some), -1)


def measure(
    batches: Iterable[pa.RecordBatch], file: str, n: int, metrics: Mapping[str, Formula]
) -> Iterator[pa.RecordBatch]:
    """Recommend to each user and evaluate on the held-out items.

    Parameters
    ----------
    batches : iterable of RecordBatch
        Columns `factors` (list of float32), `known` and `hidden` (lists of int32).
    file : str
        Name of the items' file, as it was sent to the workers.
    n : int
        Length of the lists.
    metrics : mapping of str to function
        Formulas of hits and numbers of held-out items, as `HitMetric.of_hits`.

    Yields
    ------
    RecordBatch
        `items` (list of int32) and a float64 column for each of `metrics`.
    """
    with _open(file) as items:
        for users, factors in _users(batches):
            codes, _ = best(factors, users.column("known"), item_blocks(items), n)
            hidden = users.column("hidden")
            lengths = hidden.value_lengths().to_numpy()
            # A pair as one number.
            n_items = np.int64(1) << 32
            rows = np.arange(len(users), dtype=np.int64)
            pairs = np.repeat(rows, lengths) * n_items + hidden.flatten().to_numpy(zero_copy_only=False)
            hits = np.isin(rows[:, None] * n_items + codes, pairs) & (codes >= 0)
            figures = [pa.array(formula(hits, lengths.astype(np.int64))) for formula in metrics.values()]
            yield pa.RecordBatch.from_arrays([_lists(codes), *figures], names=["items", *metrics])


def recommend(batches: Iterable[pa.RecordBatch], file: str, n: int) -> Iterator[pa.RecordBatch]:
    """Recommend to each user.

    Parameters
    ----------
    batches : iterable of RecordBatch
        Columns `id` (text), `factors` and `known`.
    file, n
        As for `measure`.

    Yields
    ------
    RecordBatch
        `user` (text), `rank` (int32, from 1), `item`, `name` (text) and `score` (float32); `n` rows a user or,
        where there are fewer items, less.
    """
    with _open(file) as items:
        labels = pa.Table.from_batches(
            [items.get_batch(number).select(["id", "name"]) for number in range(items.num_record_batches)]
        )
        for users, factors in _users(batches):
            codes, scores = best(factors, users.column("known"), item_blocks(items), n)
            rows, places = np.nonzero(codes >= 0)
            shown = labels.take(pa.array(codes[rows, places])).combine_chunks()
            yield pa.RecordBatch.from_arrays(
                [
                    users.column("id").take(pa.array(rows)),
                    pa.array((places + 1).astype(np.int32)),
                    shown["id"].combine_chunks(),
                    shown["name"].combine_chunks(),
                    pa.array(scores[rows, places]),
                ],
                names=["user", "rank", "item", "name", "score"],
            )


def _lists(codes: NDArray[np.int32]) -> pa.ListArray:
    """Turn rows of codes into lists without the -1 at their ends."""
    lengths = (codes >= 0).sum(axis=1)
    ends = np.append(0, np.cumsum(lengths)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(codes[codes >= 0]))


def _open(file: str) -> pa.ipc.RecordBatchFileReader:
    """Map the items' file into memory: all workers of one machine share it."""
    from pyspark import SparkFiles

    return pa.ipc.open_file(pa.memory_map(SparkFiles.get(file)))
