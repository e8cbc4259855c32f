"""Take the pictures of the README anew: `make screens`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.serving import ROOT, open_browser, serve
from tests.browser.steps import choose, go, pick, settled, state

PLACE = ROOT / "docs" / "screens"
SIZE = {"width": 1280, "height": 860}


def take(page: Page, name: str, scheme: str) -> None:
    """Write what is in view, once everything on it is drawn."""
    settled(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(1_000)  # charts and tables fade in
    page.screenshot(path=PLACE / f"{name}-{scheme}.png")


def main() -> None:
    """Go through the screens once in each scheme, on the sample."""
    expect.set_options(timeout=60_000)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as address, open_browser() as browser:
        for scheme, names in (("light", ("explore", "train", "map")), ("dark", ("recommend", "compare"))):
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            go(page, address, "explore")
            if "explore" in names:
                take(page, "explore", scheme)
            go(page, address, "train")
            page.get_by_role("button", name="Train", exact=True).click()
            state(page, "Done", 300)
            if "train" in names:
                take(page, "train", scheme)
            if "recommend" in names:
                page.get_by_role("link", name="See all that it recommends").click()
                pick(page, "7")
                take(page, "recommend", scheme)
            if "map" in names:
                choose(page, "Map")
                page.get_by_role("figure", name="Map of artists").wait_for(timeout=300_000)
                take(page, "map", scheme)
            if "compare" in names:
                choose(page, "Compare")
                page.get_by_role("button", name="Compare", exact=True).click()
                page.get_by_text("Accuracy against").wait_for(timeout=300_000)
                page.get_by_text("Training and measuring").wait_for(state="detached", timeout=300_000)
                take(page, "compare", scheme)
            page.close()


if __name__ == "__main__":
    main()
