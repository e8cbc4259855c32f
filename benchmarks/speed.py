"""Encore's plain SGD against LIBMF, Cornac and Surprise, in one run: `make benchmark`.

Every library trains on the same pairs with the same number of factors, in one thread of this
process, in turn and several times over; the fastest time of each counts, for what makes it slower
is other programs. For the same reason time is that of the processor, not of the wall clock. An epoch
of a peer is the time that more epochs take longer than one, so that what it does before the first
does not count. Cornac gets the pairs in the listeners' order and shuffled, and the better counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks import speed_peers as peers
from benchmarks import synthetic
from benchmarks.filling import fill
from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.splitting import Split, hold_out
from recsys.models import make_model
from recsys.models.blocked_mf import BlockedMF

ROOT = Path(__file__).parents[1]
LASTFM = os.environ.get("ENCORE_TEST_LASTFM", str(ROOT.parent / "shared" / "data" / "hetrec2011-lastfm-2k"))
FACTORS = (3, 16, 50, 128)
LEARNING_RATE, REGULARIZATION = 0.005, 0.05
# The article's start is so far off that larger steps run away; its speed does not depend on it.
ARTICLE_LEARNING_RATE = 0.00001
QUALITY_EPOCHS = 20
# Whatever took longer is not measured again.
LONG = 20.0

# name: pairs, users, items (None for the published data), epochs that are timed, rounds
SIZES: dict[str, tuple[tuple[int, int, int] | None, int, int]] = {
    "HetRec, 92,834": (None, 40, 5),
    "1 M": ((1_000_000, 7_000, 20_000), 6, 5),
    "20 M": ((20_000_000, 140_000, 50_000), 3, 3),
}
QUICK: dict[str, tuple[tuple[int, int, int] | None, int, int]] = {
    "100 k": ((100_000, 2_000, 15_000), 10, 3),
    "300 k": ((300_000, 4_000, 20_000), 5, 3),
}


def read(size: tuple[int, int, int] | None) -> Interactions | None:
    """Return the data of a size; None, with a word, where the published data is not at hand."""
    if size is not None:
        return synthetic.make(*size)
    if not Path(LASTFM).is_dir():
        print(f"The Last.fm data is not at {LASTFM}; ENCORE_TEST_LASTFM names its folder. Left out.")
        return None
    return load(LASTFM).interactions


def new_model(name: str, factors: int, epochs: int) -> BlockedMF:
    """Return a model of ours with the settings that all share."""
    model = make_model(
        name,
        factors=factors,
        epochs=epochs,
        learning_rate=ARTICLE_LEARNING_RATE if name == "article" else LEARNING_RATE,
        regularization=REGULARIZATION,
    )
    assert isinstance(model, BlockedMF)  # noqa: S101 - for mypy
    return model


def time_encore(name: str, split: Split, factors: int, epochs: int) -> dict[str, float]:
    """Return seconds of an epoch, of measuring both errors once, and of laying out."""
    model = new_model(name, factors, epochs + 1)
    seconds: dict[str, list[float]] = defaultdict(list)
    progress = model.train(split.train)
    going, started = True, time.process_time()
    while going:
        done = next(progress)
        if not float(done).is_integer():
            continue
        trained = time.process_time()
        model.rmse(split.train)
        model.rmse(split.validation)
        measured = time.process_time()
        # The first epoch has the laying out in it, the first measuring has the targets.
        seconds["first" if done == 1 else "epoch"].append(trained - started)
        seconds["first measuring" if done == 1 else "errors"].append(measured - trained)
        going, started = done < epochs + 1, time.process_time()
    epoch, errors = (sum(seconds[what]) / epochs for what in ("epoch", "errors"))
    return {"epoch": epoch, "errors": errors, "layout": seconds["first"][0] - epoch}


def time_peer(fit: Any, ratings: peers.Ratings, epochs: int) -> tuple[float, float]:
    """Return seconds of one epoch with all that comes before, and of `epochs` more of them."""
    started = time.process_time()
    fit(ratings, 1)
    between = time.process_time()
    fit(ratings, 1 + epochs)
    return between - started, time.process_time() - between


def orders(train: Interactions, factors: int, shuffled: bool) -> peers.Ratings:
    """Return the pairs as the peers get them, with the targets and the start of `funk`."""
    model = new_model("funk", factors, 1)
    next(model.train(train))  # for its start; one epoch more or less changes no time
    order = np.random.default_rng(0).permutation(len(train)) if shuffled else slice(None)
    random = np.random.default_rng(1)
    p, q = (
        (0.1 / np.sqrt(factors) * random.standard_normal((n, factors))).astype(np.float32)
        for n in (train.n_users, train.n_items)
    )
    return peers.Ratings(
        train.user_codes[order],
        train.item_codes[order],
        model.targets(train)[order],
        p,
        q,
        LEARNING_RATE,
        REGULARIZATION,
    )


def measure(split: Split, factors: int, epochs: int, rounds: int, trainers: dict[str, Any]) -> dict[str, Any]:
    """Time everyone in turn, `rounds` times over."""
    ours: dict[str, list[float]] = defaultdict(list)
    theirs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    by_user, shuffled = (orders(split.train, factors, way) for way in (False, True))
    tasks = {name: (fit, by_user) for name, fit in trainers.items()}
    tasks["Cornac MF, shuffled"] = trainers["Cornac MF"], shuffled
    for _ in range(rounds):
        for name in ("article", "funk"):
            for what, seconds in time_encore(name, split, factors, epochs).items():
                ours[f"{name} {what}"].append(seconds)
        for name, (fit, ratings) in tasks.items():
            if not theirs[name] or theirs[name][-1][1] < LONG:
                theirs[name].append(time_peer(fit, ratings, epochs))
    found = {name: min(seconds) for name, seconds in ours.items()}
    for name, rounds_of_it in theirs.items():
        short, long = (min(column) for column in zip(*rounds_of_it, strict=True))
        found[name] = (long - short) / epochs
    libmf = min(seconds for name, seconds in found.items() if name.startswith("LIBMF"))
    cornac = min(found["Cornac MF"], found["Cornac MF, shuffled"])
    return {
        "factors": factors,
        "seconds_per_epoch": found,
        "medians": {name: median(seconds) for name, seconds in ours.items()}
        | {name: median((long - short) / epochs for short, long in pairs) for name, pairs in theirs.items()},
        "updates_per_second": {
            name: len(split.train) / seconds
            for name, seconds in found.items()
            if not name.endswith((" errors", " layout"))
        },
        "ratios": {
            "LIBMF": libmf / found["article epoch"],
            "LIBMF (PyPI)": found["LIBMF (PyPI)"] / found["article epoch"],
            "Cornac MF": cornac / found["funk epoch"],
            "Surprise SVD": found["Surprise SVD"] / found["funk epoch"],
        },
        "errors_in_epochs": max(
            found[f"{name} errors"] / found[f"{name} epoch"] for name in ("article", "funk")
        ),
        "layout_in_epochs": found["funk layout"] / found["funk epoch"],
    }


def measure_quality(split: Split, factors: int, trainers: dict[str, Any]) -> dict[str, float | None]:
    """Return everyone's RMSE on the hidden pairs after the same epochs."""
    model = new_model("funk", factors, QUALITY_EPOCHS)
    errors = {"funk": model.fit(split.train).rmse(split.validation)}
    targets = model.targets(split.validation)
    ratings = orders(split.train, factors, shuffled=True)
    for name, fit in trainers.items():
        predicted = fit(ratings, QUALITY_EPOCHS)(split.validation.user_codes, split.validation.item_codes)
        errors[name] = float(np.sqrt(np.square(targets - predicted).mean()))
    return errors


