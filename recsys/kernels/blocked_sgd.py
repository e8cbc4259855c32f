"""Plain SGD over known pairs, as fast as the machine lets it: rows and pairs laid out for its caches.

`recsys.kernels` says what a pass over the pairs does; here is where the numbers lie while it does.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple, TypeVar

import numpy as np
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from recsys.kernels import sgd, simd
from recsys.system import threads

Floats = NDArray[np.float32]
Codes = NDArray[np.int32]
Places = NDArray[np.int64]
T = TypeVar("T")

# A cell is a group of users whose rows stay in the first cache (or close to it) and a block of items whose
# rows stay in the second. Found on 32 KB and 1 MB; larger and smaller ones lose little.
GROUP_BYTES = 64 * 1024
BLOCK_BYTES = 1024 * 1024
# Users and items are dealt into as many stripes each, with about the same number of pairs: what a stripe of users
# learns with one stripe of items, and the next one with another, shares no row.
STRIPES = 8
# In how many parts the pairs of a cell are visited. All at once, a row would learn for long from few others.
PARTS = 4

# A round of fewer products is over before other threads, which need a tenth of a millisecond, gain anything.
FEWEST_PRODUCTS = 3_000_000

_plain_only = threading.Event()


class Visit(NamedTuple):
    """Some pairs to visit, one span after the other.

    Attributes
    ----------
    starts, ends : int64 array
        The spans.
    turns : int64 array
        What a span belongs to: spans whose quotient by STRIPES is the same are of one round, and those of different
        turns in it share no row.
    done : int
        Number of pairs visited in the epoch after it.
    """

    starts: Places
    ends: Places
    turns: Places
    done: int


class Rows:
    """The factors and biases of all users, or all items.

    Each row begins where a vector may, and its padding is 0 and stays 0. If padding is left over,
    the bias lies in it, so that one step moves both.

    Parameters
    ----------
    factors : float32 array, shape (n, k)
        The start; copied.
    biased : bool
        Whether there are biases; they start at 0.

    Attributes
    ----------
    factors : float32 array, shape (n, k)
        A view without the padding.
    bias : float32 array, shape (n,)
    within : bool
        Whether the bias lies in the row.
    records : record array, shape (n,)
        The rows as `vector_step` takes them.
    """

    def __init__(self, factors: Floats, biased: bool) -> None:
        n, k = factors.shape
        lanes = _lanes(k)
        self.stride = lanes if lanes <= 8 else -(-lanes // simd.WIDEST) * simd.WIDEST
        # Numbers of NumPy's own lie at multiples of 16 bytes only.
        room = np.zeros(4 * n * self.stride + simd.CACHE_LINE, np.uint8)
        first = -room.ctypes.data % simd.CACHE_LINE
        rows = room[first : first + 4 * n * self.stride].view(np.float32).reshape(n, self.stride)
        rows[:, :k] = factors
        self.factors = rows[:, :k]
        self.within = biased and lanes > k
        self.bias = rows[:, lanes - 1] if self.within else np.zeros(n, np.float32)
        layout = {"names": ["row"], "formats": [(np.float32, (lanes,))], "itemsize": 4 * self.stride}
        self.records = np.ndarray(n, np.dtype(layout), rows)  # type: ignore[call-overload]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.factors)


def _lanes(factors: int) -> int:
    """Return for how many numbers there is room in the vectors of a row: some of 16, and one of 4 or 8."""
    whole, rest = divmod(factors, simd.WIDEST)
    return simd.WIDEST * whole + next(width for width in (0, 4, 8, 16) if rest <= width)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Known pairs in the order of their visits: cell by cell, shuffled within each.

    Attributes
    ----------
    user_codes, item_codes : int32 array, shape (n + AHEAD,)
        The last few are there to be fetched, not to be visited.
    targets : float32 array, shape (n,)
    starts : int64 array, shape (n_blocks * n_groups + 1,)
        Cell c, group c % n_groups of users and block c // n_groups of items, has the pairs from
        starts[c] to starts[c + 1]. Each stripe has as many groups or blocks, one after the other.
    n_groups : int
    """

    user_codes: Codes
    item_codes: Codes
    targets: Floats
    starts: Places
    n_groups: int

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.targets)

    @property
    def n_blocks(self) -> int:
        """Number of blocks of items."""
        return (len(self.starts) - 1) // self.n_groups

    @cached_property
    def _spans(self) -> tuple[Places, Places, Places, Places, Places]:
        """The parts of all cells: where each begins and ends, which part it is, and its block and group."""
        cuts = self.starts[:-1, None] + np.diff(self.starts)[:, None] * np.arange(PARTS + 1) // PARTS
        first, last = cuts[:, :-1].ravel(), cuts[:, 1:].ravel()
        some = np.flatnonzero(first < last)
        cells, part = np.divmod(some, PARTS)
        return first[some], last[some], part, *np.divmod(cells, self.n_groups)

    def visits(self, random: np.random.Generator, most: int) -> Iterator[Visit]:
        """Go once over the pairs, in a new order of their cells and the parts of each.

        In every round each stripe of users meets one of items, and in a part of it a part of each of their cells.

        Parameters
        ----------
        random : Generator
        most : int
            Number of pairs in one step.

        Yields
        ------
        Visit
            A step.
        """
        first, last, part, block, group = self._spans
        users, items = group * STRIPES // self.n_groups, block * STRIPES // self.n_blocks
        turn_of_users, turn_of_items = random.permutation(STRIPES), random.permutation(STRIPES)
        rounds = (turn_of_items[items] - turn_of_users[users]) % STRIPES
        turn = random.permutation(STRIPES * PARTS)[rounds * PARTS + part] * STRIPES + users
        # A block of items stays in the cache while all groups of users pass by.
        place = turn * self.n_blocks + random.permutation(self.n_blocks)[block]
        place = place * self.n_groups + random.permutation(self.n_groups)[group]
        order = place.argsort()
        first, last, turn = first[order], last[order], turn[order]
        if len(self) <= most:  # what small data takes in one step should cost no more than it must
            yield Visit(first, last, turn, len(self))
            return
        ends = np.cumsum(last - first)
        done = 0
        while done < len(self):
            # The span that a step ends in is cut there, so a step can be as short as one likes.
            until = min(done + most, len(self))
            here = slice(np.searchsorted(ends, done, "right"), np.searchsorted(ends, until, "left") + 1)
            starts, stops = first[here].copy(), last[here].copy()
            starts[0] = stops[0] - (ends[here.start] - done)
            stops[-1] -= ends[here.stop - 1] - until
            done = until
            yield Visit(starts, stops, turn[here], done)


