"""Names that people write matched with those of a catalogue: case, accents, articles and guests do not count."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

GUESTS = re.compile(r"\s*[(\[]?\b(?:feat|ft|featuring)\b\.?\s.*$", re.IGNORECASE)
NEAREST = 3
# Names that are looked for among those nearly alike; each takes a moment.
MOST_NEAR = 20
# Letters that are no letter with an accent.
PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i"}
)


@dataclass(frozen=True)
class Matches:
    """Names that were found in a catalogue, and those that were not.

    Attributes
    ----------
    found : dict of int to float
        Plays by item code, in the order of the names.
    ages : dict of int to float
        Months since the last play, by item code, where it is known; of several names of one item, the newest.
    missing : dict of str to list of int
        Codes of the items with the nearest names, by the name that was not found; the list may be empty.
    """

    found: dict[int, float]
    missing: dict[str, list[int]]
    ages: dict[int, float] = field(default_factory=dict)


def normalize(name: str) -> str:
    """Return what a name is compared by."""
    plain = unicodedata.normalize("NFKD", GUESTS.sub("", name).casefold().translate(PLAIN))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"\s*&\s*|\s+\+\s+", " and ", plain)
    plain = re.sub(r"[^\w\s]+", "", plain).strip()
    plain = re.sub(r"\s+", " ", plain)
    plain = re.sub(r"^the |,? the$", "", plain)
    return plain or name.strip().casefold()


class NameIndex:
    """Index of the names of a catalogue, by what names are compared by.

    Parameters
    ----------
    names : iterable of str
        By item code.
    popularity : int array, shape (n_items,)
        Users of each item: of several items with one name, the most popular is meant.
    """

    def __init__(self, names: Iterable[object], popularity: ArrayLike) -> None:
        users = np.asarray(popularity)
        self._codes: dict[str, int] = {}
        for code, name in enumerate(names):
            key = normalize(str(name))
            if key not in self._codes or users[code] > users[self._codes[key]]:
                self._codes[key] = code

    def __contains__(self, name: str) -> bool:
        """Tell whether an item has this name."""
        return normalize(name) in self._codes

    def match(self, plays: Mapping[str, float], ages: Mapping[str, float] | None = None) -> Matches:
        """Find names in the catalogue.

        Parameters
        ----------
        plays : mapping of str to float
            Plays by name.
        ages : mapping of str to float, optional
            Months since the last play, by name, where it is known.
        """
        known_ages = ages or {}
        newest: dict[int, float] = {}
        found: dict[int, float] = {}
        missing: dict[str, list[int]] = {}
        for name, count in plays.items():
            match = self._codes.get(normalize(name))
            if match is not None:
                found[match] = found.get(match, 0.0) + count
                if name in known_ages:
                    newest[match] = min(newest.get(match, np.inf), known_ages[name])
            else:
                missing[name] = _near(normalize(name), self._codes) if len(missing) < MOST_NEAR else []
        return Matches(found, missing, newest)


def _near(key: str, codes: Mapping[str, int]) -> list[int]:
    """Return the items with the nearest names, among those of about the same length."""
    like = [other for other in codes if abs(len(other) - len(key)) <= max(2, len(key) // 4)]
    return [codes[other] for other in difflib.get_close_matches(key, like, NEAREST, 0.75)]
