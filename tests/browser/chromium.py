"""Find a browser for the tests, or install one: `python tests/browser/chromium.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Return the path of a Chromium that runs, or None."""
    return next((path for path in _candidates() if _runs(path)), None)


def _candidates() -> Iterator[str]:
    if named := os.environ.get("ENCORE_CHROMIUM"):
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    yield path


def _runs(path: str) -> bool:
    # Ubuntu's `chromium-browser`, for one, only says that the snap is missing.
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install_browser() -> None:
    """Install Debian's package as root, Playwright's own browser elsewhere."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root and shutil.which("apt-get"):
        packages = ["chromium", "fonts-liberation"]
        if _run("apt-get", "update", "-qq") and _run(
            "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages
        ):
            return
    _run(sys.executable, "-m", "playwright", "install", *(["--with-deps"] if root else []), "chromium")


def _run(*command: str) -> bool:
    print("Installing a browser for the tests:", " ".join(command), flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL, env=environment).returncode == 0


def main() -> int:
    """Make sure there is a browser; 1 if there is none."""
    browser = find_browser()
    if browser is None and "ENCORE_CHROMIUM" not in os.environ:
        install_browser()
        browser = find_browser()
    if browser is None:
        print(
            "The tests need a Chromium that runs; none was found and none could be installed. Install it by "
            "hand (Debian: apt-get install chromium; elsewhere: .venv/bin/python -m playwright install "
            "--with-deps chromium), or let ENCORE_CHROMIUM name its program.",
            file=sys.stderr,
        )
        return 1
    print(f"Browser for the tests: {browser}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
