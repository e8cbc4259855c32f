"""Users in a sentence: how much they have, of which scene, how usual their taste is."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from recsys.analysis.listener_table import mainstream
from recsys.analysis.tags import main_tags
from recsys.data.interactions import Interactions
from recsys.data.nouns import Nouns

# Share of a user's items that one tag must have to stand for their taste.
MOSTLY = 0.3
UNUSUAL, USUAL = 25, 60


def usualness(interactions: Interactions) -> NDArray[np.int64]:
    """Return how usual each user's taste is: how many in a hundred users are less mainstream, ties halved."""
    by = np.nan_to_num(mainstream(interactions))
    return np.round(100 * (rankdata(by) - 1) / max(len(by) - 1, 1)).astype(np.int64)


def describe_user(
    interactions: Interactions, user: int, usual: NDArray[np.int64], tags: pd.DataFrame, nouns: Nouns
) -> str:
    """Return a sentence such as `50 artists, mostly punk; a usual taste (more mainstream than 62% of listeners)`.

    Parameters
    ----------
    interactions : Interactions
    user : int
        User code.
    usual : int array
        From `usualness`.
    tags : DataFrame
        From `tag_shares`; may be empty.
    nouns : Nouns
    """
    items = interactions.item_codes[interactions.of_user(user)]
    said = f"{len(items):,} {nouns.items if len(items) != 1 else nouns.item}"
    found = Counter(main_tags(tags).reindex(items).dropna()) if len(tags) else Counter()
    if found:
        tag, count = found.most_common(1)[0]
        said += f", {'mostly' if count >= MOSTLY * len(items) else 'above all'} {tag}"
    taste = "an unusual" if usual[user] < UNUSUAL else "a usual" if usual[user] >= USUAL else "a fairly usual"
    return f"{said}; {taste} taste (more mainstream than {usual[user]}% of {nouns.users})"
