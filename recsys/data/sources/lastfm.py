"""Last.fm listening data, published by GroupLens for the HetRec 2011 workshop."""

from __future__ import annotations

import csv
import hashlib
import http.client
import io
import os
import re
import stat
import struct
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pandas as pd
import platformdirs

from recsys import __version__
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.errors import InputError
from recsys.system.atomic_files import make_folder, reason, write_folder

URL = "https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip"
SHA256 = {
    "artists.dat": "c173881362c6b28551368fecb3c0be5a6a30a6cd859e1f5775413dfe46d48648",
    "user_artists.dat": "001400dc3c7d2667fca6e4ea6dc6acc31a9dd28ad5cd0f74cea988c019934d3b",
    "user_friends.dat": "9a3a8f7fa5f5ec832335e5b58ed69a4cf27c6f6f6afcde62134810eea46445a7",
    "tags.dat": "e95175f259be4c0c47644ae23d66131cd6d5767142a1405000e79f5584691d70",
}
ZIP_SHA256 = "6738f48195667ff03caaab4d32ca9a3133d8cc026b7c3cdaf6ce1010e913c59c"
TAGGED = "user_taggedartists.dat"
NEEDED = ("artists.dat", "user_artists.dat")
FILES = (*SHA256, TAGGED)

MEGABYTE = 1 << 20
LARGEST_ZIP = 32 * MEGABYTE
LARGEST_FILE = 32 * MEGABYTE
CHUNK = 64 * 1024
TIMEOUT = 30.0  # seconds of silence
MAX_DOWNLOAD_SECONDS = 900.0
WAY_OUT = "Try again, or get the zip another way and drop it onto the Data page."

TITLE = "Last.fm (HetRec 2011)"
ORIGIN = (
    "What about 2,000 users of Last.fm, https://www.last.fm, played up to 2011: released for the HetRec 2011 "
    "workshop and published by GroupLens, https://grouplens.org/datasets/hetrec-2011/."
)
LICENCE = "For non-commercial use only; please cite Last.fm when you use it."


def load_lastfm() -> Dataset:
    """Load the data that was downloaded or that RECSYS_LASTFM names.

    Raises
    ------
    InputError
        If there is none, or it cannot be used.
    """
    path = find_lastfm()
    if path is None:
        raise InputError(
            "The Last.fm data is not on this computer. Press the download button on the Data page, or set "
            "RECSYS_LASTFM to its folder or zip."
        )
    try:
        there, folder = path.exists(), path.is_dir()
    except OSError as error:
        raise InputError(f"RECSYS_LASTFM names {path}, which cannot be read: {reason(error)}") from error
    if not there:
        raise InputError(f"RECSYS_LASTFM names {path}, which is not there. Set it to a folder or zip.")
    return replace(read_folder(path) if folder else read_zip(path), key="lastfm", is_public=True)


def find_lastfm() -> Path | None:
    """Return where the data is: what RECSYS_LASTFM names, else a whole copy in the cache, else None."""
    if named := os.environ.get("RECSYS_LASTFM"):
        return Path(named)
    place = cache_folder() / "hetrec2011-lastfm-2k"
    return place if _is_whole(place) else None


def download(progress: Callable[[int, int], None] | None = None, url: str | None = None) -> Path:
    """Fetch the data into the cache, unless `find_lastfm` finds it already.

    Nothing is written before every file has been compared with its published checksum, and
    the folder appears whole or not at all. The tag assignments have no checksum of their own:
    they are kept if that of the zip is the known one.

    Parameters
    ----------
    progress : callable, optional
        Called at the start and after each chunk with the bytes that have arrived and those
        expected (0 if unknown).
    url : str, optional
        Where the zip is; else what RECSYS_LASTFM_URL names, else where it is published.

    Returns
    -------
    Path
        The folder with the files; RECSYS_CACHE names another place for it.

    Raises
    ------
    InputError
        If the download fails, is not the published data, or cannot be kept.
    """
    found = find_lastfm()
    if found is not None:
        return found
    url = url or os.environ.get("RECSYS_LASTFM_URL") or URL
    content = bytearray()
    expected = 0
    until = time.monotonic() + MAX_DOWNLOAD_SECONDS
    for chunk, expected in _chunks(url):
        content += chunk
        if time.monotonic() > until:
            raise InputError(
                f"The download was given up: only {len(content):,} bytes came in "
                f"{MAX_DOWNLOAD_SECONDS / 60:.0f} minutes. {WAY_OUT}"
            )
        if len(content) > LARGEST_ZIP:
            raise InputError(f"The download from {url} is far larger than the Last.fm data. {WAY_OUT}")
        if progress is not None:
            progress(len(content), expected)
    if len(content) < expected:
        raise InputError(f"The download broke off after {len(content):,} of {expected:,} bytes. {WAY_OUT}")
    files = _unpack(io.BytesIO(content), "The download")
    for file, checksum in SHA256.items():
        if _sha256(files.get(file, b"")) != checksum:
            raise InputError(f"The download was not kept: its {file} is not the published one. {WAY_OUT}")
    if _sha256(content) != ZIP_SHA256:
        files.pop(TAGGED, None)
    return _keep(files)


