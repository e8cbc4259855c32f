"""Files of an upload, unpacked safely: alone, in folders, and in zip, tar, gzip, bzip2, xz and zstd archives.

A plain file on disk is read where it lies. Everything else is copied into a temporary folder that goes with
the upload; how much that can be is bounded, whatever an archive claims to hold.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import shutil
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any

import zstandard

from recsys.errors import InputError
from recsys.system.atomic_files import ScratchFolder, reason

Source = Path | IO[bytes]

GIGABYTE = 1 << 30
MAX_BYTES = 4 * GIGABYTE
MAX_FILES = 1_000
MAX_FOLDERS = 10_000
MAX_DEPTH = 2  # archives within archives
CHUNK = 1 << 20
# a table shrinks to a tenth or a fiftieth; deflate gives up at a thousandth
BOMB_FROM, BOMB_RATIO = 64 << 20, 200
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, zstandard.ZstdError, struct.error),
    *(EOFError, NotImplementedError, OSError, ValueError),
)
PACKED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": lambda stream: zstandard.ZstdDecompressor().stream_reader(
        stream, read_across_frames=True
    ),
}
ZIP = b"PK\x03\x04"
ENDINGS = re.compile(r"\.(gz|bz2|xz|zst|zip|tar|tgz)$", re.IGNORECASE)
HIDDEN_BUT_WANTED = ".scrobbler.log"


@dataclass(eq=False)
class File:
    """A file of an upload.

    Attributes
    ----------
    name : str
        Its path within the folder or archive, with slashes.
    open : callable
        Opens it at its beginning, packed or not.
    upload : Upload or None
        Owns the copies; None for what is only named, like a path that Spark reads.
    on_disk : Path or None
        Where it lies, if it lies on disk.
    """

    name: str
    open: Callable[[], IO[bytes]] = io.BytesIO
    upload: Upload = None  # type: ignore[assignment]
    on_disk: Path | None = None

    @property
    def file(self) -> str:
        """The last part of the name, in lower case and without the ending of a compression."""
        return ENDINGS.sub("", PurePosixPath(self.name).name).lower()

    @property
    def stem(self) -> str:
        """The last part of the name without its endings."""
        name = ENDINGS.sub("", PurePosixPath(self.name).name)
        return re.sub(r"(?<=.)\.\w{1,8}$", "", name) or name

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders it lies in, outermost first."""
        return PurePosixPath(self.name).parts[:-1]

    @cached_property
    def path(self) -> Path:
        """A file on disk with the unpacked bytes; made when it is first asked for.

        Raises
        ------
        InputError
            If it cannot be read, is damaged or is too large.
        """
        try:
            with self.open() as stream:
                start = stream.read(8)
        except BROKEN as error:
            raise _damaged(self.name, error) from error
        unpack = next((unpack for magic, unpack in PACKED.items() if start.startswith(magic)), None)
        if unpack is None and self.on_disk is not None:
            if self.on_disk.stat().st_size > MAX_BYTES:
                raise _too_large(self.name)
            return self.on_disk
        return self.upload.copy(self.name, self.open, unpack)


