"""Selection of items by name, by hand and by ranges of a rank table, as the address of a page keeps it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.analysis import popularity
from recsys.analysis.scenes import Scenes
from recsys.analysis.tags import items_tagged
from recsys.data.interactions import Interactions
from recsys.errors import InputError

Range = tuple[float, float]

RANGES = ("listeners", "plays")  # columns of the rank table that can be bounded
PARAMETERS = ("search", "picked", "scene", "tag", *RANGES)
MOST_PICKED = 50  # an address must not grow without end
LONGEST_SEARCH = 200
HEADS = (100, 1_000)  # best-known items whose share of all values is told


@dataclass(frozen=True)
class Selection:
    """Items that satisfy all given conditions; one that is not given holds for every item.

    Attributes
    ----------
    search : str
        Part of the name, in any case.
    picked : tuple of int
        Item codes, each of which satisfies this condition.
    scene : str
        Name of a scene, as in `scenes.Scenes`.
    tag : str
        A tag, as in `tags.items_tagged`.
    listeners, plays : (float, float) or None
        Least and greatest value, both included.
    """

    search: str = ""
    picked: tuple[int, ...] = ()
    listeners: Range | None = None
    plays: Range | None = None
    scene: str = ""
    tag: str = ""

    def __bool__(self) -> bool:
        """Tell whether any condition is given."""
        return self != Selection()

    def without(self, *parts: str) -> Selection:
        """Return the selection without these conditions, by the names of `PARAMETERS`."""
        empty = Selection()
        return replace(self, **{part: getattr(empty, part) for part in parts})

    def toggled(self, item: int) -> Selection:
        """Return the selection with an item picked or, where it is, no longer."""
        kept = tuple(code for code in self.picked if code != item)
        picked = kept if item in self.picked else (*kept, item)[-MOST_PICKED:]
        return replace(self, picked=picked)

    def bounded(self, **ranges: Range) -> Selection:
        """Return the selection with other ranges, to three significant digits; of `listeners` whole numbers.

        A range of listeners without a whole number in it stays as it is, and selects nothing.
        """
        rounded = {name: (_rounded(low), _rounded(high)) for name, (low, high) in ranges.items()}
        low, high = rounded.get("listeners", (1, 0))
        if math.ceil(low) <= math.floor(high):
            rounded["listeners"] = (math.ceil(low), math.floor(high))
        return replace(self, **rounded)  # type: ignore[arg-type]

    def mask(
        self, table: pd.DataFrame, scenes: Scenes | None = None, tags: pd.DataFrame | None = None
    ) -> NDArray[np.bool_]:
        """Return which rows of a rank table are selected.

        Parameters
        ----------
        table : DataFrame
            From `popularity.rank_table`: its index is the item code.
        scenes : Scenes, optional
            Of the data; needed where a scene is chosen.
        tags : DataFrame, optional
            From `tags.tag_shares`; needed where a tag is chosen.
        """
        chosen = np.ones(len(table), bool)
        if self.search:
            named = table["artist"].str.contains(self.search, case=False, regex=False)
            chosen &= named.to_numpy(bool)
        if self.picked:
            chosen &= table.index.isin(self.picked)
        if self.scene and scenes is not None:
            chosen &= scenes.of_item[table.index] == scenes.names.index(self.scene)
        if self.tag and tags is not None:
            chosen &= table.index.isin(items_tagged(tags, self.tag))
        for name in RANGES:
            if bounds := getattr(self, name):
                chosen &= table[name].between(*bounds).to_numpy()
        return chosen

    def parameters(self, interactions: Interactions) -> dict[str, str | list[str]]:
        """Return the selection as parameters of an address; only what is given."""
        written: dict[str, str | list[str]] = {"search": self.search} if self.search else {}
        if self.picked:
            written["picked"] = [str(interactions.items[code]) for code in self.picked]
        if self.scene:
            written["scene"] = self.scene
        if self.tag:
            written["tag"] = self.tag
        for name in RANGES:
            if bounds := getattr(self, name):
                written[name] = "..".join(f"{bound:.15g}" for bound in bounds)
        return written


def read_selection(
    parameters: Mapping[str, Sequence[str]],
    interactions: Interactions,
    scenes: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> tuple[Selection, list[str]]:
    """Read a selection from the parameters of an address.

    Parameters
    ----------
    parameters : mapping
        All values of each parameter.
    interactions : Interactions
        Data whose items can be picked.
    scenes : sequence of str
        Names of its scenes.
    tags : sequence of str
        Its tags.

    Returns
    -------
    selection : Selection
        Of all parts that can be read.
    problems : list of str
        A sentence for each part that cannot, and is therefore left out.
    """
    problems: list[str] = []
    picked: list[int] = []
    for label in parameters.get("picked", ())[:MOST_PICKED]:
        try:
            picked.append(interactions.item_code(label))
        except InputError as error:
            problems.append(str(error))
    ranges: dict[str, Range] = {}
    for name in RANGES:
        for text in parameters.get(name, ())[:1]:
            try:
                ranges[name] = _range(text)
            except ValueError:
                problems.append(
                    f"{text[:80]!r} in the address is no range of numbers such as 10..200: it is left out."
                )
    scene = next(iter(parameters.get("scene", ())), "")
    if scene and scene not in scenes:
        problems.append(f"This data has no scene or group called {scene[:80]!r}: it is left out.")
        scene = ""
    tag = next(iter(parameters.get("tag", ())), "")
    if tag and tag not in tags:
        problems.append(f"This data has no common tag {tag[:80]!r}: it is left out.")
        tag = ""
    search = next(iter(parameters.get("search", ())), "").strip()[:LONGEST_SEARCH]
    return Selection(search, tuple(dict.fromkeys(picked)), scene=scene, tag=tag, **ranges), problems


def _range(text: str) -> Range:
    """Read two numbers.

    Raises
    ------
    ValueError
        If there are not two, or the first is not the smaller.
    """
    low, high = (float(part) for part in text.split(".."))
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise ValueError(text)
    return low, high


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def audience(interactions: Interactions, items: NDArray[np.integer]) -> int:
    """Return how many users have at least one of these items."""
    reached = np.zeros(interactions.n_users, bool)
    reached[interactions.user_codes[pairs_with(interactions, items)]] = True
    return int(reached.sum())


@dataclass(frozen=True)
class Summary:
    """Figures of the selected items.

    Attributes
    ----------
    items, users, pairs, single : int
        Selected items, users with at least one of them, pairs, and items with a single user.
    total : float
        Sum of their values.
    median, largest : float
        Of the values of their pairs.
    line : Regression or None
        Of values against users, of at least 3 items.
    gini, top_percent : float
        As in `popularity.Concentration`.
    best_known : DataFrame
        The rows of the rank table with the most users.
    heads : tuple of (int, float)
        A number of items and the share of all values that as many with the most users have, 0 to 1; only numbers that
        leave some of the selected items out.
    """

    items: int
    users: int
    pairs: int
    single: int
    total: float
    median: float
    largest: float
    line: popularity.Regression | None
    gini: float
    top_percent: float
    best_known: pd.DataFrame
    heads: tuple[tuple[int, float], ...]


def summarize(
    interactions: Interactions, table: pd.DataFrame, selected: NDArray[np.bool_], best_known: int
) -> Summary | None:
    """Return figures of the selected rows of a rank table, with its `best_known` first items; None if it has no row."""
    part = table[selected]
    if part.empty:
        return None
    items = part.index.to_numpy()
    whole = len(part) == len(table)
    values = interactions.values if whole else interactions.values[pairs_with(interactions, items)]
    shares = popularity.concentration(part)
    ranked = part.nlargest(max(best_known, *HEADS), "listeners", keep="first")
    return Summary(
        items=len(part),
        users=audience(interactions, items),
        pairs=len(values),
        single=int((part["listeners"] == 1).sum()),
        total=float(part["plays"].sum()),
        median=float(np.median(values)),
        largest=float(values.max()),
        line=popularity.plays_by_listeners(part) if len(part) > 2 else None,
        gini=shares.gini,
        top_percent=shares.top_percent,
        best_known=ranked[:best_known],
        heads=tuple((n, float(ranked["share_of_plays"][:n].sum())) for n in HEADS if n < len(part)),
    )


def pairs_with(interactions: Interactions, items: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return which pairs have one of these items; shape (n_interactions,)."""
    wanted = np.zeros(interactions.n_items, bool)
    wanted[items] = True
    return wanted[interactions.item_codes]
