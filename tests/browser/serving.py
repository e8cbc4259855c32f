"""The real app on a port of its own, for tests and pictures."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import find_browser

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds


@contextmanager
def serve(cache: Path, may_fail: bool = False, **environment: str) -> Iterator[str]:
    """Start the app with this cache folder and yield its address; stop it at the end.

    It must not have written that something failed, unless it may.

    Raises
    ------
    RuntimeError
        If it does not answer; holds what the server wrote.
    """
    server, address = start(cache, **environment)
    log = cache / "server.log"
    try:
        yield address
        assert server.poll() is None, f"The app ended by itself:\n{log.read_text()}"
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    written = log.read_text()
    fine = "traceback" not in written.lower() and "ScriptRunContext" not in written
    assert may_fail or fine, f"The server wrote:\n{written}"


def start(cache: Path, **environment: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the app with this cache folder; return the server, for the caller to stop, and its address.

    Raises
    ------
    RuntimeError
        If it does not answer; holds what the server wrote.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    options = ["--server.port", str(port), "--server.headless", "true", "--server.fileWatcherType", "none"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RECSYS_")}
    log = cache / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=clean | {"RECSYS_CACHE": str(cache), "RECSYS_RUNS": str(cache / "runs")} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, f"{address}/_stcore/health", log)
    except BaseException:
        server.kill()
        server.wait()
        raise
    return server, address


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"The app did not start. It wrote:\n{log.read_text()}")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start a browser and yield it; close it at the end."""
    arguments = [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
    ]
    path = find_browser()  # starts Playwright too, which cannot be done twice at once
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()
