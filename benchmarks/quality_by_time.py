"""NDCG@10 after so many seconds of training, beside the peers: `python -m benchmarks.quality_by_time`.

Every point is a training of its own with fewer or more epochs, so that those whose steps shrink towards the end have
ended, too. Seconds are those of the clock, on one thread and on two: nothing else may run. Draws
`docs/screens/quality-by-time.svg` and replaces the tables in `benchmarks/README.md`.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib import pyplot

from benchmarks.filling import fill
from benchmarks.quality import MOST_USERS, ROOT, published
from recsys.data.interactions import Interactions
from recsys.data.sources import make_sample
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.evaluation import metrics
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.experiments.training import warm_up
from recsys.models import blas, make_model
from recsys.models.base import Model

EPOCHS = (1, 2, 4, 8, 12, 20)
SEEDS = (10, 11, 12)
THREADS = (1, 2)
# Listeners of the large sample; each of them has 50 artists at most.
LARGE = 20_000
PICTURE = ROOT / "docs" / "screens" / "quality-by-time.svg"

# Seconds and NDCG@10 of each point, by the name of the curve.
Curves = dict[str, list[tuple[float, float]]]


def contenders(threads: int) -> Iterator[tuple[str, Callable[[int], Model]]]:
    """Yield the name of the curve of each point and what makes its model from a seed."""
    from benchmarks.quality_peers import BlockALS

    class Peer(BlockALS):
        pass

    Peer.threads = threads
    als = {"factors": 128, "alpha": 20, "regularization": 80}
    for epochs in EPOCHS:
        for factors in (64, 128):
            yield f"implicit, k = {factors}", partial(_ours, "implicit", factors=factors, epochs=epochs)
        yield "ALS of implicit, tuned, k = 128", partial(_ours, "als", **als, epochs=epochs)
        yield "iALS++ of irspack, k = 128", partial(_peer, Peer, epochs)
    yield "ease", lambda _: make_model("ease")


def _ours(name: str, seed: int, **settings: int) -> Model:
    return make_model(name, **settings, seed=seed)


def _peer(model: type[Model], epochs: int, seed: int) -> Model:
    return model(epochs=epochs, seed=seed)


def large_sample() -> Interactions:
    """Make up listeners as those of the generated sample, ten times as many."""
    random, catalogue = np.random.default_rng(0), make_sample._catalogue(make_sample.read_scenes())
    before, make_sample.N_LISTENERS = make_sample.N_LISTENERS, LARGE
    try:
        counts, items, plays = make_sample._listening(
            random, catalogue, make_sample._tastes(random, catalogue)
        )
    finally:
        make_sample.N_LISTENERS = before
    users = np.repeat(np.arange(len(counts)), counts)
    return Interactions.from_frame(pd.DataFrame({"user": users, "item": items, "value": plays}))


def measure(interactions: Interactions, threads: int, seeds: Sequence[int]) -> Curves:
    """Return the curves: over the seeds, the median of the seconds and the mean of NDCG@10."""
    os.environ["RECSYS_THREADS"] = str(threads)
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for seed in seeds:
        split = hold_out(interactions, seed=seed)
        users = sample_users(split, MOST_USERS)
        for place, (name, make) in enumerate(contenders(threads)):
            started = time.perf_counter()
            model = make(seed).fit(split.train)
            seconds = time.perf_counter() - started
            ndcg = metrics.measure(RankedLists.of(model, split, users))["ndcg"]
            found.setdefault((name, place), []).append((seconds, ndcg))
            print(f"{threads} threads, seed {seed}: {name:32} {seconds:7.2f} s {ndcg:.4f}", flush=True)
    curves: Curves = {}
    for (name, _), points in found.items():
        times, qualities = zip(*points, strict=True)
        curves.setdefault(name, []).append((float(np.median(times)), float(np.mean(qualities))))
    return curves


def table(curves: Curves) -> str:
    """Return all points as Markdown, the fastest first; those that no faster one equals are the best so far."""
    points = sorted((*point, name) for name, points in curves.items() for point in points)
    lines = ["| seconds | NDCG@10 | | |", "| --- | --- | --- | --- |"]
    best = 0.0
    for seconds, ndcg, name in points:
        lines.append(f"| {seconds:.2f} | {ndcg:.4f} | {name} | {'best so far' if ndcg > best else ''} |")
        best = max(best, ndcg)
    return "\n".join(lines)


def draw(results: Mapping[tuple[str, int], Curves]) -> None:
    """Draw a panel for each data set and number of threads."""
    pyplot.rcParams["svg.hashsalt"] = "encore"  # the same picture from the same figures
    colours = {name: f"C{place}" for place, name in enumerate(next(iter(results.values())))}
    figure, axes = pyplot.subplots(1, len(results), figsize=(4.5 * len(results), 4), squeeze=False)
    for axis, ((title, threads), curves) in zip(axes[0], results.items(), strict=True):
        for name, points in curves.items():
            ours = name.startswith(("implicit", "ease"))
            axis.plot(
                *zip(*points, strict=True),
                "o-",
                color=colours[name],
                label=name,
                linewidth=2.5 if ours else 1.2,
                markersize=4,
            )
        axis.set(xscale="log", xlabel="seconds", title=f"{title}, {threads} thread{'s' * (threads > 1)}")
        axis.grid(alpha=0.3)
    axes[0, 0].set_ylabel("NDCG@10")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), fontsize=8, loc="lower center", ncols=5)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(PICTURE, metadata={"Date": None})


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument(
        "--large", action="store_true", help="the large sample, too: a quarter of an hour more"
    )
    options = parser.parse_args()
    blas.keep_to_one_thread()
    warm_up()
    sets = {"Last.fm": load(published()).interactions}
    if options.large:
        sets["Large sample"] = large_sample()
    results = {
        (title, threads): measure(interactions, threads, options.seeds)
        for title, interactions in sets.items()
        for threads in THREADS
    }
    draw(results)
    parts = [
        f"{title}, {len(sets[title]):,} pairs, {threads} thread{'s' * (threads > 1)}:\n\n{table(curves)}"
        for (title, threads), curves in results.items()
    ]
    fill(ROOT / "benchmarks" / "README.md", "quality-by-time", "\n\n".join(parts))


if __name__ == "__main__":
    main()
