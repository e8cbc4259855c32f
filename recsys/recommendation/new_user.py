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
MOST_MONTHS = 1200.0
AGE_DIGITS = 2  # of months: as many as an address tells
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
    ages : dict of int to float
        Months from the last play of a chosen item to the newest of this user, by item code, where it is known.
    """

    plays: Mapping[int, float] = field(default_factory=dict)
    aside: Mapping[int, str] = field(default_factory=dict)
    ages: Mapping[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of items with feedback."""
        return len(self.plays) + len(self.aside)

    def choose(self, item: int, plays: float = CHOSEN, age: float | None = None) -> UserProfile:
        """Return the profile with an item added, or with another value of one, whose age stays unless it is given.

        Raises
        ------
        InputError
            If there are `MOST_ARTISTS` already, plays are not a number above 0 and up to a million, or the age is not
            one of 0 to 1,200 months.
        """
        if age is not None and not 0 <= age <= MOST_MONTHS:
            raise InputError(f"The months since it was last played must be from 0 to {MOST_MONTHS:,.0f}.")
        if not 0 < plays <= MOST_PLAYS:
            raise InputError(f"The number must be above 0 and up to {MOST_PLAYS:,.0f}.")
        ages = dict(self.ages) if age is None else dict(self.ages) | {item: float(age)}
        return self._checked(dict(self.plays) | {item: float(plays)}, self._others(item), ages)

    def put_aside(self, item: int, verdict: str) -> UserProfile:
        """Return the profile with other feedback on an item: `down`, `know` or `hide`.

        Raises
        ------
        InputError
            If there are `MOST_ARTISTS` already.
        """
        rest = self.without(item)
        return self._checked(rest.plays, dict(rest.aside) | {item: verdict}, rest.ages)

    def without(self, item: int) -> UserProfile:
        """Return the profile without feedback on an item."""
        plays, ages = (
            {code: number for code, number in kept.items() if code != item}
            for kept in (self.plays, self.ages)
        )
        return UserProfile(plays, self._others(item), ages)

    def _others(self, item: int) -> dict[int, str]:
        return {code: verdict for code, verdict in self.aside.items() if code != item}

    @staticmethod
    def _checked(
        plays: Mapping[int, float], aside: Mapping[int, str], ages: Mapping[int, float]
    ) -> UserProfile:
        taste = UserProfile(plays, aside, ages)
        if len(taste) > MOST_ARTISTS:
            raise InputError(f"That is enough: say something of up to {MOST_ARTISTS}. Remove one first.")
        return taste

    @classmethod
    def of_history(cls, plays: Mapping[int, float], ages: Mapping[int, float]) -> UserProfile:
        """Return the profile of a person's own history: the `MOST_ARTISTS` items with most plays, and their ages.

        As in training, ages count from the newest of the items, and one without is as old as the oldest that has one.

        Parameters
        ----------
        plays : mapping of int to float
            By item code; 0 where the number is not known.
        ages : mapping of int to float
            Months since the last play, from any date on, by item code, where it is known.
        """
        top = sorted(plays, key=lambda code: -plays[code])[:MOST_ARTISTS]
        chosen = {code: min(plays[code], MOST_PLAYS) or CHOSEN for code in top}
        if not ages:
            return cls(chosen)
        newest, oldest = min(ages.values()), max(ages.values())
        months = {code: min(ages.get(code, oldest) - newest, MOST_MONTHS) for code in top}
        return cls(chosen, ages={code: round(age, AGE_DIGITS) for code, age in months.items()})

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

    @property
    def known_ages(self) -> NDArray[np.float64] | None:
        """Months since the last play of each item of `known`, 0 for what was said here; None if no time is known."""
        if not self.ages:
            return None
        return np.array([self.ages.get(code, 0.0) for code in self.known[0].tolist()])

    def to_query(self, items: LabelArray) -> dict[str, str]:
        """Return the profile as query parameters: `artists` (plays and age behind, as 12*500@6.5) and `VERDICTS`."""
        chosen = (
            _spelled(items, code)
            + ("" if plays == CHOSEN else f"*{plays:g}")
            + (f"@{self.ages[code]:g}" if code in self.ages else "")
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
                rest, _, age = word.partition("@")
                label, _, plays = rest.partition("*")
                try:
                    item = catalogue.item_code(unquote(label))
                    if name == "artists":
                        months = round(_number(age), AGE_DIGITS) if age else None
                        taste = taste.choose(item, _number(plays) if plays else CHOSEN, months)
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
    """Recommend to a new user by fold-in; a model with a half-life of taste weighs what has ages as training does.

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
    ages = taste.known_ages
    table = recommend_to_new(model, train, items, values, n, taste.hidden, seed, ages=ages)
    table.index = pd.Index(train.items.get_indexer(table["item"]))
    why = sentences(reasons(model, train, items, values, table.index, 2, ages))
    return table.assign(because=table["item"].map(lambda item: why.get(item, "")))
