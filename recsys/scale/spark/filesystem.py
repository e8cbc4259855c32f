"""Small files in any store that Spark supports."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow import fs
from pyspark.sql import SparkSession

from recsys.errors import InputError


def read_file(spark: SparkSession, path: str) -> bytes | None:
    """Read a small file; None if it does not exist."""
    found = _hadoop(spark, path)
    if found is not None:
        store, place, java = found
        if not store.exists(place):
            return None
        stream = store.open(place)
        try:
            return bytes(java.org.apache.commons.io.IOUtils.toByteArray(stream))
        finally:
            stream.close()
    arrow, name = _arrow(path)
    if arrow.get_file_info(name).type != fs.FileType.File:
        return None
    with arrow.open_input_stream(name) as stream:
        return stream.read()


def write_file(spark: SparkSession, path: str, content: bytes) -> None:
    """Write or replace a small file."""
    found = _hadoop(spark, path)
    if found is not None:
        store, place, _ = found
        stream = store.create(place, True)
        try:
            stream.write(bytearray(content))
        finally:
            stream.close()
        return
    arrow, name = _arrow(path)
    with arrow.open_output_stream(name) as stream:
        stream.write(content)


def remove(spark: SparkSession, path: str) -> None:
    """Remove a folder or a file, if it exists."""
    found = _hadoop(spark, path)
    if found is not None:
        store, place, _ = found
        store.delete(place, True)
        return
    arrow, name = _arrow(path)
    kind = arrow.get_file_info(name).type
    if kind == fs.FileType.Directory:
        arrow.delete_dir(name)
    elif kind == fs.FileType.File:
        arrow.delete_file(name)


def exists(spark: SparkSession, path: str) -> bool:
    """Return whether a file or a folder exists."""
    found = _hadoop(spark, path)
    if found is not None:
        store, place, _ = found
        return bool(store.exists(place))
    arrow, name = _arrow(path)
    return bool(arrow.get_file_info(name).type != fs.FileType.NotFound)


def _hadoop(spark: SparkSession, path: str) -> tuple[Any, Any, Any] | None:
    """Return the Hadoop file system, the path in it, and the JVM; None over Spark Connect."""
    if not hasattr(spark, "_jvm"):
        return None
    java = spark._jvm
    place = java.org.apache.hadoop.fs.Path(path)
    return place.getFileSystem(spark._jsparkSession.sessionState().newHadoopConf()), place, java


def _arrow(path: str) -> tuple[Any, str]:
    """Return the Arrow file system and the path in it.

    Raises
    ------
    InputError
        If the scheme is not supported.
    """
    try:
        return fs.FileSystem.from_uri(path.replace("s3a://", "s3://", 1))
    except (pa.ArrowInvalid, ValueError):
        if "://" in path:
            raise InputError(
                f"{path} cannot be reached from here over Spark Connect. Use a folder that both sides share."
            ) from None
        return fs.LocalFileSystem(), path
