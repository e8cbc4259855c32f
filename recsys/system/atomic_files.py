"""Files and folders that are there whole or not at all, whenever the program or the computer stops.

What is being written has a name of its own beside its place and a lock on it, and gets its place by a rename.
Whatever has such a name and no lock was left by a program that was killed, and the next one sweeps it away.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from recsys.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ENDING = ".encore-part"
STALE = 24 * 3600.0  # seconds; the clock must do where nothing can be locked
UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EROFS)
WAYS_OUT = {
    "Make room on the disk and try again.": (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    "Give this program the right to it, or choose another place.": (errno.EACCES, errno.EPERM, errno.EROFS),
    "Make the folder first, or choose one that is there.": (errno.ENOENT, errno.ENOTDIR),
    "Move away what stands there, or choose another place.": (errno.EEXIST, errno.EISDIR),
}


def write_atomic(path: Path, content: bytes | Iterable[bytes | memoryview], called: str = "") -> None:
    """Write a file, at once or part by part: there is the old one or the new one, and never a half.

    A link is followed; its target is replaced. When this returns, the file is on the disk and outlives a loss of power.

    Parameters
    ----------
    path : Path
    content : bytes or iterable of bytes
    called : str
        What an error calls it, where the place is nobody's business; by default the path.

    Raises
    ------
    InputError
        If the file cannot be written, or the path leads to a device, a pipe or a folder.
    """
    try:
        path = _regular(path)
        with _beside(path) as temporary:
            _write(temporary, [content] if isinstance(content, bytes) else content)
            os.replace(temporary, path)
        fsync_dir(path.parent)
    except OSError as error:
        raise InputError(f"{called or path} cannot be written: {reason(error)}") from error


def check_writable(path: Path) -> None:
    """Check that `write_atomic` can write to a path, before long work is done for it.

    Raises
    ------
    InputError
        If it cannot.
    """
    try:
        with _beside(_regular(path)):
            pass
    except OSError as error:
        raise InputError(f"{path} cannot be written: {reason(error)}") from error


def _regular(path: Path) -> Path:
    """Return the file that a path leads to, be it there or not; a device, a pipe or a folder is refused."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.lstat().st_mode
    except FileNotFoundError:
        return target
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EEXIST, "It is a device, a pipe or a loop of links, and not a file")
    return target


def write_folder(place: Path, files: Mapping[str, bytes], is_good: Callable[[Path], bool]) -> None:
    """Write a folder with these files in it, unless a good one is there by then; a bad one goes.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    with _beside(place, folder=True) as temporary:
        for name, content in files.items():
            _write(temporary / name, [content])
        fsync_dir(temporary)
        try:
            os.replace(temporary, place)
        except OSError:
            if is_good(place):  # somebody else was quicker
                return
            shutil.rmtree(place, ignore_errors=True)
            os.replace(temporary, place)
    fsync_dir(place.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that they outlive a loss of power.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        fsync_dir(made.parent)


def fsync_dir(folder: Path) -> None:
    """Let the names in a folder outlive a loss of power, where the system can do that.

    Raises
    ------
    OSError
        If the disk fails.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows, or a folder that can be written and not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
    finally:
        os.close(descriptor)


def remove_stale(folder: Path) -> None:
    """Remove what programs that were killed left in a folder; what somebody is writing stays."""
    with contextlib.suppress(OSError):
        for left in list(folder.iterdir()):
            if not (left.name.startswith(".") and left.name.endswith(ENDING)):
                continue
            with contextlib.suppress(OSError), _locked(left) as is_ours:
                if time.time() - left.stat().st_mtime > STALE if is_ours is None else is_ours:
                    _remove(left)


def reason(error: OSError) -> str:
    """Say why something could not be written or read, and what to do."""
    way_out = next(
        (words for words, codes in WAYS_OUT.items() if error.errno in codes),
        "Try again, or choose another place.",
    )
    return f"{error.strerror or error}. {way_out}"


@contextlib.contextmanager
def _beside(place: Path, folder: bool = False) -> Iterator[Path]:
    """Make a locked file or folder beside a place; it goes unless it has got there by the end."""
    remove_stale(place.parent)
    while True:
        temporary = _make(place, folder)
        with contextlib.ExitStack() as ends:
            ends.callback(_remove_if_possible, temporary)
            # somebody who sweeps may come between, before it is locked or before the lock is seen
            try:
                is_ours = ends.enter_context(_locked(temporary))
            except FileNotFoundError:
                continue
            if is_ours is False or not temporary.exists():
                continue
            yield temporary
            return


def _make(place: Path, folder: bool) -> Path:
    if folder:
        return Path(tempfile.mkdtemp(ENDING, f".{place.name}.", place.parent))
    descriptor, name = tempfile.mkstemp(ENDING, f".{place.name}.", place.parent)
    os.close(descriptor)
    return Path(name)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool | None]:
    """Lock a file or folder for a while: True, False if somebody else has it, None if that cannot be told."""
    if fcntl is None:
        yield None
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a network that knows no locks
        return None
    return True


def _write(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _remove_if_possible(path: Path) -> None:
    with contextlib.suppress(OSError):
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