class Upload:
    """All files of what was uploaded, and the temporary folder with their copies.

    Parameters
    ----------
    sources : list of (name, path or binary file)
        Files, folders and archives. A binary file stays open and can be read again and again.

    Raises
    ------
    InputError
        If there is no file, or an archive is damaged, has a password, holds links or names that point
        outside of it, or would unpack to far too much.
    """

    def __init__(self, sources: list[tuple[str, Source]]) -> None:
        self._folder = ScratchFolder()
        self._copies = 0
        self._bytes = 0
        self.files: list[File] = []
        for name, source in sources:
            prefix = f"{name}/" if len(sources) > 1 else ""
            if isinstance(source, Path) and source.is_dir():
                for inner, path in _in_folder(source):
                    self._add(File(inner, _opener(path), self, path), prefix, 1)
                continue
            file = File(name, _opener(source), self, source if isinstance(source, Path) else None)
            members = self._members(file)
            if members is None:
                self._add(file, "", MAX_DEPTH)
            for member in members or []:
                self._add(member, prefix, 1)
        if not self.files:
            raise InputError(f"There is no file in {sources[0][0] if sources else 'it'}.")

    def new_path(self, ending: str = "") -> Path:
        """Return a path in the temporary folder that nothing stands at."""
        self._copies += 1
        return self._folder.path / f"{self._copies}{ending}"

    def copy(
        self, name: str, opened: Callable[[], IO[bytes]], unpack: Callable[[IO[bytes]], Any] | None
    ) -> Path:
        """Copy a file into the temporary folder, unpacked, within what is allowed of all of them."""
        path = self.new_path()
        try:
            with opened() as stream, path.open("wb") as target:
                source = unpack(stream) if unpack else stream
                while chunk := source.read(CHUNK):
                    self._bytes += len(chunk)
                    if self._bytes > MAX_BYTES:
                        raise _too_large(name)
                    target.write(chunk)
        except BROKEN as error:
            raise _damaged(name, error) from error
        return path

    def _add(self, file: File, prefix: str, depth: int) -> None:
        """List a file, or what is in it if it is an archive."""
        members = self._members(file) if depth < MAX_DEPTH else None
        for member in members or []:
            self._add(member, f"{prefix}{ENDINGS.sub('', file.name)}/", depth + 1)
        if members is None:
            file.name = prefix + file.name
            self.files.append(file)
        if len(self.files) > MAX_FILES:
            raise InputError(f"There are more than {MAX_FILES:,} files. Bring fewer, or join them.")

    def _members(self, file: File) -> list[File] | None:
        """Return the members of an archive, or None if it is another file."""
        looks_zip = file.name.lower().endswith(".zip")
        try:
            with file.open() as stream:
                start = stream.read(512)
        except BROKEN as error:
            raise _damaged(file.name, error) from error
        if looks_zip or start.startswith(ZIP):
            return self._zip_members(file, looks_zip)
        if re.search(r"\.(tar(\.\w+)?|tgz)$", file.name, re.IGNORECASE):
            return self._tar_members(file)
        return None

    def _zip_members(self, file: File, looks_zip: bool) -> list[File] | None:
        source = file.on_disk or self._seekable(file)
        try:
            with zipfile.ZipFile(source) as archive:
                infos = archive.infolist()
        except BROKEN as error:
            if looks_zip:
                raise _damaged(file.name, error) from error
            return None
        names = {info.filename for info in infos}
        if (
            "[Content_Types].xml" in names
            or any(name.endswith(".npy") for name in names)
            or "mimetype" in names
        ):
            for info in infos:
                _admit(info, file.name)
            return None  # a workbook or arrays: one table, not an archive
        found, whole = [], 0
        for info in infos:
            name = info.filename.replace("\\", "/")
            if not name or info.is_dir() or name.endswith("/") or _is_hidden(name):
                continue
            _admit(info, file.name)
            whole += info.file_size
            if whole > MAX_BYTES:
                raise _unpacks_to_more(file.name)
            found.append(File(name, _zip_member(source, info), self))
        return found

    def _tar_members(self, file: File) -> list[File]:
        found, whole = [], 0
        try:
            with tarfile.open(file.path) as archive:
                for info in archive:
                    if not info.isfile() or _is_hidden(info.name):
                        continue
                    if ".." in PurePosixPath(info.name).parts or info.name.startswith("/"):
                        raise InputError(f"{info.name[:80]!r} in {file.name} points outside of the archive.")
                    whole += info.size
                    if whole > MAX_BYTES:
                        raise _unpacks_to_more(file.name)
                    found.append(File(info.name, _tar_member(file.path, info), self))
        except BROKEN as error:
            raise _damaged(file.name, error) from error
        return found

    def _seekable(self, file: File) -> Source:
        """Return what zipfile can open again and again: the binary file itself, or a copy of a member."""
        stream = file.open()
        if isinstance(stream, io.BufferedReader) and isinstance(stream.raw, _Again):
            return stream.raw.file
        stream.close()
        return file.path


