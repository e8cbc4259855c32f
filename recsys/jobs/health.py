"""Server status, without personal data."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from recsys import __version__
from recsys.data.dataset import HELD
from recsys.jobs.scheduler import JobScheduler
from recsys.system.memory import resident

STARTED = time.monotonic()
PACKAGES = ("streamlit", "numpy", "numba", "pandas", "plotly")


def health(works: Mapping[str, JobScheduler], folders: Mapping[str, Path]) -> dict[str, Any]:
    """Return the status of the server as JSON-compatible data.

    Parameters
    ----------
    works : mapping of str to JobScheduler
        Schedulers of background jobs, by name.
    folders : mapping of str to Path
        Folders of kept files, by purpose.

    Returns
    -------
    dict
        `uptime` in seconds; `memory` resident in bytes; `work`: for each kind
        the number in each state, `queued` being the length of its queue; `held`: for each kind the bytes that it
        holds beside its data; `data`: how many data sets are in
        memory, and their pairs; `free` bytes for each folder, None where it cannot be read; `versions` by name.
    """
    held = list(HELD)
    return {
        "uptime": round(time.monotonic() - STARTED, 1),
        "memory": resident(),
        "work": {name: runs.counts() for name, runs in works.items()},
        "held": {name: runs.held() for name, runs in works.items()},
        "data": {"sets": len(held), "pairs": sum(len(dataset.interactions) for dataset in held)},
        "free": {name: free(folder) for name, folder in folders.items()},
        "versions": {
            "encore": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
    }


def free(folder: Path) -> int | None:
    """Return the free bytes of the disk of a folder, existing or not; None if not known."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None
