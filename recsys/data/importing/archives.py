"""The files of what somebody brings: alone, in a folder or in a zip, each also gzipped; read as streams.

Nothing is unpacked to disk and nothing is read whole: memory stays bounded whatever a file holds.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from recsys.errors import InputError
from recsys.system.atomic_files import reason

GIGABYTE = 1 << 30
LARGEST = 4 * GIGABYTE
MOST_FILES = 1_000
MOST_FOLDERS = 10_000
# what a table holds shrinks to a tenth or a fiftieth; deflate gives up at a thousandth
BOMB_FROM, BOMB_RATIO = 64 << 20, 200
BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, ValueError)
ENDINGS = re.compile(r"(\.gz|\.zip)$", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One file: its name, within the folder or zip it came in, and how to open it."""

    name: str
    raw: Callable[[], IO[bytes]]

    @property
    def file(self) -> str:
        """The last part of the name, in lower case and without `.gz`."""
        return ENDINGS.sub("", self.name.rsplit("/", 1)[-1]).lower()

    @property
    def stem(self) -> str:
        """The last part of the name without any ending."""
        return self.name.rsplit("/", 1)[-1].split(".", 1)[0] or self.name

    @property
    def folder(self) -> str:
        """The first folder it stands in, or nothing."""
        return self.name.split("/", 1)[0] if "/" in self.name else ""

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open it at its beginning, unpacked where it is gzipped.

        Raises
        ------
        InputError
            Here or while reading: if it cannot be read, is damaged or is too large.
        """
        try:
            stream = self.raw()
        except BROKEN as error:
            raise _damaged(self.name, error) from error
        with stream:
            try:
                packed = _starts_with(stream, b"\x1f\x8b")
            except BROKEN as error:
                raise _damaged(self.name, error) from error
            source = gzip.GzipFile(fileobj=stream) if packed else stream
            with io.BufferedReader(_Bounded(source, self.name), 1 << 20) as reader:
                yield reader

    @contextmanager
    def seekable(self) -> Iterator[IO[bytes]]:
        """Open it so that it can be read from any place: through a temporary file where it is packed."""
        with self.open() as stream, tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(stream, copy, 1 << 20)
            copy.seek(0)
            yield copy


class _Bounded(io.RawIOBase):
    """Reads from another stream up to a limit, and says what is wrong in a sentence."""

    def __init__(self, source: IO[bytes] | gzip.GzipFile, name: str) -> None:
        self.source, self.name, self.left = source, name, LARGEST

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read the next bytes."""
        try:
            content = self.source.read(len(buffer))
        except BROKEN as error:
            raise _damaged(self.name, error) from error
        self.left -= len(content)
        if self.left < 0:
            raise InputError(f"{self.name} holds more than {LARGEST // GIGABYTE} GB. Use a part of it.")
        buffer[: len(content)] = content
        return len(content)


def parts_of(sources: list[tuple[str, Path | IO[bytes]]]) -> list[Part]:
    """List the files that can be read in what was brought.

    Parameters
    ----------
    sources : list of (name, path or binary file)
        Files, folders and zips. A binary file can be read again and again.

    Raises
    ------
    InputError
        If there is none, or a zip is damaged, has a password, holds links or names that point
        outside of it, or would unpack to far too much.
    """
    found: list[Part] = []
    for name, source in sources:
        if isinstance(source, Path) and source.is_dir():
            found += _under(name, _in_folder(source), len(sources))
        elif name.lower().endswith(".zip"):
            found += _under(name, _in_zip(name, source), len(sources))
        else:
            found.append(Part(name, _opener(source)))
    if len(found) > MOST_FILES:
        raise InputError(f"There are more than {MOST_FILES:,} files. Bring fewer, or join them.")
    if not found:
        raise InputError(f"There is no file in {sources[0][0] if sources else 'it'}.")
    return found


def _under(name: str, inner: list[Part], sources: int) -> list[Part]:
    """Name files after the folder or zip they came in, where there are several."""
    return inner if sources == 1 else [replace(part, name=f"{name}/{part.name}") for part in inner]


