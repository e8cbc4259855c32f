"""Intervals over users and splits, paired comparison of models, and the correction for many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special


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


def paired_test(
    mean: float, offsets: NDArray[np.float64], by_split: NDArray[np.float64] | None = None
) -> Difference:
    """Test whether two models differ, on the same users and the same splits.

    Parameters
    ----------
    mean : float
        The first model's figure minus the second's.
    offsets : float64 array, shape (n_users,)
        The same for each user: what the user adds to the first model's figure minus what they add to the second's.
        Of several splits, the mean over them.
    by_split : float64 array, shape (n_splits,), optional
        The same for each split, where there are several.

    References
    ----------
    M. Smucker, J. Allan, B. Carterette, "A Comparison of Statistical Significance Tests for
    Information Retrieval Evaluation", CIKM 2007: the paired t-test agrees with randomization.
    """
    error, df = standard_error(offsets, by_split)
    if not error > 0:  # all users alike, or there is but one
        p_value = 0.0 if mean and len(offsets) > 1 else 1.0
    else:
        p_value = float(2 * special.stdtr(df, -abs(mean) / error))
    half = _half_width(error, df, by_split)
    return Difference(mean, half, p_value, int((offsets > 0).sum()), int((offsets < 0).sum()))


def interval(values: NDArray[np.float64], by_split: NDArray[np.float64] | None = None) -> float:
    """Return half the width of the 95 % confidence interval of a mean, over users and, if given, splits.

    Over users alone by the normal distribution, over both by Student's t.

    Parameters
    ----------
    values : float64 array, shape (n_users,)
    by_split : float64 array, shape (n_splits,), optional
        As in `paired_test`.
    """
    return _half_width(*standard_error(values, by_split), by_split)


def _half_width(error: float, df: float, by_split: NDArray[np.float64] | None) -> float:
    if by_split is None or len(by_split) < 2 or not error > 0:
        return float(1.96 * error)
    return float(special.stdtrit(df, 0.975) * error)


def standard_error(
    by_user: NDArray[np.float64], by_split: NDArray[np.float64] | None = None
) -> tuple[float, float]:
    """Return the standard error of a mean over users and splits, and its degrees of freedom.

    Users and splits are crossed: each user is in each split. The variances of both means are added, so that what
    varies with both is counted twice: the error is rather too large than too small. A single user has the error NaN.

    References
    ----------
    A. Cameron, J. Gelbach, D. Miller, "Robust Inference with Multiway Clustering", JBES 29(2), 2011; the degrees of
    freedom of a sum of variances by F. Satterthwaite, "An Approximate Distribution of Estimates of Variance
    Components", Biometrics Bulletin 2(6), 1946.
    """
    parts = [
        (float(values.var(ddof=1)) / len(values), len(values) - 1) if len(values) > 1 else (np.nan, 0)
        for values in (by_user, *([] if by_split is None or len(by_split) < 2 else [by_split]))
    ]
    variance = sum(part for part, _ in parts)
    if len(parts) == 1 or not variance > 0:
        return float(np.sqrt(variance)), float(parts[0][1])
    return float(np.sqrt(variance)), variance**2 / sum(part**2 / df for part, df in parts)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return p-values adjusted for their number: the chance of any false find among all of them stays below 5 %.

    References
    ----------
    S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6(2), 1979:
    the k-th smallest of m times m - k + 1, and no less than those before.
    """
    values = np.asarray(p_values, np.float64)
    order = np.argsort(values, kind="stable")
    adjusted = np.empty(len(values))
    adjusted[order] = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    return np.minimum(adjusted, 1.0)
