"""The package `implicit`, imported when a model first needs it: that takes a while, and fails on some machines."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from recsys.errors import InputError


def load(name: str) -> ModuleType:
    """Return a module of the package.

    Parameters
    ----------
    name : str
        Without the name of the package.

    Raises
    ------
    InputError
        If it cannot be imported, such as where the system has no OpenMP library.
    """
    try:
        return import_module(f"implicit.{name}")
    except ImportError as error:
        hint = " On Debian and Ubuntu: apt install libgomp1." if "libgomp" in str(error) else ""
        raise InputError(
            f"This model needs the package implicit, which cannot be loaded here: {error}.{hint}"
        ) from error
