"""Names of users, items and values on screen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Nouns:
    """Nouns of a dataset on screen; in `recsys` they are always user, item and value.

    `value` is the value of one pair (plays, a rating), `values` the sum of several (plays, rating points), and
    `do` the verb between users and items: listeners play artists, users rate movies. Texts for any dataset name
    these words in braces, and `fill` puts them in.
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
        """Pairs of a user and an item: listener-artist pairs."""
        return f"{self.user}-{self.item} pairs"

    @property
    def an_item(self) -> str:
        """Singular of item with its article."""
        return f"{'an' if self.item[0] in 'aeiou' else 'a'} {self.item}"

    @property
    def item_title(self) -> str:
        """Singular of item, capitalized."""
        return self.item.capitalize()

    @property
    def user_title(self) -> str:
        """One user, as a title begins."""
        return self.user.capitalize()

    @property
    def does(self) -> str:
        """Third person of the verb: a listener plays."""
        return f"{self.do}s"

    @property
    def done(self) -> str:
        """Past participle of the verb: an artist is played."""
        return f"{self.do}d" if self.do.endswith("e") else f"{self.do}ed"

    @property
    def counts(self) -> str:
        """Values of all pairs: play counts."""
        return "play counts" if self.value == "plays" else f"{self.value}s"

    @property
    def counted(self) -> bool:
        """Whether values can be added, as plays can and ratings cannot."""
        return self.value == self.values

    @property
    def mean(self) -> str:
        """Average value of an item: plays per listener."""
        return f"{self.values} per {self.user}" if self.counted else f"mean {self.value}"

    def spell(self, value: float) -> str:
        """Format a value: `1,200` or `4.5`."""
        return f"{value:,.0f}" if self.counted else f"{value:,.2f}".rstrip("0").rstrip(".")

    def amount(self, value: float) -> str:
        """Format a value with its noun: `1,200 plays` or `rating 4.5`."""
        return f"{self.spell(value)} {self.value}" if self.counted else f"{self.value} {self.spell(value)}"

    def fill(self, text: str) -> str:
        """Replace the placeholders of a text, such as `{nouns.users} of both`."""
        return text.format(nouns=self)


MUSIC = Nouns()
