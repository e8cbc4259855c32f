"""NDCG@10 after so many seconds of training, beside the peers: `python -m benchmarks.quality_by_time`.

Every point is a training of its own with fewer or more epochs, so that those whose steps shrink towards the end have
ended, too. Seconds are those of the processor on one thread; prints a table for each data set.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from benchmarks.quality import MOST_USERS, SEEDS, published
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.evaluation import metrics
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.experiments.training import warm_up
from recsys.models import blas, make_model
from recsys.models.base import Model

EPOCHS = (1, 2, 4, 8, 12, 20)


def contenders() -> Iterator[tuple[str, Callable[[int], Model]]]:
    """Yield the name of each point and what makes its model from a seed."""
    from benchmarks.quality_peers import BlockALS

    for epochs in EPOCHS:
        for factors in (64, 128):
            settings = {"factors": factors, "epochs": epochs}
            yield f"**implicit**, k = {factors}, {epochs} epochs", partial(_ours, "implicit", settings)
        settings = {"factors": 128, "alpha": 20, "regularization": 80, "epochs": epochs}
        yield f"ALS of implicit, tuned, k = 128, {epochs} epochs", partial(_ours, "als", settings)
        yield f"iALS++ of irspack, k = 128, {epochs} epochs", partial(_peer, BlockALS, epochs)
    yield "**ease**", lambda _: make_model("ease")


def _ours(name: str, settings: dict[str, int], seed: int) -> Model:
    return make_model(name, **settings, seed=seed)


def _peer(model: type[Model], epochs: int, seed: int) -> Model:
    return model(epochs=epochs, seed=seed)


def measure(data: str, seeds: Sequence[int]) -> list[tuple[str, float, float]]:
    """Return the name, the seconds and the NDCG@10 of each point, as means over the seeds; the fastest first."""
    interactions = load(data).interactions
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in seeds:
        split = hold_out(interactions, seed=seed)
        users = sample_users(split, MOST_USERS)
        for name, make in contenders():
            started = time.process_time()
            model = make(seed).fit(split.train)
            seconds = time.process_time() - started
            ndcg = metrics.measure(RankedLists.of(model, split, users))["ndcg"]
            found.setdefault(name, []).append((seconds, ndcg))
    points = [(name, *np.mean(values, axis=0).tolist()) for name, values in found.items()]
    return sorted(points, key=lambda point: point[1])


def table(points: Sequence[tuple[str, float, float]]) -> str:
    """Return the points as Markdown; those in bold type that nothing as fast beats."""
    lines = ["| seconds | NDCG@10 | | |", "| --- | --- | --- | --- |"]
    best = 0.0
    for name, seconds, ndcg in points:
        lines.append(f"| {seconds:.2f} | {ndcg:.4f} | {name} | {'best so far' if ndcg > best else ''} |")
        best = max(best, ndcg)
    return "\n".join(lines)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("data", nargs="*", help="data sets; the published Last.fm data by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    blas.keep_to_one_thread()
    warm_up()
    for data in options.data or [published()]:
        print(
            f"\n{data}, seeds {', '.join(map(str, options.seeds))}\n\n{table(measure(data, options.seeds))}"
        )


if __name__ == "__main__":
    main()
