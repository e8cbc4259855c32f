"""Find a browser for the tests, or install one: `python tests/browser/chromium.py`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> str | None:
    """Return the path of a Chromium, or None."""
    named = os.environ.get("ENCORE_CHROMIUM")
    if named:
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install_browser() -> None:
    """Install Debian's package as root, Playwright's own browser elsewhere."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        commands = [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for command in commands:
        print("Installing a browser for the tests:", " ".join(command), flush=True)
        subprocess.run(command, check=False)


def main() -> int:
    """Make sure there is a browser; 1 if there is none."""
    if find_browser() is None:
        install_browser()
    browser = find_browser()
    if browser is None:
        print(
            "The tests need Chromium and could not install it. Install it by hand (Debian: apt-get install "
            "chromium; elsewhere: .venv/bin/playwright install --with-deps chromium), or let ENCORE_CHROMIUM "
            "name its program.",
            file=sys.stderr,
        )
        return 1
    print(f"Browser for the tests: {browser}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
