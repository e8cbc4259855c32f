"""How the server is: for those who run it, without anything about who uses it or what they listen to."""

from __future__ import annotations

import os
import platform
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recsys import __version__
from recsys.background import BackgroundRuns
from recsys.datasets.base import HELD

STARTED = time.monotonic()
GROUP = Path("/sys/fs/cgroup")
PACKAGES = ("streamlit", "numpy", "numba", "pandas", "plotly")


def health(works: Mapping[str, BackgroundRuns], folders: Mapping[str, Path]) -> dict[str, Any]:
    """Return how the server is, as what JSON can hold.

    Parameters
    ----------
    works : mapping of str to BackgroundRuns
        What goes on in the background, by what it is called.
    folders : mapping of str to Path
        Where files are kept, by what for.

    Returns
    -------
    dict
        `uptime` in seconds; `memory` resident in bytes, None where that is not known; `work`: for each kind
        the number in each state, `queued` being the length of its queue; `data`: how many data sets are in
        memory, and their pairs; `free` bytes for each folder, None where it cannot be read; `versions` by name.
    """
    held = list(HELD)
    return {
        "uptime": round(time.monotonic() - STARTED, 1),
        "memory": resident(),
        "work": {name: runs.counts() for name, runs in works.items()},
        "data": {"sets": len(held), "pairs": sum(len(dataset.interactions) for dataset in held)},
        "free": {name: free(folder) for name, folder in folders.items()},
        "versions": {
            "encore": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
    }


def resident() -> int | None:
    """Return the memory of this process that is not swapped out, in bytes; None where that is not known."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def available() -> int | None:
    """Return how many more bytes of memory this process may take without swapping; None where that is not known.

    The least of what the machine has left and of what its control group, such as a container, is allowed.
    """
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        left = 1024 * int(lines["MemAvailable"].split()[0])
    except (OSError, ValueError, KeyError):
        return None
    try:
        allowed, taken = (int((GROUP / name).read_text()) for name in ("memory.max", "memory.current"))
        told = dict(line.split() for line in (GROUP / "memory.stat").read_text().splitlines())
        # files that were read and can be forgotten count as taken there
        return max(0, min(left, allowed - taken + int(told.get("inactive_file", 0))))
    except (OSError, ValueError):  # none, or no limit
        return left


def free(folder: Path) -> int | None:
    """Return how many bytes can be written to a folder, or where it would be made; None if nobody can say."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
