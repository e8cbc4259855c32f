"""Measure the time from letting go of a slider to the redrawn learning curve, in a real browser.

    RECSYS_LASTFM=/path/to/hetrec2011-lastfm-2k python benchmarks/latency.py

Starts a server of its own, opens Train on Last.fm with the article's model, 3 latent features and 200 epochs,
and moves lambda back and forth with "train as I tune" on. Prints the median and the 95th percentile.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.browser.serving import open_browser, serve  # noqa: E402

TARGET = {"median": 300, "p95": 600}
QUERY = "data=lastfm&model=article&factors=3&epochs=200&learning_rate=0.001&regularization=0.1"

# The moment the last key or button goes up, and the moment a chart with another, complete curve is on screen.
WATCH = """
() => {
  window.moved = 0;
  window.redrawn = [];
  const last = (chart) => {
    const curve = chart.calcdata?.[1];
    return curve ? [curve.length, curve[curve.length - 1].y] : [0, NaN];
  };
  let before = "";
  let wanted = 0;
  for (const event of ["pointerup", "keyup"]) {
    window.addEventListener(event, () => { window.moved = performance.now(); }, true);
  }
  const look = () => {
    const chart = document.querySelector(".live-chart-plot");
    if (chart) {
      const [length, error] = last(chart);
      const now = `${length} ${error}`;
      if (length >= window.epochs && now !== before) {
        before = now;
        requestAnimationFrame(() => window.redrawn.push([performance.now(), now]));
      }
    }
    setTimeout(look, 2);
  };
  look();
}
"""


def measure(page: Page, address: str, moves: int) -> list[float]:
    """Move lambda up and down with the arrow keys; return each wait in milliseconds."""
    page.goto(f"{address}/train?{QUERY}")
    page.evaluate("window.epochs = 200")
    page.evaluate(WATCH)
    page.wait_for_function("window.redrawn.length > 0", timeout=240_000)
    page.get_by_text("Train as I tune").click()
    page.wait_for_timeout(3_000)  # the toggle trains once, and the server warms up
    slider = page.get_by_role("slider", name="Lambda (regularization)").first
    slider.focus()
    waits = []
    # Five steps up, five down, so that each curve differs from the one before.
    for move in range(moves):
        page.evaluate("window.redrawn = []")
        page.keyboard.press("ArrowRight" if move % 10 < 5 else "ArrowLeft")
        page.wait_for_function("window.redrawn.length > 0", timeout=30_000)
        moved, redrawn = page.evaluate("[window.moved, window.redrawn[0][0]]")
        waits.append(redrawn - moved)
        page.wait_for_timeout(250)
    return waits


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=40, help="how often the slider moves (40)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        serve(Path(name), RECSYS_LASTFM=os.environ["RECSYS_LASTFM"], RECSYS_RUNS=f"{name}/runs") as address,
        open_browser() as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        waits = measure(page, address, options.moves)
    found = {
        "moves": len(waits),
        "median": statistics.median(waits),
        "p95": statistics.quantiles(waits, n=20, method="inclusive")[-1],
        "fastest": min(waits),
        "slowest": max(waits),
    }
    if options.json:
        print(json.dumps(found | {"waits": waits}))
        return
    print(f"From release to redrawn curve, {len(waits)} moves, {os.cpu_count()} cores, in milliseconds:")
    for name in ("median", "p95", "fastest", "slowest"):
        print(
            f"{name:8} {found[name]:6.0f}" + (f"   (target: below {TARGET[name]})" if name in TARGET else "")
        )


if __name__ == "__main__":
    main()
