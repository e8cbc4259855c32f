"""Times of the generated sample, from the form in which its file keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import History
from recsys.data.interactions import Interactions

FIRST_MONTH = np.datetime64("2023-01", "M")


def sample_history(known: Interactions, kept: Mapping[str, NDArray[Any]]) -> History:
    """Return the history of the sample.

    Parameters
    ----------
    known : Interactions
        Of the sample; its pairs are in the order of the file.
    kept : mapping of str to array
        As in `make_sample_times.Times`.
    """
    begins, spans = kept["begins"].astype(np.int32), kept["spans"].astype(np.int32)
    ends = np.cumsum(spans)
    starts = ends - spans
    pair = np.repeat(np.arange(len(spans), dtype=np.int32), spans)
    sums = np.cumsum(kept["weights"], dtype=np.float64)
    before = np.append(0.0, sums[ends[:-1] - 1])
    each = known.values / (sums[ends - 1] - before)
    # Each month ends at the nearest whole number of plays, so that months add up to all plays of the pair.
    reached = np.rint((sums - before[pair]) * each[pair])
    values = np.diff(reached, prepend=0.0)
    values[starts] = reached[starts]
    months = np.arange(len(pair), dtype=np.int32) - (starts - begins)[pair]
    heard = np.flatnonzero(values)
    pair, months, values = pair[heard], months[heard], values[heard]
    heard_months = np.bincount(pair, minlength=len(spans))
    after = np.cumsum(heard_months)
    bounds = months[np.stack([after - heard_months, after - 1], axis=1)]
    month_starts = (FIRST_MONTH + np.arange(int(bounds.max()) + 2)).astype("datetime64[s]")
    lengths = np.diff(month_starts).astype(np.int64)
    moments = kept["moments"].astype(np.int64)
    same = bounds[:, 0] == bounds[:, 1]
    moments[same] = np.sort(moments[same], axis=1)
    moments[known.values == 1, 1] = moments[known.values == 1, 0]
    first, last = (month_starts[bounds] + moments * lengths[bounds] // 65_536).T.copy()
    return History(
        first=first,
        last=last,
        users=known.user_codes[pair],
        items=known.item_codes[pair],
        months=(months + FIRST_MONTH.astype(np.int64)).astype(np.int16),
        values=values.astype(np.float32),
    )