def _opener(source: Path | IO[bytes]) -> Callable[[], IO[bytes]]:
    return lambda: source.open("rb") if isinstance(source, Path) else io.BufferedReader(_Again(source))


class _Again(io.RawIOBase):
    """A file of somebody else from its beginning; closing this leaves the file open."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.place = file, 0

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def seekable(self) -> bool:
        """Say that any place can be reached."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        self.place = offset if whence == io.SEEK_SET else self.file.seek(offset, whence)
        return self.place

    def tell(self) -> int:
        """Return the place."""
        return self.place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read the next bytes."""
        self.file.seek(self.place)
        content = self.file.read(len(buffer))
        buffer[: len(content)] = content
        self.place += len(content)
        return len(content)


def _starts_with(stream: IO[bytes], magic: bytes) -> bool:
    if not stream.seekable():
        return False
    start = stream.read(len(magic))
    stream.seek(0)
    return start == magic


def _in_folder(folder: Path) -> list[Part]:
    """List the files of a folder and of those in it; links and hidden files are left out."""
    found: list[Part] = []
    for folders, (here, inner, files) in enumerate(os.walk(folder, onerror=_unreadable)):
        inner[:] = sorted(name for name in inner if not _is_hidden(name))
        for name in sorted(files):
            path = Path(here, name)
            if not (path.is_symlink() or _is_hidden(name)) and path.is_file():
                found.append(Part(path.relative_to(folder).as_posix(), _opener(path)))
        if len(found) > MOST_FILES:
            break
        if folders > MOST_FOLDERS:
            raise InputError(f"{folder} holds more than {MOST_FOLDERS:,} folders. Choose one of them.")
    return sorted(found, key=lambda part: part.name.split("/"))


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read: {reason(error)}") from error


def _in_zip(name: str, source: Path | IO[bytes]) -> list[Part]:
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
    except BROKEN as error:
        raise _damaged(name, error) from error
    whole = 0
    found = []
    for member in members:
        if not member.filename or member.is_dir() or _is_hidden(member.filename):
            continue
        _admit(member, name)
        whole += member.file_size
        if whole > LARGEST:
            raise InputError(f"{name} unpacks to more than {LARGEST // GIGABYTE} GB. Use a part of it.")
        found.append(Part(member.filename, _member(source, member)))
        if len(found) > MOST_FILES:
            break
    if any(member.filename == "xl/workbook.xml" for member in members):
        raise InputError(f"{name} is an Excel workbook. Save the sheet as CSV and bring that.")
    return found


def _admit(member: zipfile.ZipInfo, name: str) -> None:
    """Refuse what no honest zip has in it, or what cannot be read."""
    inside = f"{member.filename[:80]!r} in {name}"
    steps = re.split(r"[/\\]", member.filename)
    if ".." in steps or steps[0] == "" or ":" in steps[0]:
        raise InputError(f"{inside} has a path that points outside of the zip. Pack it again.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"{inside} is a link. Pack the file itself.")
    if member.flag_bits & 1:
        raise InputError(f"{inside} is protected by a password. Pack it again without one.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{inside} is packed in an unusual way. Pack it with deflate, the usual way.")
    if member.file_size > BOMB_FROM and member.file_size > BOMB_RATIO * max(member.compress_size, 1):
        raise InputError(
            f"{inside} would unpack to {member.file_size / 1e6:,.0f} MB, more than {BOMB_RATIO} times its size: "
            "it looks like a zip bomb and was not opened."
        )


def _member(source: Path | IO[bytes], member: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # the archive goes with its last member: zipfile counts who still reads
        with zipfile.ZipFile(source) as archive:
            return archive.open(member)

    return opened


def _is_hidden(name: str) -> bool:
    return any(step.startswith((".", "__MACOSX")) and step != ".." for step in name.split("/"))


def _damaged(name: str, error: Exception) -> InputError:
    if isinstance(error, InputError):
        return error
    if isinstance(error, OSError) and error.strerror:
        return InputError(f"{name} cannot be read: {reason(error)}")
    kind = "a zip file" if name.lower().endswith(".zip") else "a whole file"
    return InputError(f"{name} is not {kind}, or it is damaged. Get it again.")