def read_folder(path: str | Path) -> Dataset:
    """Read the unpacked files; those with friends and tags may be missing.

    Raises
    ------
    InputError
        If a needed file is missing, or a file does not have the published form.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.")
    files = {}
    for file in FILES:
        try:
            files[file] = (folder / file).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InputError(f"{folder / file} cannot be read: {reason(error)}") from error
    return _dataset(files, str(folder))


def read_zip(source: str | Path | IO[bytes], name: str = "The zip") -> Dataset:
    """Read the files out of a zip, in whatever folder they stand in it; nothing is unpacked to disk.

    Parameters
    ----------
    source : path or binary file
        The zip.
    name : str
        What to call it, where `source` is no path.

    Raises
    ------
    InputError
        If it is no zip, or is damaged, encrypted or too large, or as for `read_folder`.
    """
    if isinstance(source, str | Path):
        name = str(source)
    return _dataset(_unpack(source, name), name)


def _chunks(url: str) -> Iterator[tuple[bytes, int]]:
    """Fetch piece by piece, each with the size that the server announced (0 if it did not)."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": f"encore/{__version__}"})  # noqa: S310 - ours
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - ours or the operator's
            expected = answer.length or 0
            yield b"", expected
            while chunk := answer.read1(CHUNK):
                yield chunk, expected
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError(f"{url} answered {error.code} {error.reason}. {WAY_OUT}") from error
    except urllib.error.URLError as error:
        raise InputError(f"{url} cannot be reached ({error.reason}). {WAY_OUT}") from error
    except (ValueError, http.client.InvalidURL) as error:
        raise InputError(
            f"{url[:200]!r} is no address. Set RECSYS_LASTFM_URL to one, or leave it out."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise InputError(f"The download broke off ({error or type(error).__name__}). {WAY_OUT}") from error


def _unpack(source: str | Path | IO[bytes], name: str) -> dict[str, bytes]:
    """Read the wanted files of a zip into memory, by base name."""
    files: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(source) as archive:
            for member in archive.infolist():
                file = re.split(r"[/\\]", member.filename)[-1]
                if file not in FILES:
                    continue
                if file in files:
                    raise InputError(f"{name} holds {file} twice. Leave one in it.")
                files[file] = _read_member(archive, member, name)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"There is no file {name}.") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as error:
        raise InputError(f"{name} is not a zip file, or it is damaged. Get it again.") from error
    return files


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    if member.flag_bits & 1:
        raise InputError(f"{member.filename} in {name} is encrypted. Pack it again without a password.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"{member.filename} in {name} is a link. Pack the file itself.")
    # bzip2 and lzma may blow a few bytes up to gigabytes within a single read
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InputError(f"{member.filename} in {name} is packed in an unusual way. Pack it with deflate.")
    if member.file_size > LARGEST_FILE:
        raise InputError(
            f"{member.filename} in {name} unpacks to more than {LARGEST_FILE // MEGABYTE} MB, "
            "far more than the published file."
        )
    with archive.open(member) as packed:
        # with a bound, for without one a file that lies about its size is unpacked whole before it is cut
        return packed.read(member.file_size + 1)


def _dataset(files: dict[str, bytes], place: str) -> Dataset:
    for file in NEEDED:
        if file not in files:
            raise InputError(f"{place} has no {file}. It needs {' and '.join(NEEDED)}, as published.")
    plays = _columns(files, "user_artists.dat", whole=("userID", "artistID"), text="weight")
    artists = _columns(files, "artists.dat", whole=("id",), text="name").drop_duplicates("id")
    names = artists.set_index("id")["name"]
    try:
        interactions = Interactions.from_frame(
            pd.DataFrame(
                {
                    "user": plays["userID"],
                    "item": plays["artistID"],
                    "value": plays["weight"],
                    "name": plays["artistID"].map(names[names != ""]),
                }
            )
        )
    except InputError as error:
        raise InputError(f"user_artists.dat: {error}") from None
    return Dataset(
        key=place,
        title=TITLE,
        origin=ORIGIN,
        licence=LICENCE,
        interactions=interactions,
        tags=_tags(files, interactions),
        friends=_friends(files, interactions),
    )


def _tags(files: dict[str, bytes], interactions: Interactions) -> pd.DataFrame | None:
    """Count the users who gave a tag to an artist with listeners."""
    if TAGGED not in files or "tags.dat" not in files:
        return None
    given = _columns(files, TAGGED, whole=("userID", "artistID", "tagID"))
    tags = _columns(files, "tags.dat", whole=("tagID",), text="tagValue", encoding="latin-1")
    given = given[given["artistID"].isin(interactions.items)].merge(tags.drop_duplicates("tagID"), on="tagID")
    counts = given.groupby(["artistID", "tagValue"])["userID"].nunique().reset_index()
    counts.columns = pd.Index(["item", "tag", "count"])
    order = ["item", "count", "tag"]
    return counts.sort_values(order, ascending=[True, False, True], ignore_index=True)


def _friends(files: dict[str, bytes], interactions: Interactions) -> pd.DataFrame | None:
    """List the friends of each user, in both directions whatever the file does."""
    if "user_friends.dat" not in files:
        return None
    pairs = _columns(files, "user_friends.dat", whole=("userID", "friendID"))
    pairs.columns = pd.Index(["user", "friend"])
    turned = pairs.rename(columns={"user": "friend", "friend": "user"})
    both = pd.concat([pairs, turned[["user", "friend"]]]).drop_duplicates()
    known = both["user"].isin(interactions.users) & both["friend"].isin(interactions.users)
    both = both[known & (both["user"] != both["friend"])]
    return both.sort_values(["user", "friend"], ignore_index=True)


def _columns(
    files: dict[str, bytes],
    file: str,
    *,
    whole: tuple[str, ...],
    text: str | None = None,
    encoding: str = "utf-8",
) -> pd.DataFrame:
    """Read some columns of a tab-separated file: whole numbers, and at most one of text."""
    columns = [*whole, *([text] if text else [])]
    try:
        table = pd.read_csv(
            io.BytesIO(files[file]),
            sep="\t",
            usecols=columns,
            index_col=False,
            dtype=str,
            keep_default_na=False,
            quoting=csv.QUOTE_NONE,  # names have quotation marks in them
            encoding=encoding,
        )
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not text in {encoding.upper()}. Use the file as published.") from error
    except ValueError as error:  # pandas says this of missing columns and of lines it cannot split
        raise InputError(
            f"{file} is not a tab-separated table with the columns {', '.join(columns)}. "
            "Use the file as published."
        ) from error
    for column in whole:
        good = table[column].str.fullmatch("[0-9]{1,15}")
        if not good.all():
            row = int((~good).to_numpy().argmax())
            raise InputError(
                f"{file}: Row {row + 1}: {column} must be a whole number, not {table[column].iloc[row]!r}."
            )
        table[column] = table[column].astype("int64")
    return table[columns]


def cache_folder() -> Path:
    """Return the folder for what can be fetched or made again; RECSYS_CACHE names another one."""
    return Path(os.environ.get("RECSYS_CACHE") or platformdirs.user_cache_dir("encore"))


def _is_whole(folder: Path) -> bool:
    """Say whether the files are there as published; takes some 5 ms."""
    try:
        return all(_sha256((folder / file).read_bytes()) == known for file, known in SHA256.items())
    except OSError:
        return False


def _keep(files: dict[str, bytes]) -> Path:
    """Write the files beside their place, then put them there in one step."""
    place = cache_folder() / "hetrec2011-lastfm-2k"
    try:
        make_folder(place.parent)
        write_folder(place, files, _is_whole)
    except OSError as error:
        raise InputError(
            f"The data cannot be kept in {place.parent}: {reason(error)} "
            "Or set RECSYS_CACHE to a folder that can be written to."
        ) from error
    return place


def _sha256(content: bytes | bytearray) -> str:
    return hashlib.sha256(content).hexdigest()
