"""Tags of items, and groups of items by tag."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis.similarity import by_audience
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions

# Share of an item's tags that one must have to describe it: fewer were given in jest or by mistake.
DESCRIBES = 0.1
MOST_TAGS = 1_000  # that a list offers


def tag_shares(dataset: Dataset) -> pd.DataFrame:
    """Return the share of each tag of an item, 0 to 1: columns `tag` and `share`, index item code.

    In descending order of share, then alphabetically. Empty for data without tags.
    """
    if dataset.tags is None or dataset.tags.empty:
        return pd.DataFrame({"tag": [], "share": []}, index=pd.Index([], dtype=np.int64))
    codes = dataset.interactions.items.get_indexer(dataset.tags["item"])
    known = dataset.tags.assign(code=codes)[codes >= 0]
    known = known.sort_values(["code", "count", "tag"], ascending=[True, False, True], kind="stable")
    whole = np.bincount(known["code"], known["count"])
    return pd.DataFrame(
        {
            "tag": known["tag"].to_numpy(object),
            "share": known["count"].to_numpy() / whole[known["code"]],
        },
        known["code"].to_numpy(),
    )


def common_tags(interactions: Interactions, shares: pd.DataFrame, n: int = MOST_TAGS) -> list[str]:
    """Return the most common tags, by number of users times the share of the tag, of `tag_shares`."""
    weights = shares["share"] * interactions.item_counts[shares.index]
    return [str(tag) for tag in weights.groupby(shares["tag"]).sum().nlargest(n).index]


def items_tagged(shares: pd.DataFrame, tag: str) -> NDArray[np.int64]:
    """Return the codes of the items of which a tag has a tenth or more of the tags, from `tag_shares`."""
    return shares.index[(shares["tag"] == tag) & (shares["share"] >= DESCRIBES)].to_numpy(np.int64)


def main_tags(shares: pd.DataFrame) -> pd.Series:
    """Return the most frequent tag of each item, by item code, from `tag_shares`."""
    return shares.loc[~shares.index.duplicated(), "tag"].astype(object)


def scenes(dataset: Dataset, shares: pd.DataFrame, n: int = 40, artists: int = 15) -> dict[str, list[int]]:
    """Return groups of similar items by name: item codes, most popular first.

    With tags, the items of the most common tags, by number of users times the share of the tag; otherwise each
    of the most popular items with those of the most similar audience, without items of an earlier group.

    Parameters
    ----------
    dataset : Dataset
    shares : DataFrame
        From `tag_shares`.
    n : int
        Maximum number of groups.
    artists : int
        Maximum size of a group.
    """
    return _by_tag(dataset, shares, n, artists) if len(shares) else _by_audience(dataset, n, artists)


def _by_tag(dataset: Dataset, shares: pd.DataFrame, n: int, artists: int) -> dict[str, list[int]]:
    weights = shares["share"] * dataset.interactions.item_counts[shares.index]
    grouped = weights.groupby(shares["tag"])
    common = grouped.sum().nlargest(n).index
    return {str(tag): grouped.get_group(tag).nlargest(artists).index.tolist() for tag in common}


def _by_audience(dataset: Dataset, n: int, artists: int) -> dict[str, list[int]]:
    interactions = dataset.interactions
    found: dict[str, list[int]] = {}
    taken = np.zeros(interactions.n_items, bool)
    for code in np.argsort(-interactions.item_counts, kind="stable")[: 10 * n].tolist():
        if taken[code] or len(found) == n:
            continue
        similarity = by_audience(interactions, code)
        near = np.argsort(-similarity, kind="stable")[: artists - 1]
        found[str(interactions.names[code])] = group = [code, *near[~taken[near]].tolist()]
        taken[group] = True
    return found


def examples(groups: dict[str, list[int]], n: int = 5, artists: int = 4) -> dict[str, list[int]]:
    """Return disjoint groups of `scenes`, each with its first items."""
    chosen: dict[str, list[int]] = {}
    taken: set[int] = set()
    for name, codes in groups.items():
        if len(chosen) < n and len(codes) >= artists and not taken.intersection(codes):
            taken.update(codes)
            chosen[name] = codes[:artists]
    return chosen
