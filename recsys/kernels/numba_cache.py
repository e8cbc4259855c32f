"""Keeps compiled kernels from one start to the next, and does without where that goes wrong.

By itself numba runs whatever it finds in its cache, so that a damaged file ends in some error or in a crash; a disk
that is full when it wants to write a file ends the training; and where no folder can be written it refuses to compile.
With `install`, a file that is not as it was written, or belongs to something else, is compiled anew and written
over, and what cannot be written is not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numba.core import caching

CHECKSUM = hashlib.sha256().digest_size


class CheckedFiles(caching.IndexDataCacheFile):
    """The files of one kernel's cache; each compiled form has a checksum behind it and its key within."""

    def load(self, key: Any) -> Any:
        """Return what was compiled under this key; None if there is nothing that can be used."""
        try:
            found = super().load(key)
        except Exception:  # what is there and whole may still name things that are no more
            return None
        return found[1] if found is not None and found[0] == key else None

    def save(self, key: Any, data: Any) -> None:
        """Keep what was compiled, if it can be written."""
        with contextlib.suppress(OSError):
            super().save(key, (key, data))

    def _load_index(self) -> dict[Any, str]:
        try:
            found = super()._load_index()
        except Exception:  # a pickle that is damaged can end in any
            return {}
        return found if isinstance(found, dict) else {}

    def _load_data(self, name: str) -> Any:
        content = Path(self._data_path(name)).read_bytes()
        data, checksum = content[:-CHECKSUM], content[-CHECKSUM:]
        if hashlib.sha256(data).digest() != checksum:
            raise OSError("not as it was written")  # as if it were not there
        return pickle.loads(data)  # noqa: S301 - the program wrote it, in a folder of its own

    def _save_data(self, name: str, data: Any) -> None:
        content = self._dump(data)
        with self._open_for_write(self._data_path(name)) as file:
            file.write(content + hashlib.sha256(content).digest())


class Nowhere(caching._SourceFileBackedLocatorMixin, caching._CacheLocator):
    """The place of a cache where no folder can be written: nothing is found there, and nothing kept."""

    def __init__(self, py_func: Any, py_file: str) -> None:
        self._py_file, self._lineno = py_file, py_func.__code__.co_firstlineno

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Nowhere:
        """Return the place for a function."""
        return cls(py_func, py_file)

    def get_cache_path(self) -> str:
        """Return a folder that cannot be."""
        return os.path.join(os.devnull, "numba")

    def ensure_cache_path(self) -> None:
        """Say that it cannot be made."""
        raise OSError("nothing is kept")


@contextlib.contextmanager
def _forgiving(_: caching.Cache) -> Iterator[None]:
    with contextlib.suppress(OSError):
        yield


def install() -> None:
    """Let numba keep compiled functions this way; for those that are decorated from now on."""
    caching.IndexDataCacheFile = CheckedFiles  # type: ignore[misc]
    caching.Cache._guard_against_spurious_io_errors = _forgiving  # type: ignore[method-assign, assignment]
    caching.CacheImpl._locator_classes = [*caching.CacheImpl._locator_classes, Nowhere]