def _in_folder(folder: Path) -> list[tuple[str, Path]]:
    """List the files of a folder and of those in it; links and hidden files are left out."""
    found: list[tuple[str, Path]] = []
    for folders, (here, inner, files) in enumerate(os.walk(folder, onerror=_unreadable)):
        inner[:] = sorted(name for name in inner if not _is_hidden(name))
        for name in files:
            path = Path(here, name)
            if not (path.is_symlink() or _is_hidden(name)) and path.is_file():
                found.append((path.relative_to(folder).as_posix(), path))
        if len(found) > MAX_FILES:
            break
        if folders > MAX_FOLDERS:
            raise InputError(f"{folder} holds more than {MAX_FOLDERS:,} folders. Choose one of them.")
    return sorted(found, key=lambda entry: entry[0].split("/"))


def _unreadable(error: OSError) -> None:
    raise InputError(f"{error.filename} cannot be read: {reason(error)}") from error


def _opener(source: Source) -> Callable[[], IO[bytes]]:
    return lambda: source.open("rb") if isinstance(source, Path) else io.BufferedReader(_Again(source))


class _Again(io.RawIOBase):
    """A view of an open file from its beginning; closing this leaves the file open."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.place = file, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read the next bytes."""
        self.file.seek(self.place)
        content = self.file.read(len(buffer))
        buffer[: len(content)] = content
        self.place += len(content)
        return len(content)


def _zip_member(source: Source, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # the archive goes with its last member: zipfile counts its readers
        with zipfile.ZipFile(source) as archive:
            return archive.open(info)

    return opened


def _tar_member(path: Path, info: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        with tarfile.open(path) as archive:
            stream = archive.extractfile(info)
            assert stream is not None  # noqa: S101 (it is a file)
            copy = tempfile.SpooledTemporaryFile(CHUNK)  # noqa: SIM115 (the reader closes it)
            shutil.copyfileobj(stream, copy, CHUNK)
            copy.seek(0)
            return copy

    return opened


def _admit(info: zipfile.ZipInfo, name: str) -> None:
    """Refuse what no honest zip has in it, or what cannot be read."""
    inside = f"{info.filename[:80]!r} in {name}"
    steps = re.split(r"[/\\]", info.filename)
    if ".." in steps or steps[0] == "" or ":" in steps[0]:
        raise InputError(f"{inside} has a path that points outside of the zip. Pack it again.")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise InputError(f"{inside} is a link. Pack the file itself.")
    if info.flag_bits & 1:
        raise InputError(f"{inside} is protected by a password. Pack it again without one.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{inside} is packed in an unusual way. Pack it with deflate, the usual way.")
    if info.file_size > BOMB_FROM and info.file_size > BOMB_RATIO * max(info.compress_size, 1):
        raise InputError(
            f"{inside} would unpack to {info.file_size / 1e6:,.0f} MB, more than {BOMB_RATIO} times its size: "
            "it looks like a zip bomb and was not opened."
        )


def _is_hidden(name: str) -> bool:
    *folders, last = name.split("/")
    steps = folders if last == HIDDEN_BUT_WANTED else [*folders, last]
    return any(step.startswith((".", "__MACOSX")) and step not in (".", "..") for step in steps)


def _too_large(name: str) -> InputError:
    return InputError(f"{name} holds more than {MAX_BYTES // GIGABYTE} GB. Use a part of it.")


def _unpacks_to_more(name: str) -> InputError:
    return InputError(f"{name} unpacks to more than {MAX_BYTES // GIGABYTE} GB. Use a part of it.")


def _damaged(name: str, error: Exception) -> InputError:
    if isinstance(error, InputError):
        return error
    if isinstance(error, OSError) and error.strerror:
        return InputError(f"{name} cannot be read: {reason(error)}")
    kind = "a zip file" if name.lower().endswith(".zip") else "a whole file"
    return InputError(f"{name} is not {kind}, or it is damaged. Get it again.")
