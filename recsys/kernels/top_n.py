"""Top-n selection: the n best unseen items of each user."""

import numba
import numpy as np

# Items whose scores are worked out together: enough for wide registers, few enough to stop in time.
SCORED_AT_ONCE = 128


@numba.njit(nogil=True, cache=True)
def mark_smallest(keys, starts, least, count, marks):
    """Mark the smallest keys of each user who has enough; of equal ones the first.

    Parameters
    ----------
    keys : float64 array, shape (n,)
    starts : int64 array, shape (n_users + 1,)
        User u has the keys from starts[u] to starts[u + 1].
    least : int
        Users with fewer keys have none marked; at least `count`.
    count : int
        How many are marked of each other user.
    marks : bool array, shape (n,)
        All False; changed in place.
    """
    best = np.empty(count, np.int64)
    for user in range(starts.shape[0] - 1):
        if starts[user + 1] - starts[user] < least:
            continue
        filled = 0
        for at in range(starts[user], starts[user + 1]):
            if filled == count and keys[at] >= keys[best[count - 1]]:
                continue
            place = filled if filled < count else count - 1
            while place > 0 and keys[at] < keys[best[place - 1]]:
                best[place] = best[place - 1]
                place -= 1
            best[place] = at
            if filled < count:
                filled += 1
        for at in best:
            marks[at] = True


@numba.njit(nogil=True, cache=True)
def top_n(scores, starts, seen, order, items, best):
    """Find the highest scores of each row among the items that its user has not seen.

    Parameters
    ----------
    scores : float32 array, shape (rows, n_items)
        Overwritten: seen items become minus infinity.
    starts : int64 array, shape (rows + 1,)
        Row r has seen `seen[starts[r]:starts[r + 1]]`.
    seen : int32 array
    order : int32 array, shape (n_items,)
        Among equal scores, the item that comes first here wins.
    items : int32 array, shape (rows, n)
        Filled with item codes, best first; -1 where there are not enough items.
    best : float32 array, shape (rows, n)
        Filled with their scores.
    """
    n = items.shape[1]
    for row in range(scores.shape[0]):
        for at in range(starts[row], starts[row + 1]):
            scores[row, seen[at]] = -np.inf
        filled = 0
        for at in range(order.shape[0]):
            item = order[at]
            score = scores[row, item]
            if not score > -np.inf:
                continue
            if filled == n and score <= best[row, n - 1]:
                continue
            place = filled if filled < n else n - 1
            while place > 0 and best[row, place - 1] < score:
                best[row, place] = best[row, place - 1]
                items[row, place] = items[row, place - 1]
                place -= 1
            best[row, place] = score
            items[row, place] = item
            if filled < n:
                filled += 1
        for place in range(filled, n):
            items[row, place] = -1
            best[row, place] = -np.inf


@numba.njit(nogil=True, cache=True)
def top_n_by_length(p, q, item_bias, lengths, codes, turns, starts, ends, seen, items, best):
    """Find what `top_n` finds, without the scores of all items: those too short to matter are left out.

    No score p_u . q_i + b_i can be larger than |(p_u, 1)| |(q_i, b_i)|, without the 1 where no item has a
    bias. Items come in the order of their length |(q_i, b_i)|, and a search ends at the first that cannot
    reach the best so far.

    Parameters
    ----------
    p : float32 array, shape (rows, factors)
    q : float32 array, shape (factors, n_items)
        The longest first.
    item_bias, lengths : float32 array, shape (n_items,)
        In the same order.
    codes, turns : int32 array, shape (n_items,)
        In the same order: what the item is called in `seen` and `items`, and its place among equal scores.
    starts, ends : int64 array, shape (rows,)
        Row r has seen `seen[starts[r]:ends[r]]`.
    seen, items, best
        As for `top_n`.
    """
    n = items.shape[1]
    factors, n_items = q.shape
    is_seen = np.zeros(n_items, np.bool_)
    unit = np.float32(1) if np.any(item_bias) else np.float32(0)
    places = np.empty(n, np.int64)
    scores = np.empty(SCORED_AT_ONCE, np.float32)
    for row in range(p.shape[0]):
        for at in range(starts[row], ends[row]):
            is_seen[seen[at]] = True
        length = unit
        for f in range(factors):
            length += p[row, f] * p[row, f]
        # A little more than the length: both sides are rounded.
        length = np.sqrt(length) * np.float32(1.0001)
        filled = 0
        least = np.float32(-np.inf)
        for first in range(0, n_items, SCORED_AT_ONCE):
            if length * lengths[first] < least:
                break
            here = min(SCORED_AT_ONCE, n_items - first)
            part = scores[:here]
            part[:] = item_bias[first : first + here]
            for f in range(factors):
                weight = p[row, f]
                column = q[f, first : first + here]
                for at in range(here):
                    part[at] += weight * column[at]
            candidates = np.uint32(0)
            for at in range(here):
                candidates += np.uint32(part[at] >= least)
            if candidates == 0:
                continue
            for at in range(here):
                score = part[at]
                item = first + at
                if not score >= least or score == -np.inf or is_seen[codes[item]]:
                    continue
                place = filled
                while place > 0 and (
                    best[row, place - 1] < score
                    or (best[row, place - 1] == score and turns[places[place - 1]] > turns[item])
                ):
                    place -= 1
                if place == n:
                    continue
                for move in range(min(filled, n - 1), place, -1):
                    best[row, move] = best[row, move - 1]
                    places[move] = places[move - 1]
                best[row, place] = score
                places[place] = item
                filled = min(filled + 1, n)
                if filled == n:
                    least = best[row, n - 1]
        for place in range(n):
            items[row, place] = codes[places[place]] if place < filled else -1
            if place >= filled:
                best[row, place] = -np.inf
        for at in range(starts[row], ends[row]):
            is_seen[seen[at]] = False
