"""Errors of predicted ratings beside Surprise: `python -m benchmarks.ratings FILE`.

FILE has the columns user, item and value, such as MovieLens 100K as CSV. Nine tenths of its rows, drawn at random with
the seeds below, are learned from, and the others are predicted; all models keep their defaults.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.data.interactions import Interactions
from recsys.models import make_model

SEEDS = (11, 12, 13)
TRAINED = 0.9
Figures = tuple[float, float, float]


def draw(interactions: Interactions, seed: int) -> tuple[Interactions, Interactions]:
    """Return nine tenths of the pairs, drawn at random, and the others."""
    chosen = np.random.default_rng(seed).random(len(interactions)) < TRAINED
    return interactions.subset(chosen), interactions.subset(~chosen)


def errors(truth: NDArray[np.floating], predicted: NDArray[np.floating], started: float) -> Figures:
    """Return RMSE, MAE and the CPU seconds since `started`."""
    offsets = truth.astype(np.float64) - predicted
    return (
        float(np.sqrt(np.square(offsets).mean())),
        float(np.abs(offsets).mean()),
        time.process_time() - started,
    )


def ours(name: str) -> Callable[[Interactions, Interactions], Figures]:
    """Return what measures one of Encore's models."""

    def measure(train: Interactions, test: Interactions) -> Figures:
        started = time.process_time()
        model = make_model(name).fit(train)
        scores = np.empty(len(test))
        for user in np.unique(test.user_codes):
            pairs = test.of_user(int(user))
            scores[pairs] = model.scores(np.array([user], np.int32))[0, test.item_codes[pairs]]
        return errors(test.values, scores, started)

    return measure


def surprise(name: str, **settings: object) -> Callable[[Interactions, Interactions], Figures]:
    """Return what measures a model of Surprise, its predictions cut to the scale as it does by itself."""

    def measure(train: Interactions, test: Interactions) -> Figures:
        import surprise as package

        scale = package.Reader(rating_scale=train.value_range)
        frame = pd.DataFrame({"user": train.user_codes, "item": train.item_codes, "value": train.values})
        data = package.Dataset.load_from_df(frame, scale).build_full_trainset()
        started = time.process_time()
        model = getattr(package, name)(**settings).fit(data)
        pairs = zip(test.user_codes.tolist(), test.item_codes.tolist(), strict=True)
        predicted = np.array([model.predict(user, item).est for user, item in pairs])
        return errors(test.values, predicted, started)

    return measure


MODELS = {
    "**biased**": ours("biased"),
    "**funk**": ours("funk"),
    "Surprise SVD": surprise("SVD", random_state=0),
    "Surprise SVD++": surprise("SVDpp", random_state=0),
    "Surprise BaselineOnly": surprise("BaselineOnly", verbose=False),
    "Surprise KNNBaseline (Pearson)": surprise(
        "KNNBaseline", sim_options={"name": "pearson_baseline", "user_based": False}, verbose=False
    ),
}


def main() -> None:
    """Measure all models and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", help="a CSV file with the columns user, item and value")
    interactions = Interactions.from_frame(pd.read_csv(parser.parse_args().file))
    for name in ("biased", "funk"):  # compile first
        make_model(name, epochs=1).fit(interactions)
    print("| model | RMSE | MAE | CPU seconds |\n| --- | --- | --- | --- |")
    for name, measure in MODELS.items():
        figures = np.mean([measure(*draw(interactions, seed)) for seed in SEEDS], axis=0)
        print(f"| {name} | {figures[0]:.4f} | {figures[1]:.4f} | {figures[2]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
