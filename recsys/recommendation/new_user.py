"""Profile of a new user: liked, known and disliked items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.catalogue import Catalogue, LabelArray
from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models.base import Model
from recsys.recommendation.explanation import reasons, sentences
from recsys.recommendation.recommend import recommend_to_new

# Default value of a chosen item, and value of a known one.
CHOSEN = 100.0
KNOWN = 10.0
MOST_PLAYS = 1e6
# Bounded by the length of a URL.
MOST_ARTISTS = 60
VERDICTS = ("down", "know", "hide")
QUERY = ("artists", *VERDICTS)


@dataclass(frozen=True)
class UserProfile:
    """Feedback of a new user on items; immutable, each method returns a changed copy.

    Attributes
    ----------
    plays : dict of int to float
        Values of the chosen items, by item code, in the order of choosing.
    aside : dict of int to str
        Other feedback, by item code: `down` (negative feedback, value 0), `know` (value `KNOWN`) or `hide`
        (only left out of the list).
    """

    plays: Mapping[int, float] = field(default_factory=dict)
    aside: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of items with feedback."""
        return len(self.plays) + len(self.aside)

    def choose(self, item: int, plays: float = CHOSEN) -> UserProfile:
        """Return the profile with an item added, or with another value of one.

        Raises
        ------
        InputError
            If there are `MOST_ARTISTS` already, or plays are not a number above 0 and up to a million.
        """
        if not 0 < plays <= MOST_PLAYS:
            raise InputError(f"The number must be above 0 and up to {MOST_PLAYS:,.0f}.")
        return self._checked(dict(self.plays) | {item: float(plays)}, self._others(item))

    def put_aside(self, item: int, verdict: str) -> UserProfile:
        """Return the profile with other feedback on an item: `down`, `know` or `hide`.

        Raises
        ------
        InputError
            If there are `MOST_ARTISTS` already.
        """
        rest = {code: plays for code, plays in self.plays.items() if code != item}
        return self._checked(rest, self._others(item) | {item: verdict})

    def without(self, item: int) -> UserProfile:
        """Return the profile without feedback on an item."""
        rest = {code: plays for code, plays in self.plays.items() if code != item}
        return UserProfile(rest, self._others(item))

    def _others(self, item: int) -> dict[int, str]:
        return {code: verdict for code, verdict in self.aside.items() if code != item}

    @staticmethod
    def _checked(plays: dict[int, float], aside: dict[int, str]) -> UserProfile:
        taste = UserProfile(plays, aside)
        if len(taste) > MOST_ARTISTS:
            raise InputError(f"That is enough: say something of up to {MOST_ARTISTS}. Remove one first.")
        return taste

    @property
    def hidden(self) -> NDArray[np.int32]:
        """Codes of the items that are only left out of the list."""
        return np.array([code for code, verdict in self.aside.items() if verdict == "hide"], np.int32)

    @property
    def known(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Codes and values for `Model.fold_in_scores`: chosen, known, and disliked (0)."""
        worth = {"know": KNOWN, "down": 0.0}
        said = dict(self.plays) | {
            code: worth[verdict] for code, verdict in self.aside.items() if verdict in worth
        }
        return np.array(list(said), np.int32), np.array(list(said.values()), np.float64)

    def to_query(self, items: LabelArray) -> dict[str, str]:
        """Return the profile as query parameters: `artists` (with plays, as 12*500), `down`, `know`, `hide`."""
        chosen = (
            _spelled(items, code) + ("" if plays == CHOSEN else f"*{plays:g}")
            for code, plays in self.plays.items()
        )
        said = {"artists": ",".join(chosen)} | {
            wanted: ",".join(
                _spelled(items, code) for code, verdict in self.aside.items() if verdict == wanted
            )
            for wanted in VERDICTS
        }
        return {name: words for name, words in said.items() if words}

    @classmethod
    def from_query(cls, query: Mapping[str, str], catalogue: Catalogue) -> tuple[UserProfile, list[str]]:
        """Read a profile from query parameters; return it and a sentence for each invalid part."""
        taste, complaints = cls(), []
        for name in QUERY:
            for word in filter(None, query.get(name, "").split(",")):
                label, _, plays = word.partition("*")
                try:
                    item = catalogue.item_code(unquote(label))
                    if name == "artists":
                        taste = taste.choose(item, _number(plays) if plays else CHOSEN)
                    else:
                        taste = taste.put_aside(item, name)
                except InputError as error:
                    complaints.append(str(error))
        return taste, complaints


def _spelled(items: LabelArray, code: int) -> str:
    return quote(str(items[code]), safe="")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"That should be a number, not {text[:40]!r}.") from None


def recommend_to_profile(
    model: Model, train: Interactions, taste: UserProfile, n: int = 10, seed: int = 0
) -> pd.DataFrame:
    """Recommend to a new user by fold-in.

    Parameters
    ----------
    model : Model
        A model that supports fold-in, trained on `train`.
    train : Interactions
    taste : UserProfile
    n : int
        Length of the list, from 1.
    seed : int
        Breaks ties.

    Returns
    -------
    DataFrame
        Columns of `item_table`, the best first, with the item code as index, and `because`: the reason in
        words, empty without a positive contribution.

    Raises
    ------
    InputError
        If the model does not support fold-in, or nothing is known of these items.
    """
    items, values = taste.known
    table = recommend_to_new(model, train, items, values, n, taste.hidden, seed)
    table.index = pd.Index(train.items.get_indexer(table["item"]))
    why = sentences(reasons(model, train, items, values, table.index, 2))
    return table.assign(because=table["item"].map(lambda item: why.get(item, "")))
