"""Users whose taste moved most: what each had in the first half of the time against the second."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis.times import first_of_pair
from recsys.data.dataset import History
from recsys.data.interactions import Interactions

LEAST_PLAYS = 20  # in each half: fewer are alike or not by chance
COLUMNS = ["listener", "cosine", "fell", "rose", "plays_before", "plays_after"]


def moved_tastes(interactions: Interactions, history: History, least: int = LEAST_PLAYS) -> pd.DataFrame:
    """Return the users in the order of how little their two halves are alike, the least alike first.

    Halves by months, as `times.rises` has them.

    Parameters
    ----------
    interactions : Interactions
    history : History
    least : int
        Users with fewer plays in one of the halves are left out.

    Returns
    -------
    DataFrame
        Columns `listener` (label), `cosine` (of the plays by item of both halves, 0 for nothing in common to 1),
        `fell` and `rose` (names of the items whose share of the user's plays fell and rose most), `plays_before` and
        `plays_after` (sum of each half). The index is the user code. Empty where there are not two months.
    """
    months = np.unique(history.months)
    if len(months) < 2:
        return pd.DataFrame({name: [] for name in COLUMNS})
    late = history.months >= months[len(months) // 2]
    users, items = history.users, history.items
    starts = first_of_pair(users, items)
    users, items = users[starts], items[starts]
    before, after = (
        np.add.reduceat(np.where(part, history.values, 0), starts, dtype=np.float64) for part in (~late, late)
    )

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(users, values, interactions.n_users).astype(np.float64)

    plays = total(before), total(after)
    wanted = np.flatnonzero((plays[0] >= least) & (plays[1] >= least))
    lengths = np.sqrt(total(before**2) * total(after**2))
    cosine = np.divide(total(before * after), lengths, out=np.zeros(len(lengths)), where=lengths > 0)
    change = after / np.maximum(plays[1], 1)[users] - before / np.maximum(plays[0], 1)[users]
    order = np.lexsort((change, users))
    ends = np.cumsum(np.bincount(users, minlength=interactions.n_users))
    fell = items[order[np.append(0, ends[:-1])[wanted]]]
    rose = items[order[ends[wanted] - 1]]
    table = pd.DataFrame(
        {
            "listener": interactions.users[wanted],
            "cosine": cosine[wanted],
            "fell": interactions.names[fell],
            "rose": interactions.names[rose],
            "plays_before": plays[0][wanted],
            "plays_after": plays[1][wanted],
        },
        wanted,
    )
    return table.sort_values("cosine", kind="stable")
