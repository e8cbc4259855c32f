"""Atomic, crash-safe writes of files and folders, and folders for the copies that a program needs while it works.

Content is written under a locked temporary name beside its place and then renamed. A temporary name without a lock
was left by a killed program, and the next one removes it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from recsys.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ENDING = ".encore-part"
STALE = 24 * 3600.0  # seconds; the age decides where locks do not work
UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EROFS)
WAYS_OUT = {
    "Make room on the disk and try again.": (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    "Give this program the right to it, or choose another place.": (errno.EACCES, errno.EPERM, errno.EROFS),
    "Make the folder first, or choose one that is there.": (errno.ENOENT, errno.ENOTDIR),
    "Move away what stands there, or choose another place.": (errno.EEXIST, errno.EISDIR),
}


def write_atomic(path: Path, content: bytes | Iterable[bytes | memoryview], called: str = "") -> None:
    """Write a file atomically, from bytes or in parts.

    Symbolic links are followed and their targets replaced. On return the file is synced to disk.

    Parameters
    ----------
    path : Path
    content : bytes or iterable of bytes
    called : str
        Name in error messages that must not reveal the path; the path by default.

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


class ScratchFolder:
    """A folder for temporary files that is removed with this object, at the end of the program, or by the next program.

    Attributes
    ----------
    path : Path

    Raises
    ------
    InputError
        If it cannot be made.
    """

    def __init__(self) -> None:
        try:
            with contextlib.ExitStack() as ends:
                self.path = ends.enter_context(_beside(Path(tempfile.gettempdir(), "encore"), folder=True))
                self._end = weakref.finalize(self, ends.pop_all().close)
        except OSError as error:
            raise InputError(f"The folder for temporary files cannot be written: {reason(error)}") from error


def check_writable(path: Path) -> None:
    """Check that `write_atomic` can write to a path, before long work.

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
    """Resolve a path to a regular file, existing or not; reject devices, pipes and folders."""
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
    """Write a folder with these files atomically, unless a good one exists; replace a bad one.

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
            if is_good(place):  # written by another program meanwhile
                return
            shutil.rmtree(place, ignore_errors=True)
            os.replace(temporary, place)
    fsync_dir(place.parent)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, synced to disk.

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
    """Sync the entries of a folder to disk, where the system supports it.

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
    """Remove temporary files of killed programs from a folder; those being written stay."""
    with contextlib.suppress(OSError):
        for left in list(folder.iterdir()):
            if not (left.name.startswith(".") and left.name.endswith(ENDING)):
                continue
            with contextlib.suppress(OSError), _locked(left) as is_ours:
                if time.time() - left.stat().st_mtime > STALE if is_ours is None else is_ours:
                    _remove(left)


def reason(error: OSError) -> str:
    """Return the reason of an error, and advice."""
    way_out = next(
        (words for words, codes in WAYS_OUT.items() if error.errno in codes),
        "Try again, or choose another place.",
    )
    return f"{error.strerror or error}. {way_out}"


@contextlib.contextmanager
def _beside(place: Path, folder: bool = False) -> Iterator[Path]:
    """Create a locked temporary file or folder beside a place; remove it at the end unless it was renamed."""
    remove_stale(place.parent)
    while True:
        temporary = _make(place, folder)
        with contextlib.ExitStack() as ends:
            ends.callback(_remove_if_possible, temporary)
            # another program may remove it as stale before it is locked
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
    """Hold a lock on a file or folder: yields True, False if another program has it, None if locks do not work."""
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
    except OSError:  # a network file system without locks
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
