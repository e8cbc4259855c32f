"""Measure the time from a move of a slider to the redrawn curve, figures and list, in a real browser.

    RECSYS_LASTFM=/path/to/hetrec2011-lastfm-2k python benchmarks/latency.py

Starts a server of its own, opens Train on Last.fm and moves lambda back and forth with the arrow keys: with the
article's model, 3 latent features and 200 epochs, to the redrawn curve; with the recommended model in its fast
setting, to curve, NDCG@10 and list. Prints the median and the 95th percentile of each.
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
from pages.components.session.session import RECOMMENDED  # noqa: E402
from tests.browser.serving import open_browser, serve  # noqa: E402

# Name, what the address says, how many epochs, whether list and NDCG@10 count too, and the target in milliseconds.
CASES = (
    ("article", "factors=3&epochs=200&learning_rate=0.001&regularization=0.1", 200, False, 120),
    (
        RECOMMENDED.model,
        "&".join(f"{name}={RECOMMENDED.settings[name]}" for name in ("factors", "epochs")),
        int(RECOMMENDED.settings["epochs"]),
        True,
        350,
    ),
)

# The moment of the last move, and the moment that everything that is to change is on screen, changed.
WATCH = """
([epochs, all]) => {
  window.moved = 0;
  window.redrawn = [];
  const seen = () => {
    const curve = document.querySelector(".live-chart-plot")?.calcdata?.find((c) => c.length >= epochs);
    if (!curve) return null;
    const chart = `${curve.length} ${curve[curve.length - 1].y}`;
    if (!all) return [chart];
    const ranked = document.querySelector(".live-chart-plot")._fullData.find((t) => t.name === "NDCG@10");
    const list = document.querySelector(".ranked-list")?.dataset.draws;
    return [chart, `${ranked?.y}`, list];
  };
  window.addEventListener("input", () => { window.moved = performance.now(); window.before = seen(); }, true);
  const look = () => {
    const now = seen();
    if (window.before && now && now.every((part, at) => part !== window.before[at])) {
      window.before = null;
      requestAnimationFrame(() => window.redrawn.push(performance.now()));
    }
    setTimeout(look, 2);
  };
  look();
}
"""


def measure(
    page: Page, address: str, model: str, query: str, epochs: int, all_of_it: bool, moves: int
) -> list[float]:
    """Move lambda up and down with the arrow keys; return each wait in milliseconds."""
    page.goto(f"{address}/train?data=lastfm&model={model}&{query}")
    page.wait_for_function(
        "epochs => document.querySelector('.live-chart-plot')?.calcdata?.some(c => c.length >= epochs)",
        arg=epochs,
        timeout=240_000,
    )
    page.wait_for_timeout(4_000)
    page.evaluate(WATCH, [epochs, all_of_it])
    page.get_by_role("slider", name="Lambda (regularization)").first.focus()
    waits = []
    # Three steps up, three down, so that each curve differs from the one before.
    for move in range(moves):
        page.evaluate("window.redrawn = []")
        page.keyboard.press("ArrowRight" if move % 6 < 3 else "ArrowLeft")
        page.wait_for_function("window.redrawn.length > 0", timeout=30_000)
        waits.append(page.evaluate("window.redrawn[0] - window.moved"))
        page.wait_for_timeout(600)
    return waits


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=30, help="how often the slider moves (30)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    found = {}
    with (
        tempfile.TemporaryDirectory() as name,
        serve(Path(name), RECSYS_LASTFM=os.environ["RECSYS_LASTFM"], RECSYS_RUNS=f"{name}/runs") as address,
        open_browser() as browser,
    ):
        for model, query, epochs, all_of_it, target in CASES:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            waits = measure(page, address, model, query, epochs, all_of_it, options.moves)
            page.close()
            print(f"{model}: median {statistics.median(waits):.0f} ms", file=sys.stderr, flush=True)
            found[model] = {
                "median": statistics.median(waits),
                "p95": statistics.quantiles(waits, n=20, method="inclusive")[-1],
                "target": target,
                "waits": waits,
            }
    if options.json:
        print(json.dumps(found))
        return
    print(f"From a move to the redrawn page, {options.moves} moves, {os.cpu_count()} cores, in milliseconds:")
    for model, row in found.items():
        print(f"{model:10} median {row['median']:6.0f} (target {row['target']})   p95 {row['p95']:6.0f}")


if __name__ == "__main__":
    main()
