"""Catalogue of items: the interface that pages use, in memory or on disk."""

from __future__ import annotations

from typing import Protocol


class LabelArray(Protocol):
    """Ids or names of items by code, in an array or on disk."""

    def __getitem__(self, code: int, /) -> object:
        """Return the label of an item."""


class Catalogue(Protocol):
    """Items of a dataset or of an external run."""

    @property
    def items(self) -> LabelArray:
        """Ids by code."""
        ...

    @property
    def names(self) -> LabelArray:
        """Names by code."""
        ...

    @property
    def n_users(self) -> int:
        """Number of users."""
        ...

    @property
    def n_items(self) -> int:
        """Number of items."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identity of exactly this data."""
        ...

    def item_code(self, label: object) -> int:
        """Return the code of an item; raise InputError if there is none."""
        ...

    def named(self, part: str, n: int) -> list[int]:
        """Return the codes of items whose name contains this part, most popular first."""
        ...
