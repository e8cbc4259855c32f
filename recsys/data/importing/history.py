"""Times of pairs, and their values by month."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import History
from recsys.data.interactions import Interactions


def history_of(
    known: Interactions,
    keys: NDArray[np.int64],
    times: NDArray[np.int64],
    months: list[tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.float64]]],
    user_places: NDArray[np.int64],
    item_places: NDArray[np.int64],
) -> History:
    """Return the times of pairs, and their values by month."""
    first, last = (times[:, side].astype("datetime64[s]") for side in (0, 1))
    first[times[:, 0] == 0] = last[times[:, 1] == 0] = np.datetime64("NaT")
    if not months:
        none = np.empty(0, np.int32)
        return History(first, last, none, none, none.astype(np.int16), none.astype(np.float32))
    key, month, value = (np.concatenate(part) for part in zip(*months, strict=True))
    users, items = user_places[key >> 32], item_places[key & 0xFFFFFFFF]
    good = (month >= 0) & (users >= 0) & (items >= 0)
    at = np.searchsorted(keys, (users << 32 | items)[good])
    order = np.lexsort((month[good], at))
    at, month, value = at[order], month[good][order], value[good][order]
    new = np.append(True, (np.diff(at) != 0) | (np.diff(month) != 0)) if len(at) else np.empty(0, bool)
    starts = np.flatnonzero(new)
    summed = np.add.reduceat(value, starts) if len(starts) else value
    return History(
        first,
        last,
        known.user_codes[at[starts]],
        known.item_codes[at[starts]],
        month[starts],
        summed.astype(np.float32),
    )
