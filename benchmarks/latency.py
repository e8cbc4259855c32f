"""Measure the time from a move of a slider to the redrawn curve, figures and list, in a real browser.

    RECSYS_LASTFM=/path/to/hetrec2011-lastfm-2k python benchmarks/latency.py

Starts a server of its own, opens Train on Last.fm and moves lambda back and forth with the arrow keys: with the
article's model, 3 latent features and 200 epochs, to the redrawn curve; with the recommended model in its fast
setting, to curve, NDCG@10 and list. Then it goes through the epochs of that training: from a move to the epoch's list.
Prints the median and the 95th percentile of each, and the load of the machine, which decides whether they mean much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from pages.components.session.session import RECOMMENDED  # noqa: E402
from tests.browser.serving import open_browser, serve  # noqa: E402

FAST = "&".join(f"{name}={RECOMMENDED.settings[name]}" for name in ("factors", "epochs"))
FAST_EPOCHS = int(RECOMMENDED.settings["epochs"])


class Case(NamedTuple):
    """One measurement: a slider, and the parts of the page that have to change.

    Attributes
    ----------
    model, query : str
        The model, and its settings in the address.
    epochs : int
        Of a whole curve.
    slider : str
        Accessible name.
    parts : list of str
        Of `curve`, `ndcg` and `list`: what is to change.
    target : int
        Milliseconds.
    """

    model: str
    query: str
    epochs: int
    slider: str
    parts: list[str]
    target: int


LAMBDA = "Lambda (regularization)"
CASES = {
    "article": Case(
        "article",
        "factors=3&epochs=200&learning_rate=0.001&regularization=0.1",
        200,
        LAMBDA,
        ["curve"],
        120,
    ),
    RECOMMENDED.model: Case(RECOMMENDED.model, FAST, FAST_EPOCHS, LAMBDA, ["curve", "ndcg", "list"], 350),
    "epochs": Case(RECOMMENDED.model, FAST, FAST_EPOCHS, "Epoch", ["list"], 120),
}

# The moment of the last move, and the moment that everything that is to change is on screen, changed.
WATCH = """
([epochs, parts]) => {
  window.moved = 0;
  window.redrawn = [];
  const seen = () => {
    const curve = document.querySelector(".live-chart-plot")?.calcdata?.find((c) => c.length >= epochs);
    if (!curve) return null;
    const chart = `${curve.length} ${curve[curve.length - 1].y}`;
    const ranked = document.querySelector(".live-chart-plot")._fullData.find((t) => t.name === "NDCG@10");
    const list = document.querySelector(".ranked-list")?.dataset.draws;
    const found = { curve: chart, ndcg: `${ranked?.y}`, list };
    return parts.map((part) => found[part]);
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


def measure(page: Page, address: str, case: Case, moves: int) -> list[float]:
    """Move the slider to and fro with the arrow keys; return each wait in milliseconds."""
    page.goto(f"{address}/train?data=lastfm&model={case.model}&{case.query}")
    page.wait_for_function(
        "epochs => document.querySelector('.live-chart-plot')?.calcdata?.some(c => c.length >= epochs)",
        arg=case.epochs,
        timeout=240_000,
    )
    page.wait_for_timeout(4_000)
    page.evaluate(WATCH, [case.epochs, case.parts])
    page.get_by_role("slider", name=case.slider, exact=True).first.focus()
    waits = []
    # Three steps to one side, three back, so that each curve differs from the one before.
    for move in range(moves):
        page.evaluate("window.redrawn = []")
        back = move % 6 < 3
        page.keyboard.press("ArrowLeft" if back == (case.slider == "Epoch") else "ArrowRight")
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
        tempfile.TemporaryDirectory() as cache,
        serve(Path(cache), RECSYS_LASTFM=os.environ["RECSYS_LASTFM"], RECSYS_RUNS=f"{cache}/runs") as address,
        open_browser() as browser,
    ):
        for name, case in CASES.items():
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            waits = measure(page, address, case, options.moves)
            page.close()
            print(f"{name}: median {statistics.median(waits):.0f} ms", file=sys.stderr, flush=True)
            found[name] = {
                "median": statistics.median(waits),
                "p95": statistics.quantiles(waits, n=20, method="inclusive")[-1],
                "target": case.target,
                "waits": waits,
            }
    if options.json:
        print(json.dumps(found))
        return
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(
        f"From a move to the redrawn page, {options.moves} moves, {cores} cores, load {load:.1f}, in milliseconds:"
    )
    for name, row in found.items():
        print(f"{name:10} median {row['median']:6.0f} (target {row['target']})   p95 {row['p95']:6.0f}")


if __name__ == "__main__":
    main()
