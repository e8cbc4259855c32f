"""Names of users, items and values on screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Nouns:
    """What a data set is about, in the words of the screen; in `recsys` it is always user, item, value.

    `value` is what one row has (plays, a rating), `values` what all have together (plays, rating points), and
    `do` what users do with items: listeners play artists, users rate movies. Texts that stand in one place for
    any data name these words in braces, and `fill` puts them in.
    """

    user: str = "listener"
    users: str = "listeners"
    item: str = "artist"
    items: str = "artists"
    value: str = "plays"
    values: str = "plays"
    do: str = "play"

    @property
    def pairs(self) -> str:
        """What a user and an item are called together."""
        return f"{self.user}-{self.item} pairs"

    @property
    def an_item(self) -> str:
        """One item, with its article."""
        return f"{'an' if self.item[0] in 'aeiou' else 'a'} {self.item}"

    @property
    def item_title(self) -> str:
        """One item, as a title begins."""
        return self.item.capitalize()

    @property
    def does(self) -> str:
        """What one user does: a listener plays."""
        return f"{self.do}s"

    @property
    def done(self) -> str:
        """What is done with an item: an artist is played."""
        return f"{self.do}d" if self.do.endswith("e") else f"{self.do}ed"

    @property
    def counts(self) -> str:
        """What the values of all pairs are called."""
        return "play counts" if self.value == "plays" else f"{self.value}s"

    @property
    def counted(self) -> bool:
        """Whether values add up to a number of the same kind, as plays do and ratings do not."""
        return self.value == self.values

    @property
    def mean(self) -> str:
        """What the values of an item are on average."""
        return f"{self.values} per {self.user}" if self.counted else f"mean {self.value}"

    def spell(self, value: float) -> str:
        """Write a value: `1,200` or `4.5`."""
        return f"{value:,.0f}" if self.counted else f"{value:,.2f}".rstrip("0").rstrip(".")

    def amount(self, value: float) -> str:
        """Say what a user gave an item: `1,200 plays` or `rating 4.5`."""
        return f"{self.spell(value)} {self.value}" if self.counted else f"{self.value} {self.spell(value)}"

    def fill(self, text: str) -> str:
        """Put the words into a text that names them: `{nouns.users} of both`."""
        return text.format(nouns=self)


MUSIC = Nouns()
