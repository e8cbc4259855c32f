"""Paired comparison of two models: difference, interval and p-value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats


@dataclass(frozen=True)
class Difference:
    """Two models on the same users.

    Attributes
    ----------
    mean : float
        The first model's figure minus the second's.
    interval : float
        Half the width of its 95 % confidence interval.
    p_value : float
        Chance of a difference this large if the models were equally good, by the paired t-test.
    wins, losses : int
        For how many users the first model has more, and less.
    """

    mean: float
    interval: float
    p_value: float
    wins: int
    losses: int

    @property
    def is_clear(self) -> bool:
        """Whether it is more than chance would make it, at the 5 % level."""
        return self.p_value < 0.05


def paired_test(mean: float, offsets: NDArray[np.float64]) -> Difference:
    """Test whether two models differ, on the same users.

    Parameters
    ----------
    mean : float
        The first model's figure minus the second's.
    offsets : float64 array, shape (n_users,)
        The same for each user: what the user adds to the first model's figure minus what they add to the second's.

    References
    ----------
    M. Smucker, J. Allan, B. Carterette, "A Comparison of Statistical Significance Tests for
    Information Retrieval Evaluation", CIKM 2007: the paired t-test agrees with randomization.
    """
    half = interval(offsets)
    if not half > 0:  # all users alike, or there is but one
        p_value = 0.0 if mean and len(offsets) > 1 else 1.0
    else:
        p_value = float(2 * stats.t.sf(abs(mean) / (half / 1.96), len(offsets) - 1))
    return Difference(mean, half, p_value, int((offsets > 0).sum()), int((offsets < 0).sum()))


def interval(values: NDArray[np.float64]) -> float:
    """Return half the width of the 95 % confidence interval of a mean, by the normal distribution."""
    if len(values) < 2:
        return float("nan")
    return float(1.96 * values.std(ddof=1) / np.sqrt(len(values)))
