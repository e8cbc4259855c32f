"""Catalogue of items: the interface that pages use, in memory or on disk."""

from __future__ import annotations

from typing import Protocol


class Labels(Protocol):
    """Ids or names of items by code: an array, or what reads them from disk."""

    def __getitem__(self, code: int, /) -> object:
        """Return that of the item with this code."""


class Catalogue(Protocol):
    """The items of listening data or of a large run."""

    @property
    def items(self) -> Labels:
        """Ids by code."""
        ...

    @property
    def names(self) -> Labels:
        """Names by code."""
        ...

    @property
    def n_users(self) -> int:
        """How many users there are."""
        ...

    @property
    def n_items(self) -> int:
        """How many there are."""
        ...

    @property
    def fingerprint(self) -> str:
        """Names exactly this data."""
        ...

    def item_code(self, label: object) -> int:
        """Return the code of an item; raise InputError if there is none."""
        ...

    def named(self, part: str, n: int) -> list[int]:
        """Return the codes of items whose name has this part, those with most users first."""
        ...