def arrange(
    user_codes: Codes,
    item_codes: Codes,
    targets: Floats,
    users: Rows,
    items: Rows,
    random: np.random.Generator,
) -> Pairs:
    """Lay the pairs out for training; takes about as long as two to four passes over them.

    Parameters
    ----------
    user_codes, item_codes : int32 array, shape (n,)
    targets : float32 array, shape (n,)
    users, items : Rows
        What the pairs will move.
    random : Generator
    """
    n_groups = STRIPES * _parts(4 * users.stride * len(users), STRIPES * GROUP_BYTES)
    blocks = _parts(4 * items.stride * len(items), STRIPES * BLOCK_BYTES)
    counts = np.bincount(user_codes, minlength=len(users))
    group_of_user = (np.cumsum(counts) - counts) * n_groups // max(1, len(targets))
    # Stripes of items by popularity, there and back again, and so are the blocks of each: the first ones have most
    # of the pairs, and so the cache is refilled less often.
    by_popularity = np.argsort(-np.bincount(item_codes, minlength=len(items)), kind="stable")
    row, column = np.divmod(np.arange(len(items)), STRIPES)
    stripe = np.where(row % 2, STRIPES - 1 - column, column)
    block_of_item = np.empty(len(items), np.int32)
    block_of_item[by_popularity] = stripe * blocks + row * blocks // (row[-1] + 1)
    starts = np.zeros(n_groups * STRIPES * blocks + 1, np.int64)
    room = len(targets) + simd.AHEAD
    arranged = np.zeros(room, np.int32), np.zeros(room, np.int32), np.empty_like(targets)
    sgd.arrange(
        user_codes,
        item_codes,
        targets,
        np.minimum(group_of_user, n_groups - 1).astype(np.int32),
        block_of_item,
        n_groups,
        starts,
        *arranged,
        random.integers(0, 2**64, dtype=np.uint64),
    )
    return Pairs(*arranged, starts, n_groups)


