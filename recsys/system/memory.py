"""Memory: resident, available, and held by an object."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType

import numpy as np
import psutil

GROUP = Path("/sys/fs/cgroup")
# Parameters of mallopt(3) of the GNU C library, and their values.
ARENAS, MAPPED_FROM, TRIMMED_FROM = -8, -3, -1
OPTIONS = {ARENAS: 1, MAPPED_FROM: 2**20, TRIMMED_FROM: 2**24}
# Parts of the program rather than its data.
PROGRAM = (type, ModuleType, FunctionType, BuiltinFunctionType, CodeType)
# These hold no arrays and no bytes: most of what there is, and left out at once.
ATOMS = frozenset({int, float, complex, bool, str, type(None)})
# These hold nothing themselves.
PROXIES = (weakref.ProxyType, weakref.CallableProxyType)


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    return int(psutil.Process().memory_info().rss)


def available() -> int:
    """Return how many more bytes of memory this process may take without swapping.

    The least of what the machine has left and of what its control group, such as a container, is allowed.
    """
    left = int(psutil.virtual_memory().available)
    try:
        allowed, taken = (int((GROUP / name).read_text()) for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (GROUP / "memory.stat").read_text().splitlines())
        # `taken` includes the page cache, which can be reclaimed
        return max(0, min(left, allowed - taken + int(stat.get("inactive_file", 0))))
    except (OSError, ValueError):  # no control group, or no limit
        return left


def keep_heaps_few() -> bool:
    """Limit glibc malloc to one arena; return False where unsupported.

    By default glibc has up to eight arenas for each processor and never moves free memory between them, so that many
    short threads, such as those that draw pages, fragment all of them. Blocks of a mebibyte or more are mapped
    outside the arena.
    """
    library = _gnu_library()
    if library is None:
        return False
    accepted = [library.mallopt(number, value) for number, value in OPTIONS.items()]
    return all(accepted)


def settle() -> None:
    """Regard all objects that there are now as permanent, so that `give_back` need not look at them."""
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Free what only refers to itself, such as the state of visits that ended, and return free heap memory.

    Python does so by itself only after many more objects were made, which a server at rest does not do. Memory is
    returned to the system with glibc.
    """
    gc.collect()
    library = _gnu_library()
    if library is not None:
        library.malloc_trim(0)


def _gnu_library() -> ctypes.CDLL | None:
    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        return library if hasattr(library, "gnu_get_libc_version") else None
    return None


class Footprint:
    """Total size of the arrays and bytes held by objects, each counted once.

    Parameters
    ----------
    *apart_from : object
        Objects whose memory is not counted.
    """

    def __init__(self, *apart_from: object) -> None:
        self._seen: set[int] = set()
        self._kept: list[object] = []  # an id is valid only while its object lives
        for thing in apart_from:
            self.add(thing)

    def add(self, thing: object) -> int:
        """Return the bytes held by this object and by none added before.

        Follows the references that the garbage collector knows: attributes, containers, frames of generators.
        """
        found = 0
        waiting: Iterable[object] = [thing]
        while waiting:
            following: list[object] = []
            for each in waiting:
                if (
                    type(each) in ATOMS
                    or id(each) in self._seen
                    or issubclass(type(each), (*PROGRAM, *PROXIES))
                ):
                    continue
                self._seen.add(id(each))
                self._kept.append(each)
                if isinstance(each, bytes | bytearray):
                    found += len(each)
                elif not isinstance(each, np.ndarray):
                    following += gc.get_referents(each)
                elif each.base is None:
                    found += each.nbytes
                else:  # a view of another array
                    following.append(each.base)
            waiting = following
        return found
