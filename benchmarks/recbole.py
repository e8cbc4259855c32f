"""Protocol of RecBole-GNN for Last.fm (HetRec 2011): `python -m benchmarks.recbole`.

Each user's pairs are split 8:1:1 at random. Models learn from the first part and rank the whole catalogue less what the
user has in the first two; NDCG@10 on the third. Our models have their defaults and look at no validation pair.
Published: RecBole-GNN, results/social/lastfm.md; the best of its ten models there, MHCN, has 0.2068.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.filling import fill
from benchmarks.quality import ROOT, SEEDS, mean_and_interval, published
from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.splitting import Split
from recsys.evaluation.metrics import evaluate
from recsys.models import MODELS, make_model

NAMES = ("implicit", "ease", "als")
BEST_PUBLISHED = 0.2068


def parts(counts: NDArray[np.int64], seed: int) -> NDArray[np.int8]:
    """Return the part of each pair, 0 to 2, for users with these numbers of pairs.

    A tenth of a user's pairs, rounded down and at least one, is the third part, and as many are the second, as long as
    one is left for the first.
    """
    random, found = np.random.default_rng([seed, 8]), []
    for count in counts.tolist():
        tenth = max(1, count // 10)
        last = min(tenth, count - 1)
        middle = min(tenth, count - last - 1)
        found.append(random.permutation(np.repeat([0, 1, 2], [count - middle - last, middle, last])))
    return np.concatenate(found).astype(np.int8)


def split_by_ratio(interactions: Interactions, seed: int) -> Split:
    """Split each user's pairs 8:1:1 at random."""
    part = parts(interactions.user_counts, seed)
    train, validation, test = (interactions.subset(part == place) for place in range(3))
    return Split(train, validation, test, {"minimum": 2, "hidden": 1, "validation": 0.5, "seed": seed})


def figures(seeds: Sequence[int]) -> dict[str, list[float]]:
    """Return NDCG@10 of our models for each seed."""
    interactions = load(published()).interactions
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for seed in seeds:
        split = split_by_ratio(interactions, seed)
        for name in NAMES:
            own = {"seed": seed} if "seed" in MODELS[name].defaults else {}
            found[name].append(evaluate(make_model(name, **own).fit(split.train), split)["ndcg@10"])
            print(f"seed {seed}: {name:10} {found[name][-1]:.4f}", flush=True)
    return found


def main() -> None:
    """Measure, and write the table into the README."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    rows = [
        "| **{}** | {:.4f} ± {:.4f} |".format(name, *mean_and_interval(values))
        for name, values in figures(options.seeds).items()
    ]
    head = ["| model | NDCG@10 |", "| --- | --- |"]
    fill(
        ROOT / "README.md",
        "recbole",
        "\n".join([*head, *rows, f"| MHCN, the best published | {BEST_PUBLISHED:.4f} |"]),
    )


if __name__ == "__main__":
    main()
