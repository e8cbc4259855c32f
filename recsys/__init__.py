"""See, train and judge a music-artist recommender."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

__version__ = "0.1.0"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _find_room_for_compiled_kernels() -> None:
    """Name a folder for numba where its own choices, beside the source or in the home, cannot be written to.

    It would refuse to compile anything. The folder is this process's own and goes when it ends,
    for compiled code that others could have written must not be run.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    choices = (Path(__file__).parent / "__pycache__", Path(cache) / "numba")
    if "NUMBA_CACHE_DIR" not in os.environ and not any(_writable(folder) for folder in choices):
        folder = tempfile.mkdtemp(prefix="encore-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["NUMBA_CACHE_DIR"] = folder


# Before any module is imported that has kernels: numba looks when it is imported itself.
_find_room_for_compiled_kernels()
