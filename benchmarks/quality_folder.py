"""Lists on data of other kinds: `make benchmark-quality DATA=FOLDER`.

Every CSV file of a folder: the choice of `recsys choose` and our defaults beside tuned peers. Each peer's settings are
those of its grid that were best on the draw 20; nothing was tuned on the draws that are reported.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.filling import fill
from benchmarks.quality import ROOT, measure
from recsys.data.sources.load import load
from recsys.data.splitting import Split, hold_out, suited
from recsys.experiments.choose import Race
from recsys.experiments.training import warm_up
from recsys.models import make_model
from recsys.models.base import Model

TUNED_ON = 20
DRAWS = (11, 12, 13)
RESULTS = ROOT / "benchmarks" / "quality_folder.json"
CHOICE = "**Find the best**"
Grid = list[Callable[[], Model]]


def peers() -> dict[str, Grid]:
    """Return the settings of each peer that are tried on the draw 20."""
    # Not at the top: the tests do without the packages of others.
    from irspack import CosineKNNRecommender, RP3betaRecommender

    from benchmarks.quality_peers import BlockALS, PackageItems, ScaledEASE

    items = partial(PackageItems, RP3betaRecommender, alpha=1.0)
    nearest = partial(PackageItems, CosineKNNRecommender, normalize=True)
    strengths = (30.0, 100.0, 300.0, 1000.0)
    return {
        "EASE, plain": [partial(ScaledEASE, strength, 0.0, 0.0) for strength in strengths],
        "EASE, scaled by popularity": [partial(ScaledEASE, strength, 0.5, 0.2) for strength in strengths],
        "iALS++ of irspack, k = 128": [
            partial(BlockALS, regularization=strength) for strength in (0.003, 0.01, 0.04, 0.1)
        ],
        "ALS of implicit": [
            partial(make_model, "als", regularization=strength) for strength in (10, 30, 80, 200)
        ],
        "RP3beta of irspack": [partial(items, beta=beta, top_k=k) for beta in (0.3, 0.6) for k in (100, 500)],
        "Item-kNN of irspack": [
            partial(nearest, shrinkage=shrinkage, top_k=k) for shrinkage in (0.0, 100.0) for k in (100, 500)
        ],
    }


def draw(path: Path, seed: int) -> Split:
    """Return the hold-out of a file with the numbers that suit it."""
    interactions = load(str(path)).interactions
    return hold_out(interactions, *suited(interactions), seed)


def chosen(split: Split) -> tuple[Model, float]:
    """Return the choice for a split, not trained, and the seconds of processor time to choose it."""
    started = time.process_time()
    race = Race(split)
    for _ in race:
        pass
    return make_model(race.setup.model, **race.setup.settings), time.process_time() - started


def benchmark(path: Path, grids: Mapping[str, Grid]) -> dict[str, dict[str, list[float]]]:
    """Return NDCG@10 and seconds of processor time of each contender on each reported draw."""
    tuning = draw(path, TUNED_ON)
    best = {
        name: max(grid, key=lambda make: measure(make(), tuning)["ndcg"]) if len(grid) > 1 else grid[0]
        for name, grid in grids.items()
    }
    found: dict[str, dict[str, list[float]]] = {}
    for seed in DRAWS:
        split = draw(path, seed)
        choice, seconds = chosen(split)
        contenders = {
            CHOICE: choice,
            **{f"**{name}**": make_model(name) for name in ("implicit", "ease")},
            **{name: make() for name, make in best.items()},
        }
        for name, model in contenders.items():
            figures = measure(model, split)
            row = found.setdefault(name, {"ndcg": [], "seconds": []})
            row["ndcg"].append(round(figures["ndcg"], 6))
            row["seconds"].append(round(figures["seconds"] + (seconds if name == CHOICE else 0.0), 2))
            print(f"{path.stem}, draw {seed}: {name:30} {figures['ndcg']:.4f}", flush=True)
    return found


def table(results: Mapping[str, Mapping[str, Mapping[str, list[float]]]]) -> str:
    """Return the results by data set as Markdown: a row for each contender, the best of a column in bold."""
    names = list(dict.fromkeys(name for result in results.values() for name in result))
    means = {
        data: {name: np.mean(row["ndcg"]) for name, row in rows.items()} for data, rows in results.items()
    }
    lines = [f"| | {' | '.join(results)} |", f"| --- |{' --- |' * len(results)}"]
    for name in names:
        cells = []
        for rows in means.values():
            cell = f"{rows[name]:.4f}" if name in rows else ""
            cells.append(f"**{cell}**" if cell and rows[name] == max(rows.values()) else cell)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    seconds = (
        f"{np.mean(rows[CHOICE]['seconds']):.0f}" if CHOICE in rows else "" for rows in results.values()
    )
    lines.append(f"| CPU seconds to choose and train | {' | '.join(seconds)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what was asked for, and keep the results of other files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="folder of CSV files: user, item and, if known, value")
    parser.add_argument("--only", metavar="FILE", help="only the file of this name, without .csv")
    parser.add_argument("--ours", action="store_true", help="without the peers, whose results stay")
    options = parser.parse_args()
    warm_up()
    threadpool_limits(1)
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for path in sorted(options.folder.glob("*.csv")):
        if options.only in (None, path.stem):
            found = benchmark(path, {} if options.ours else peers())
            results[path.stem] = {**results.get(path.stem, {}), **found} if options.ours else found
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    text = table(results)
    print(text)
    for page in (ROOT / "README.md", ROOT / "benchmarks" / "README.md"):
        fill(page, "quality-folder", text)


if __name__ == "__main__":
    main()
