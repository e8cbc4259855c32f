"""Diagnosis of a learning curve, in plain words, and the setting to change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.experiments.training import Epoch
from recsys.settings import SETTINGS

MEAN = "Predicting the mean"
Curve = NDArray[np.float64]

# Shares of a curve's level: changes below them are called flat, or not called a rise.
FLAT = 0.005
RISE = 0.01
# Below this share of the mean line, a model has learned something.
HARDLY_BETTER = 0.92
NO_BETTER = 0.999
# From here on, hidden pairs are predicted far worse than known ones.
GAP = 1.5


@dataclass(frozen=True)
class Finding:
    """A sentence about a curve, and what to do about it.

    Attributes
    ----------
    sentence : str
        For a person.
    change : dict or None
        New values of settings, by name; None where there is nothing to press.
    """

    sentence: str
    change: dict[str, int | float | str] | None = None


def diagnose(
    history: Sequence[Epoch],
    references: Mapping[str, float],
    settings: Mapping[str, int | float | str],
    epochs: int,
    diverged: bool = False,
) -> list[Finding]:
    """Say what is wrong with a training, the most important first.

    Parameters
    ----------
    history : sequence of Epoch
        What was measured; may be empty.
    references : mapping
        RMSE of simpler predictions, by name, as `TrainingRun.references`.
    settings : mapping
        Those of the model, and `watch` where it may be changed. A change is only proposed for
        settings that are in it.
    epochs : int
        How many epochs were asked for.
    diverged : bool
        Whether the training ended because its numbers ran away.

    Returns
    -------
    list of Finding
        Empty if there is nothing to complain of, or too little to tell by.
    """
    train = _finite([epoch.train_rmse for epoch in history])
    validation = _finite([epoch.validation_rmse for epoch in history])
    if diverged or _exploded(train):
        return [
            Finding(
                "The learning rate is too high: the numbers ran away.",
                _move(settings, learning_rate=0.1),
            )
        ]
    if len(validation) != len(history) or len(train) != len(history) or len(history) < 5:
        return _lists(history, validation, settings)
    findings = []
    jagged = _jagged(train)
    if jagged:
        findings.append(
            Finding(
                "The learning rate is too high: the error jumps up and down instead of settling.",
                _move(settings, learning_rate=1 / 3),
            )
        )
    disagreement = _lists(history, validation, settings)
    findings += disagreement
    too_strong = None if jagged else _lambda_too_high(history, train, validation, references, settings)
    if too_strong:
        return [*findings, too_strong]
    findings += _worse_than_the_mean(train, validation, references, settings)
    if not jagged:
        if not disagreement:  # lists that get better are no overfitting
            findings += _overfitting(train, validation, settings, epochs)
        if len(history) >= epochs:
            findings += _still_falling(train, validation, references, settings, epochs)
    return findings


def _finite(errors: Sequence[float | None]) -> Curve:
    values = np.array([math.nan if error is None else error for error in errors], np.float64)
    return values[np.isfinite(values)]


def _exploded(train: Curve) -> bool:
    return len(train) > 1 and bool(train[-1] > 2 * train.min() and train[-1] > train[0])


def _jagged(train: Curve) -> bool:
    """Tell whether the train error turns again and again, and much of its way was upwards: it should only fall."""
    steps = np.diff(train)
    up, way = steps[steps > 0].sum(), np.abs(steps).sum()
    turns = int((np.diff(np.sign(steps)) != 0).sum())
    return bool(up > 0.02 * train.min() and up > 0.15 * way and turns > 0.2 * len(steps))


def _lists(
    history: Sequence[Epoch], validation: Curve, settings: Mapping[str, int | float | str]
) -> list[Finding]:
    """Compare the lists with the error since the error was lowest."""
    ranked = [(at, epoch) for at, epoch in enumerate(history) if epoch.ndcg is not None]
    if len(ranked) < 3 or len(validation) != len(history):
        return []
    lowest = int(validation.argmin())
    before = [epoch.ndcg or 0.0 for at, epoch in ranked if at <= lowest]
    then, now = (before[-1] if before else 0.0), ranked[-1][1].ndcg or 0.0
    if validation[-1] <= (1 + FLAT) * validation[lowest] or now <= 1.05 * then + 0.002:
        return []
    if now < 0.75 * max(epoch.ndcg or 0.0 for at, epoch in ranked if at > lowest):
        return []  # they were better in between: both overfit
    watched = settings.get("watch") == "ndcg"
    return [
        Finding(
            f"Error and lists disagree: since epoch {history[lowest].epoch} the error on hidden pairs rises while "
            f"the lists get better (NDCG@10 from {then:.3f} to {now:.3f}). For recommending, watch NDCG.",
            {"watch": "ndcg"} if "watch" in settings and not watched else None,
        )
    ]


def _learned(history: Sequence[Epoch]) -> bool:
    """Tell whether the lists got better since the first epoch in which they were measured."""
    measured = [epoch.ndcg for epoch in history if epoch.ndcg is not None]
    return len(measured) > 1 and measured[-1] > 1.05 * measured[0] + 0.002


def _lambda_too_high(
    history: Sequence[Epoch],
    train: Curve,
    validation: Curve,
    references: Mapping[str, float],
    settings: Mapping[str, int | float | str],
) -> Finding | None:
    """Find two curves that are flat, close together, and no better than knowing next to nothing."""
    if not float(settings.get("regularization", 0)) > 0:
        return None
    half = len(train) // 2
    flat = all(np.ptp(curve[half:]) <= RISE * curve[-1] for curve in (train, validation))
    if not flat or validation[-1] > GAP * train[-1] or _straight(train):
        return None
    others = [error for name, error in references.items() if name != MEAN]
    if others and validation[-1] >= NO_BETTER * min(others):
        line = "no better than the biases alone"
    elif MEAN in references and validation[-1] >= HARDLY_BETTER * references[MEAN]:
        above = validation[-1] >= references[MEAN]
        line = (
            "above the line of predicting the mean"
            if above
            else "hardly below the line of predicting the mean"
        )
    elif (
        not references and train[0] - train[-1] < 0.02 * train[0] and train[-1] > 0 and not _learned(history)
    ):
        line = "where they began"
    else:
        return None
    return Finding(
        f"Lambda is too high: both curves are flat, {line}. The features are pulled to zero.",
        _move(settings, regularization=0.1),
    )


def _worse_than_the_mean(
    train: Curve,
    validation: Curve,
    references: Mapping[str, float],
    settings: Mapping[str, int | float | str],
) -> list[Finding]:
    mean = references.get(MEAN, math.nan)
    if not validation[-1] > mean:
        return []
    sentence = f"Worse than predicting the mean: {validation[-1]:.4f} on hidden pairs, against {mean:.4f}."
    if validation[-1] > GAP * train[-1]:
        sentence += (
            " Known pairs are predicted far better: a higher lambda keeps the model from learning by heart."
        )
        return [Finding(sentence, _move(settings, regularization=10))]
    return [Finding(sentence)]


def _overfitting(
    train: Curve, validation: Curve, settings: Mapping[str, int | float | str], epochs: int
) -> list[Finding]:
    lowest = int(validation.argmin())
    if validation[-1] <= (1 + RISE) * validation[lowest] or train[-1] >= train[lowest]:
        return []
    since = lowest + 1
    sentence = (
        f"Overfitting since epoch {since}: the error still falls on known pairs and rises on hidden ones."
    )
    if since >= 3 and "epochs" in settings and since < epochs:
        return [Finding(sentence, {"epochs": since})]
    return [Finding(sentence, _move(settings, regularization=3))]


def _still_falling(
    train: Curve,
    validation: Curve,
    references: Mapping[str, float],
    settings: Mapping[str, int | float | str],
    epochs: int,
) -> list[Finding]:
    if _straight(train) and train[-1] < train[0]:
        return [
            Finding(
                "The learning rate is too low: the curve is nearly a straight line, so it has hardly begun.",
                _move(settings, learning_rate=5),
            )
        ]
    tenth = max(1, len(validation) // 10)
    fall = validation[-1 - tenth] - validation[-1]
    way = validation[0] - validation[-1]
    # A model for ranking hardly moves its error: a part of its way says little.
    if fall <= RISE * validation[-1] and not (references and way > 0 and fall > 0.05 * way):
        return []
    if validation[-1] - fall * len(validation) / tenth > references.get(MEAN, math.inf) and (
        validation[-1] <= GAP * train[-1]
    ):
        return [
            Finding(
                "The learning rate is too low: at this pace, as many epochs again would not reach the mean.",
                _move(settings, learning_rate=5),
            )
        ]
    return [Finding("Still falling at the end: train longer.", _move(settings, epochs=2))]


def _straight(curve: Curve) -> bool:
    """Tell whether a curve falls as fast in its third quarter as at the start; its end may slow down by itself."""
    quarter = len(curve) // 4
    if quarter < 1:
        return False
    first, third = curve[0] - curve[quarter], curve[2 * quarter] - curve[3 * quarter]
    return bool(first > 1e-6 * curve[0] and third > 0.5 * first)


def _move(settings: Mapping[str, int | float | str], **factors: float) -> dict[str, int | float | str] | None:
    """Propose the step of the slider that is nearest to a multiple of the value; None at the end of it."""
    change: dict[str, int | float | str] = {}
    for name, factor in factors.items():
        if name not in settings:
            continue
        value = float(settings[name])
        wanted = value * factor if value else 0.01
        steps = [step for step in SETTINGS[name].ladder if step and (step > value) == (wanted > value)]
        steps = [step for step in steps if step != value]
        if steps:
            change[name] = min(steps, key=lambda step: abs(math.log(step / wanted)))
    return change or None
