"""Measure recommendations to listeners who were not there in training, made from a few of their artists.

    python -m benchmarks.new_listeners [DATA] [--folds 5]

Listeners with enough artists are cut into folds. Each model is trained without one fold, whole
listeners at a time; then each listener of the fold names 1, 5 or 20 of their artists, drawn at
random, and the rest are to be found among all other artists.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Callable

import numpy as np

from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.errors import InputError
from recsys.evaluation.accuracy import ndcg, recall
from recsys.models import MODELS, make_model
from recsys.models.nearest_neighbors import weighted
from recsys.models.value_matrix import play_matrix, play_row

GIVEN = (1, 5, 20)
MINIMUM = 35
LENGTH = 10

Scorer = Callable[[np.ndarray, np.ndarray], np.ndarray]


def without(interactions: Interactions, users: np.ndarray) -> Interactions:
    """Return the interactions as if these users had never been there."""
    keep = ~np.isin(np.arange(interactions.n_users), users)
    codes = np.cumsum(keep, dtype=np.int32) - 1
    rest = interactions.subset(keep[interactions.user_codes])
    return dataclasses.replace(rest, user_codes=codes[rest.user_codes], users=interactions.users[keep])


def by_model(name: str) -> Callable[[Interactions], Scorer]:
    """Return how to train one of Encore's models and score with it; by popularity where nothing is known."""

    def make(train: Interactions) -> Scorer:
        model, otherwise = make_model(name).fit(train), make_model("popular").fit(train)

        def score(items: np.ndarray, values: np.ndarray) -> np.ndarray:
            try:
                return model.fold_in_scores(items, values)
            except InputError:  # none of these artists has listeners in training
                return otherwise.fold_in_scores(items, values)

        return score

    return make


def by_user_knn(train: Interactions) -> Scorer:
    """Find the listeners nearest to a new one, by TF-IDF as for those who are known."""
    settings = make_model("user-knn").settings
    plays = play_matrix(train, settings["plays"])
    rows = weighted(plays, settings["weighting"])
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
    rarity = np.log(train.n_users) - np.log1p(train.item_counts)

    def score(items: np.ndarray, values: np.ndarray) -> np.ndarray:
        mine = np.sqrt(play_row(values.astype(np.float64))) * rarity[items]
        similarity = rows[:, items] @ mine / np.maximum(lengths * np.linalg.norm(mine), 1e-12)
        near = np.argsort(-similarity)[: settings["neighbours"]]
        return np.maximum(similarity[near], 0) ** settings["power"] @ plays[near]

    return score


SCORERS = {name: by_model(name) for name, model in MODELS.items() if model.supports_fold_in}
SCORERS["user-knn"] = by_user_knn


def main() -> None:
    """Measure every model and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="?", default="lastfm")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    interactions = load(options.data).interactions
    random = np.random.default_rng(options.seed)
    eligible = random.permutation(np.flatnonzero(interactions.user_counts >= MINIMUM))
    hits: dict[tuple[str, int], list[np.ndarray]] = {}
    hidden: dict[tuple[str, int], list[int]] = {}
    seconds: dict[tuple[str, int], float] = {}
    for fold in np.array_split(eligible, options.folds):
        train = without(interactions, fold)
        scorers = {name: make(train) for name, make in SCORERS.items()}
        for given in GIVEN:
            for user in fold:
                span = interactions.of_user(user)
                order = np.random.default_rng([options.seed, int(user), given]).permutation(
                    span.stop - span.start
                )
                items, values = interactions.item_codes[span][order], interactions.values[span][order]
                for name, scorer in scorers.items():
                    started = time.perf_counter()
                    scores = np.array(scorer(items[:given], values[:given]), np.float32)
                    case = name, given
                    seconds[case] = seconds.get(case, 0.0) + time.perf_counter() - started
                    scores[items[:given]] = -np.inf
                    best = np.argsort(-scores, kind="stable")[:LENGTH]
                    hits.setdefault(case, []).append(np.isin(best, items[given:]))
                    hidden.setdefault(case, []).append(len(items) - given)
    print(
        f"{len(eligible):,} listeners who were not in training, artists given in, NDCG@10 / Recall@10 (ms)\n"
    )
    print("| model |" + "".join(f" {given} |" for given in GIVEN))
    print("| --- |" + " --- |" * len(GIVEN))
    for name in SCORERS:
        cells = []
        for given in GIVEN:
            case = name, given
            found, there = np.array(hits[case]), np.array(hidden[case])
            gains = ndcg(found, there)
            error = gains.std() / np.sqrt(len(gains))
            cells.append(
                f" {gains.mean():.3f} ± {error:.3f} / {recall(found, there).mean():.3f} "
                f"({1000 * seconds[case] / len(gains):.1f} ms) |"
            )
        print(f"| {name} |" + "".join(cells))


if __name__ == "__main__":
    main()
