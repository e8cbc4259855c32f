"""Profile of a new user: liked, known and disliked items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.catalogue import Catalogue, Labels
from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.models.base import Model
from recsys.recommendation.explanation import reasons, sentences
from recsys.recommendation.recommend import recommend_to_new

# Plays of an artist that was chosen without saying more, and of one that is only known.
CHOSEN = 100.0
KNOWN = 10.0
MOST_PLAYS = 1e6
# As many as fit into an address.
MOST_ARTISTS = 60
VERDICTS = ("down", "know", "hide")
QUERY = ("artists", *VERDICTS)


@dataclass(frozen=True)
class UserProfile:
    """Feedback of a new user on items; immutable, each method returns a changed copy.

    Attributes
    ----------
    plays : dict of int to float
        Plays of the chosen artists, by item code, in the order of choosing.
    aside : dict of int to str
        Artists that were put aside, by item code: `down` (not wanted: counts as a zero), `know` (played
        a little, `KNOWN` times) or `hide` (only left out of the list).
    """

    plays: Mapping[int, float] = field(default_factory=dict)
    aside: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of artists that something is said of."""
        return len(self.plays) + len(self.aside)

    def choose(self, item: int, plays: float = CHOSEN) -> UserProfile:
        """Return the taste with one more artist, or other plays of one.

        Raises
        ------
        InputError
            If there are `MOST_ARTISTS` already, or plays are not a number above 0 and up to a million.
        """
        if not 0 < plays <= MOST_PLAYS:
            raise InputError(f"The number must be above 0 and up to {MOST_PLAYS:,.0f}.")
        return self._checked(dict(self.plays) | {item: float(plays)}, self._others(item))

    def put_aside(self, item: int, verdict: str) -> UserProfile:
        """Return the taste with an artist put aside: `down`, `know` or `hide`.

        Raises
        ------
        InputError
            If there are `MOST_ARTISTS` already.
        """
        rest = {code: plays for code, plays in self.plays.items() if code != item}
        return self._checked(rest, self._others(item) | {item: verdict})

    def without(self, item: int) -> UserProfile:
        """Return the taste without an artist, as if nothing had been said of it."""
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
        """Codes of the artists that are only left out of the list."""
        return np.array([code for code, verdict in self.aside.items() if verdict == "hide"], np.int32)

    @property
    def known(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Codes and plays as `Model.fold_in_scores` takes them: chosen, known (a few plays), unwanted (0)."""
        worth = {"know": KNOWN, "down": 0.0}
        said = dict(self.plays) | {
            code: worth[verdict] for code, verdict in self.aside.items() if verdict in worth
        }
        return np.array(list(said), np.int32), np.array(list(said.values()), np.float64)

    def to_query(self, items: Labels) -> dict[str, str]:
        """Return the taste as query parameters: `artists` (with plays, as 12*500), `down`, `know`, `hide`."""
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
        """Read a taste from query parameters; return it and a sentence for each part that says nothing."""
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


def _spelled(items: Labels, code: int) -> str:
    return quote(str(items[code]), safe="")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"That should be a number, not {text[:40]!r}.") from None


def recommend_to_taste(
    model: Model, train: Interactions, taste: UserProfile, n: int = 10, seed: int = 0
) -> pd.DataFrame:
    """Return what fits a taste, by folding it in against what the model has learned of artists.

    Parameters
    ----------
    model : Model
        Trained on `train`; one that takes new listeners.
    train : Interactions
    taste : UserProfile
    n : int
        How many items to recommend, from 1.
    seed : int
        Decides among equal scores.

    Returns
    -------
    DataFrame
        Columns of `item_table`, the best first, with the item code as index, and `because`: the reason in
        words, empty where no chosen artist speaks for the item.

    Raises
    ------
    InputError
        If the model cannot take in a listener, or nothing follows from this taste.
    """
    items, values = taste.known
    table = recommend_to_new(model, train, items, values, n, taste.hidden, seed)
    table.index = pd.Index(train.items.get_indexer(table["item"]))
    why = sentences(reasons(model, train, items, values, table.index, 2))
    return table.assign(because=table["item"].map(lambda item: why.get(item, "")))