def table(results: list[dict[str, Any]]) -> str:
    """Return the results as Markdown."""
    lines = [
        "| pairs | k | `article` | LIBMF | ratio | `funk` | Cornac MF | ratio | Surprise SVD | ratio | both RMSEs |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for result in results:
        speeds, ratios = result["updates_per_second"], result["ratios"]
        libmf = max(speed for name, speed in speeds.items() if name.startswith("LIBMF"))
        cornac = max(speeds["Cornac MF"], speeds["Cornac MF, shuffled"])
        numbers = [
            f"{speeds['article epoch'] / 1e6:.0f} M",
            f"{libmf / 1e6:.0f} M",
            f"{ratios['LIBMF']:.1f}",
            f"{speeds['funk epoch'] / 1e6:.0f} M",
            f"{cornac / 1e6:.0f} M",
            f"{ratios['Cornac MF']:.1f}",
            f"{speeds['Surprise SVD'] / 1e6:.1f} M",
            f"{ratios['Surprise SVD']:.0f}",
            f"{result['errors_in_epochs']:.2f} epochs",
        ]
        lines.append(f"| {result['pairs']} | {result['factors']} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def quality_table(qualities: list[dict[str, Any]]) -> str:
    """Return the errors as Markdown."""
    names = list(qualities[0]["rmse"])
    lines = ["| pairs | k | " + " | ".join(names) + " |", "| --- | --- |" + " --- |" * len(names)]
    for quality in qualities:
        errors = " | ".join(f"{quality['rmse'][name]:.4f}" for name in names)
        lines.append(f"| {quality['pairs']} | {quality['factors']} | {errors} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write `speed.json` and the README's table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes only; writes nothing")
    parser.add_argument("--sizes", nargs="+", metavar="SIZE", help="some of: " + "; ".join(SIZES))
    parser.add_argument("--factors", nargs="+", type=int, default=FACTORS, metavar="K")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each is timed")
    options = parser.parse_args()
    trainers = peers.peers(ROOT / "benchmarks" / ".libmf")
    sizes = QUICK if options.quick else SIZES
    results, qualities = [], []
    for pairs, (size, epochs, rounds) in sizes.items():
        interactions = read(size) if not options.sizes or pairs in options.sizes else None
        if interactions is None:
            continue
        split = hold_out(interactions, minimum=20, hidden=5)
        for factors in options.factors:
            result = {"pairs": pairs} | measure(split, factors, epochs, options.rounds or rounds, trainers)
            results.append(result)
            print(table([result]).splitlines()[-1], flush=True)
            if len(interactions) <= 1_000_000 and factors in (16, 50):
                quality = {
                    "pairs": pairs,
                    "factors": factors,
                    "rmse": measure_quality(split, factors, trainers),
                }
                qualities.append(quality)
                print(quality_table([quality]).splitlines()[-1], flush=True)
        del interactions, split
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(table(results), quality_table(qualities) if qualities else "", f"{memory:.1f} GB", sep="\n\n")
    if options.quick or options.sizes or options.rounds or options.factors != FACTORS:
        return
    story = {
        "versions": peers.versions() | {"machine": platform.machine()},
        "peak_memory_gb": round(memory, 2),
        "speed": results,
        "rmse_on_hidden_pairs": {"epochs": QUALITY_EPOCHS, "results": qualities},
    }
    (ROOT / "benchmarks" / "speed.json").write_text(json.dumps(story, indent=1) + "\n", "utf-8")
    fill(ROOT / "README.md", "speed", table(results))
    fill(ROOT / "benchmarks" / "README.md", "rmse", quality_table(qualities))


if __name__ == "__main__":
    main()
