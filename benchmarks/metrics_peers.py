"""Judge the same lists by our metrics, by RecTools and by ranx.

    python -m benchmarks.metrics_peers write lists.npz [--data sample] [--model svd] [--seed 10]
    JUDGES/bin/python benchmarks/metrics_peers.py judge lists.npz

RecTools needs an older pandas than the app, so that lists pass through a file into an environment of its own:
`python -m venv JUDGES` and `JUDGES/bin/pip install -r requirements-judges.txt`.

All share the formulas of precision, recall, NDCG and MRR, RecTools also those of MAP and coverage. Its MAP divides by
the length of the lists, which is ours where at least as many items are held out; that of ranx divides by the number of
held-out items and is left out. Ends with 1 if a figure differs by more than 1e-6.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SHARED = ("precision", "recall", "ndcg", "map", "mrr", "coverage")
MOST = 1e-6


def write(path: Path, data: str, model: str, seed: int, n: int = 10) -> None:
    """Write lists of a trained model, what was held out, and our figures."""
    from recsys.data.sources.load import load
    from recsys.data.splitting import hold_out
    from recsys.evaluation.metrics import METRICS
    from recsys.evaluation.ranked_lists import RankedLists, sample_users
    from recsys.models import make_model

    split = hold_out(load(data).interactions, seed=seed)
    lists = RankedLists.of(make_model(model).fit(split.train), split, sample_users(split, 20_000), n)
    arrays: dict[str, Any] = {name: METRICS[name].figure(lists) for name in SHARED}
    arrays |= {"users": lists.users, "items": lists.items, "n_items": split.train.n_items}
    arrays["held_out"] = np.stack([lists.relevant.user_codes, lists.relevant.item_codes])
    np.savez(path, **arrays)


def of_rectools(lists: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of RecTools."""
    from rectools import Columns
    from rectools.metrics import MAP, MRR, NDCG, CatalogCoverage, Precision, Recall, calc_metrics

    users, items = lists["users"], lists["items"]
    n = items.shape[1]
    recommended = pd.DataFrame(
        {
            Columns.User: np.repeat(users, n),
            Columns.Item: items.ravel(),
            Columns.Rank: np.tile(np.arange(1, n + 1), len(users)),
        }
    )
    truth = pd.DataFrame(dict(zip((Columns.User, Columns.Item), lists["held_out"], strict=True)))
    metrics = {
        "precision": Precision(k=n),
        "recall": Recall(k=n),
        "ndcg": NDCG(k=n),
        "map": MAP(k=n, divide_by_k=True),
        "mrr": MRR(k=n),
        "coverage": CatalogCoverage(k=n, normalize=True),
    }
    found = calc_metrics(
        metrics,
        reco=recommended[recommended[Columns.Item] >= 0],
        interactions=truth[truth[Columns.User].isin(users)],
        catalog=np.arange(int(lists["n_items"])),
    )
    return {name: float(value) for name, value in found.items()}


def of_ranx(lists: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of ranx, which has no coverage."""
    from ranx import Qrels, Run, evaluate

    n = lists["items"].shape[1]
    relevant: dict[str, dict[str, int]] = {str(user): {} for user in lists["users"].tolist()}
    for user, item in zip(*lists["held_out"].tolist(), strict=True):
        if str(user) in relevant:
            relevant[str(user)][str(item)] = 1
    ranked = {
        str(user): {str(item): float(n - place) for place, item in enumerate(items) if item >= 0}
        for user, items in zip(lists["users"].tolist(), lists["items"].tolist(), strict=True)
    }
    names = {name: f"{name}@{n}" for name in ("precision", "recall", "ndcg", "mrr")}
    found = evaluate(Qrels(relevant), Run(ranked), list(names.values()))
    return {name: float(found[theirs]) for name, theirs in names.items()}


def judge(path: Path) -> int:
    """Print all figures side by side; return 1 if they differ."""
    with np.load(path) as file:
        lists = dict(file)
    rectools, ranx = of_rectools(lists), of_ranx(lists)
    print(f"{'metric':12} {'ours':>12} {'RecTools':>12} {'ranx':>12}")
    for name in SHARED:
        others = "".join(
            f" {found[name]:12.8f}" if name in found else f" {'':12}" for found in (rectools, ranx)
        )
        print(f"{name:12} {float(lists[name]):12.8f}{others}")
    most = max(abs(float(lists[name]) - found[name]) for found in (rectools, ranx) for name in found)
    print(f"The largest difference is {most:.1e}, over {len(lists['users']):,} lists.")
    return int(most > MOST)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["write", "judge"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", default="sample")
    parser.add_argument("--model", default="svd")
    parser.add_argument("--seed", type=int, default=10)
    options = parser.parse_args()
    if options.what == "judge":
        sys.exit(judge(options.file))
    write(options.file, options.data, options.model, options.seed)
