"""Spark session: start with clear errors, quiet output, and a clean end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys.errors import InputError

OLDEST_JAVA = 17
# A local session needs no network access, and few tasks.
LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
}
SETTINGS = {"spark.ui.showConsoleProgress": "false"}


@contextmanager
def open_session(master: str, conf: Mapping[str, str]) -> Iterator[Any]:
    """Start a session, and stop it at the end.

    Parameters
    ----------
    master : str
        `local[2]`, `spark://...`, `yarn`, `k8s://...`, or `sc://...` for Spark Connect.
    conf : mapping
        Spark's own settings, by name.

    Raises
    ------
    InputError
        If Spark or Java is missing or too old, the session cannot be started, or Spark gives up later on.
    """
    try:
        # Spark takes tables as Arrow from us, never as pandas.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError("Spark is not installed. Run: pip install -r requirements-spark.txt") from None
    remote = master.startswith("sc://")
    if not remote:
        check_java()
    builder = SparkSession.builder.appName("Encore")
    builder = builder.remote(master) if remote else builder.master(master)
    local = LOCAL if master.startswith("local") else {}
    if local:
        # Otherwise workers use any `python3`.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    for name, value in (SETTINGS | local | dict(conf)).items():
        builder = builder.config(name, value)
    with tempfile.NamedTemporaryFile(prefix="encore-spark-", suffix=".log", delete=False) as log:
        path = Path(log.name)
        try:
            with _noise_in(log.fileno()):
                spark = builder.getOrCreate()
        except (ImportError, PySparkException, Py4JError, OSError, RuntimeError) as error:
            raise InputError(
                f"Spark did not start at {master}: {_first_line(error)} Its log is {path}."
            ) from error
    try:
        with _interruptible(spark):
            yield spark
        path.unlink(missing_ok=True)
    except (PySparkException, Py4JError) as error:
        raise InputError(f"Spark gave up: {_first_line(error)} Its log is {path}.") from error
    except (InputError, KeyboardInterrupt):
        path.unlink(missing_ok=True)
        raise
    finally:
        spark.stop()


@contextmanager
def _interruptible(spark: Any) -> Iterator[None]:
    """Let Ctrl-C cancel Spark's jobs from another thread: within a call to Java it would break the connection.

    A second Ctrl-C does not wait.
    """
    asked, ended = threading.Event(), threading.Event()

    def cancel() -> None:
        # Repeatedly: there may be no job at the moment.
        while not ended.wait(0.2):
            if hasattr(spark, "_sc"):
                spark._sc.cancelAllJobs()
            else:
                spark.interruptAll()

    def ask(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        threading.Thread(target=cancel, daemon=True).start()

    in_main = threading.current_thread() is threading.main_thread()
    if in_main:
        signal.signal(signal.SIGINT, ask)
    try:
        yield
    except Exception:
        if asked.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        ended.set()
        if in_main:  # Spark has a handler of its own, which is no longer needed either
            signal.signal(signal.SIGINT, signal.default_int_handler)


def check_java() -> None:
    """Check that Java is installed and recent enough.

    Raises
    ------
    InputError
        If there is no Java, or it is too old.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    wanted = f"Spark needs Java {OLDEST_JAVA} or newer"
    way_out = (
        f"Install one (Debian: apt-get install openjdk-{OLDEST_JAVA}-jre-headless), or set JAVA_HOME to it."
    )
    if java is None:
        raise InputError(f"{wanted}, and there is none on this computer. {way_out}")
    try:
        # Spark itself is about to run the same program.
        done = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        said = done.stderr + done.stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    # Java 8 called itself 1.8
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None:
        raise InputError(f"{wanted}, and {java} does not run. {way_out}")
    if int(version[1]) < OLDEST_JAVA:
        raise InputError(f"{wanted}, and {java} is Java {version[1]}. {way_out}")


@contextmanager
def _noise_in(log: int) -> Iterator[None]:
    """Redirect the output of processes started meanwhile to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    screen = [os.dup(1), os.dup(2)]
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        yield
    finally:
        for place, copy in zip((1, 2), screen, strict=True):
            os.dup2(copy, place)
            os.close(copy)


def _first_line(error: BaseException) -> str:
    """Return the message of a Spark error, without its Java location."""
    java = getattr(error, "java_exception", None)
    said = java.toString() if java is not None else str(error)
    line = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
    return line[:300].rstrip(".") + "."