def _parts(whole: int, most: int) -> int:
    """Return into how many parts of at most this size something is cut."""
    return max(1, -(-whole // most))


def sgd_article(
    visit: Visit,
    pairs: Pairs,
    users: Rows,
    items: Rows,
    learning_rate: float,
    regularization: float,
) -> None:
    """Visit some spans of the pairs as `kernels.sgd.sgd_article` does."""
    settings = np.float32(learning_rate), np.float32(regularization)
    known = pairs.user_codes, pairs.item_codes, pairs.targets

    def fast(starts: Places, ends: Places) -> None:
        simd.sgd_article(starts, ends, *known, users.records, items.records, *settings)

    def plain(starts: Places, ends: Places) -> None:
        for span in _slices(starts, ends):
            u, i, targets = (array[span] for array in known)
            sgd.sgd_article(u, i, targets, users.factors, items.factors, *settings)

    _spread(visit, users.stride, fast, plain)


def sgd_biased(
    visit: Visit,
    pairs: Pairs,
    users: Rows,
    items: Rows,
    learning_rate: float,
    regularization: float,
) -> None:
    """Visit some spans of the pairs as `kernels.sgd.sgd_biased` does with a mean of 0."""
    settings = np.float32(learning_rate), np.float32(regularization)
    known = pairs.user_codes, pairs.item_codes, pairs.targets
    biases = users.bias, items.bias

    def fast(starts: Places, ends: Places) -> None:
        rows = users.records, items.records
        if users.within:
            simd.sgd_biased_within(starts, ends, *known, *rows, *settings)
        else:
            simd.sgd_biased_beside(starts, ends, *known, *biases, *rows, *settings)

    def plain(starts: Places, ends: Places) -> None:
        for span in _slices(starts, ends):
            u, i, targets = (array[span] for array in known)
            sgd.sgd_biased(u, i, targets, np.float32(0), *biases, users.factors, items.factors, *settings)

    _spread(visit, users.stride, fast, plain)


def sgd_implicit(
    visit: Visit,
    pairs: Pairs,
    users: Rows,
    items: Rows,
    steps: tuple[NDArray[np.void], NDArray[np.void]],
    spectra: tuple[Floats, Floats],
    learning_rate: float,
) -> None:
    """Visit some spans of the pairs as `kernels.sgd.sgd_implicit` does."""
    rate = np.float32(learning_rate)
    known = pairs.user_codes, pairs.item_codes, pairs.targets

    def fast(starts: Places, ends: Places) -> None:
        share = np.float32(1 / users.factors.shape[1])
        rows = users.records, items.records
        of_users, of_items = (Rows(spectrum[None], biased=False).records for spectrum in spectra)
        pulls = of_users, of_items
        simd.sgd_implicit(starts, ends, *known, *rows, *steps, *pulls, share, rate)

    def plain(starts: Places, ends: Places) -> None:
        for span in _slices(starts, ends):
            u, i, targets = (array[span] for array in known)
            sgd.sgd_implicit(u, i, targets, users.factors, items.factors, *steps, *spectra, rate)

    # A step takes about twice the time of a plain one.
    _spread(visit, 2 * users.stride, fast, plain)


def squared_error(
    user_codes: Codes, item_codes: Codes, targets: Floats, mean: float, users: Rows, items: Rows
) -> float:
    """Return what `kernels.squared_error` does."""
    known = user_codes, item_codes, targets, np.float32(mean)
    biases = users.bias, items.bias

    def fast() -> float:
        rows = users.records, items.records
        if users.within:
            return simd.squared_error_within(*known, *rows)
        return simd.squared_error_beside(*known, *biases, *rows)

    return _run(fast, lambda: sgd.squared_error(*known, *biases, users.factors, items.factors))


def _slices(starts: Places, ends: Places) -> Iterator[slice]:
    return (slice(*span) for span in zip(starts.tolist(), ends.tolist(), strict=True))


def _spread(
    visit: Visit,
    width: int,
    fast: Callable[[Places, Places], None],
    plain: Callable[[Places, Places], None],
) -> None:
    """Visit the spans, each round on as many threads as are free; the order within a round makes no difference."""

    def work(first: int, last: int) -> None:
        here = slice(first, last)
        spans = visit.starts[here], visit.ends[here]
        _run(partial(fast, *spans), partial(plain, *spans))

    products = int((visit.ends - visit.starts).sum()) * width
    number = min(threads.share(), STRIPES) if products >= FEWEST_PRODUCTS else 1
    if number < 2:
        work(0, len(visit.turns))
        return
    rounds, stripes = np.divmod(visit.turns, STRIPES)
    firsts = np.flatnonzero(np.diff(rounds, prepend=-1))
    if products < FEWEST_PRODUCTS * len(firsts):
        work(0, len(stripes))
        return
    # As few calls as threads, each for stripes whose rows are in the cache of the same core in every round.
    cuts = np.append(
        np.flatnonzero(np.diff(rounds * STRIPES + stripes * number // STRIPES, prepend=-1)), len(stripes)
    )
    for first, last in itertools.pairwise([*np.searchsorted(cuts, firsts).tolist(), len(cuts) - 1]):
        threads.run([partial(work, *span) for span in itertools.pairwise(cuts[first : last + 1].tolist())])


def _run(fast: Callable[[], T], plain: Callable[[], T]) -> T:
    """Run the vector kernel, or the plain one where the former cannot be compiled."""
    if not _plain_only.is_set():
        try:
            return fast()
        except (NumbaError, NotImplementedError, RuntimeError):
            # Compiling comes before running, so nothing has moved yet.
            _plain_only.set()
    return plain()
