"""Judge the same lists by our metrics, by RecTools and by ranx.

    python -m benchmarks.metrics_peers [DATA] [--model svd] [--seed 10]

They share the formulas of precision, recall, NDCG, MRR and coverage. MAP of RecTools divides by the length of the
lists, which is ours where at least as many items are held out; that of ranx divides by the number of held-out items
and is left out.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.evaluation.metrics import METRICS
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.models import MODELS, make_model

SHARED = ("precision", "recall", "ndcg", "map", "mrr", "coverage")


def ours(lists: RankedLists) -> dict[str, float]:
    """Return our figures."""
    return {name: METRICS[name].figure(lists) for name in SHARED}


def of_rectools(lists: RankedLists) -> dict[str, float]:
    """Return those of RecTools."""
    from rectools import Columns
    from rectools.metrics import MAP, MRR, NDCG, CatalogCoverage, Precision, Recall, calc_metrics

    n = lists.items.shape[1]
    recommended = pd.DataFrame(
        {
            Columns.User: np.repeat(lists.users, n),
            Columns.Item: lists.items.ravel(),
            Columns.Rank: np.tile(np.arange(1, n + 1), len(lists.users)),
        }
    )
    recommended = recommended[recommended[Columns.Item] >= 0]
    truth = pd.DataFrame({Columns.User: lists.relevant.user_codes, Columns.Item: lists.relevant.item_codes})
    truth = truth[truth[Columns.User].isin(lists.users)]
    metrics = {
        "precision": Precision(k=n),
        "recall": Recall(k=n),
        "ndcg": NDCG(k=n),
        "map": MAP(k=n, divide_by_k=True),
        "mrr": MRR(k=n),
        "coverage": CatalogCoverage(k=n, normalize=True),
    }
    found = calc_metrics(
        metrics, reco=recommended, interactions=truth, catalog=np.arange(lists.train.n_items)
    )
    return {name: float(value) for name, value in found.items()}


def of_ranx(lists: RankedLists) -> dict[str, float]:
    """Return those of ranx, which has no coverage."""
    from ranx import Qrels, Run, evaluate

    n = lists.items.shape[1]
    truth = lists.relevant
    relevant = {
        str(user): {str(item): 1 for item in truth.item_codes[truth.of_user(user)]}
        for user in lists.users.tolist()
    }
    ranked = {
        str(user): {str(item): float(n - place) for place, item in enumerate(items) if item >= 0}
        for user, items in zip(lists.users, lists.items, strict=True)
    }
    names = {name: f"{name}@{n}" for name in ("precision", "recall", "ndcg", "mrr")}
    found = evaluate(Qrels(relevant), Run(ranked), list(names.values()))
    return {name: float(found[theirs]) for name, theirs in names.items()}


def main() -> None:
    """Print all figures side by side, and the largest difference."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", default="sample")
    parser.add_argument("--model", choices=MODELS, default="svd")
    parser.add_argument("--seed", type=int, default=10)
    options = parser.parse_args()
    split = hold_out(load(options.data).interactions, seed=options.seed)
    model = make_model(options.model).fit(split.train)
    lists = RankedLists.of(model, split, sample_users(split, 20_000))
    mine, rectools, ranx = ours(lists), of_rectools(lists), of_ranx(lists)
    print(f"{'metric':12} {'ours':>12} {'RecTools':>12} {'ranx':>12}")
    for name in SHARED:
        print(f"{name:12} {mine[name]:12.8f} {rectools[name]:12.8f} {ranx.get(name, float('nan')):12.8f}")
    both = [abs(mine[name] - found[name]) for found in (rectools, ranx) for name in found]
    print(
        f"The largest difference is {max(both):.1e}, over {len(lists.users):,} lists of {lists.items.shape[1]}."
    )


if __name__ == "__main__":
    main()
