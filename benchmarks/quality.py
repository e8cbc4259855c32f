"""How good every model's lists are, beside those of other packages: `make benchmark-quality`.

Every model of `MODELS` with its defaults, and the peers, learn from the same hold-outs and rank the whole catalogue
for every listener who hides artists. Prints tables, writes `benchmarks/quality.json` and replaces the tables in the
README.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from benchmarks.filling import fill
from recsys.data.sources.load import load
from recsys.data.splitting import Split, hold_out
from recsys.evaluation import metrics
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.experiments.training import warm_up
from recsys.models import MODELS, make_model
from recsys.models.asymmetric_svd import AsymmetricSVD
from recsys.models.base import Model
from recsys.models.funk_svd import FunkSVD

ROOT = Path(__file__).parents[1]
# No setting was chosen on these hold-outs.
SEEDS = (10, 11, 12, 13, 14)
MOST_USERS = 20_000
REFERENCE = "ALS of implicit, tuned"
MEASURES = ("ndcg", "recall", "coverage", "seconds")
PACKAGES = ("implicit", "irspack", "numba", "numpy", "scipy")

# What is measured, by the name it has in the table: a function of the seed that makes it.
Contenders = dict[str, Callable[[int], Model]]


def contenders() -> Contenders:
    """Return every model with its defaults, a fast setting, and the peers with their best."""
    # Not at the top: the tests do without the packages of others.
    from benchmarks.quality_peers import BlockALS, PackageBPR, ScaledEASE, WideBlockALS

    def ours(name: str, **settings: object) -> Callable[[int], Model]:
        seeded = "seed" in MODELS[name].defaults
        return lambda seed: make_model(name, **settings, **({"seed": seed} if seeded else {}))

    return {f"**{name}**": ours(name) for name in MODELS} | {
        "**implicit**, fast: k = 96, 12 epochs": ours("implicit", factors=96, epochs=12),
        REFERENCE: ours("als", factors=256, alpha=20, regularization=80),
        "BPR of implicit, tuned": lambda seed: PackageBPR(seed=seed),
        "iALS++ of irspack, k = 128": lambda seed: BlockALS(seed=seed),
        "iALS++ of irspack, k = 384": lambda seed: WideBlockALS(seed=seed),
        "EASE, scaled by popularity": lambda seed: ScaledEASE(),
    }


def measure(model: Model, split: Split) -> dict[str, float]:
    """Train and rank; return the figures of `MEASURES`, seconds being those of the processor."""
    started = time.process_time()
    model.fit(split.train)
    seconds = time.process_time() - started
    figures = metrics.measure(RankedLists.of(model, split, sample_users(split, MOST_USERS)))
    return {name: figures.get(name, seconds) for name in MEASURES}


def mean_and_interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean over seeds and half the width of its 95 % confidence interval, by Student's t."""
    if len(values) < 2:
        return float(values[0]), float("nan")
    width = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values)), float(width)


def predictions(split: Split, seed: int) -> dict[str, float]:
    """Return the RMSE of log plays on the hidden pairs, by what predicts them."""
    errors: dict[str, float] = {}
    for model in (FunkSVD(seed=seed), AsymmetricSVD(seed=seed)):
        model.fit(split.train)
        errors |= model.references(split.train, split.validation)
        errors[f"**{model.name}**"] = model.rmse(split.validation)
    return dict(sorted(errors.items(), key=lambda error: -error[1]))


def benchmark(data: str, seeds: Sequence[int], chosen: Contenders) -> dict[str, Any]:
    """Measure everything on every seed, in turn so that all meet the machine in the same state."""
    dataset = load(data)
    figures: dict[str, dict[str, list[float]]] = {name: {m: [] for m in MEASURES} for name in chosen}
    errors: dict[str, list[float]] = {}
    for seed in seeds:
        split = hold_out(dataset.interactions, seed=seed)
        for name, make in chosen.items():
            measured = measure(make(seed), split)
            for measure_name, value in measured.items():
                figures[name][measure_name].append(round(value, 6))
            print(f"{dataset.title}, seed {seed}: {name:40} {measured['ndcg']:.4f}", flush=True)
        for name, error in predictions(split, seed).items():
            errors.setdefault(name, []).append(round(error, 6))
    return {
        "title": dataset.title,
        "fingerprint": dataset.interactions.fingerprint,
        "seeds": list(seeds),
        "figures": figures,
        "rmse": errors,
    }


def table(result: dict[str, Any]) -> str:
    """Return a benchmark as Markdown: the best lists first, then the errors."""
    figures = result["figures"]
    rows = []
    for name in sorted(figures, key=lambda name: -np.mean(figures[name]["ndcg"])):
        mean, width = mean_and_interval(figures[name]["ndcg"])
        recall, coverage, seconds = (np.mean(figures[name][measure]) for measure in MEASURES[1:])
        against = ""
        if REFERENCE in figures and name != REFERENCE:
            offsets = np.subtract(figures[name]["ndcg"], figures[REFERENCE]["ndcg"])
            against = "{:+.4f} ± {:.4f}".format(*mean_and_interval(offsets))
        rows.append(
            f"| {name} | {mean:.4f} ± {width:.4f} | {against} | {recall:.4f} | {coverage:.3f} | {seconds:.2f} |"
        )
    errors = [
        "| {} | {:.4f} ± {:.4f} |".format(name, *mean_and_interval(values))
        for name, values in result["rmse"].items()
    ]
    seeds = ", ".join(map(str, result["seeds"]))
    return "\n".join(
        [
            f"{result['title']}, seeds {seeds}; ± is half a 95 % confidence interval over the seeds.",
            "",
            "| model | NDCG@10 | against tuned ALS | Recall@10 | coverage | CPU seconds to train |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            "| predicts log(1 + plays) by | RMSE on hidden pairs |",
            "| --- | --- |",
            *errors,
        ]
    )


def published() -> str:
    """Return where the published Last.fm data is: a folder at hand, or what can be downloaded."""
    near = ROOT.parent / "shared" / "data" / "hetrec2011-lastfm-2k"
    return os.environ.get("ENCORE_TEST_LASTFM", str(near) if near.exists() else "lastfm")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument(
        "data", nargs="*", help="data sets; the published Last.fm data and the sample by default"
    )
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=SEEDS, help="of the hold-outs and the training"
    )
    parser.add_argument("--only", metavar="PART", help="only what has this in its name; writes nothing")
    options = parser.parse_args()
    chosen = {name: make for name, make in contenders().items() if not options.only or options.only in name}
    warm_up()
    threadpool_limits(1)
    results = [benchmark(data, options.seeds, chosen) for data in options.data or (published(), "sample")]
    tables = [table(result) for result in results]
    print("", *tables, sep="\n\n")
    if options.only:
        return
    story = {
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "results": results,
    }
    (ROOT / "benchmarks" / "quality.json").write_text(json.dumps(story, indent=1) + "\n", "utf-8")
    fill(ROOT / "README.md", "quality", "\n\n".join(tables))


if __name__ == "__main__":
    main()
