"""Diagnoses of made-up curves and of real ones."""

import numpy as np
import pytest

from recsys.data.sources.load import load
from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.experiments import training
from recsys.experiments.diagnosis import MEAN, diagnose
from recsys.experiments.training import Epoch, TrainingRun
from recsys.models import make_model
from recsys.settings import SETTINGS

SETTINGS_NOW = {"factors": 8, "learning_rate": 0.01, "regularization": 0.1, "epochs": 100, "watch": "none"}
PASSES = np.arange(1, 101)
SETTLED = 0.5 + np.exp(-PASSES / 8)


def made_up(train, validation, ndcg=None):
    lists = [None] * len(train) if ndcg is None else ndcg
    return [
        Epoch(at, float(known), float(hidden), 0.001, quality, quality)
        for at, known, hidden, quality in zip(PASSES, train, validation, lists, strict=False)
    ]


def said(*curves, mean=2.0, settings=SETTINGS_NOW, **given):
    found = diagnose(made_up(*curves), {MEAN: mean}, settings, 100, **given)
    for finding in found:
        for name, value in (finding.change or {}).items():
            assert value != settings[name]
            if name in SETTINGS:
                SETTINGS[name].check(value)
    return found


def test_a_good_curve_has_nothing_wrong():
    assert said(SETTLED, SETTLED + 0.1) == []


def test_no_curve_says_nothing():
    assert diagnose([], {}, {}, 100) == []
    assert said(SETTLED[:3], SETTLED[:3]) == []


def test_a_curve_that_still_falls_wants_more_epochs():
    curve = 0.5 + np.exp(-PASSES / 60)
    (finding,) = said(curve, curve + 0.1)
    assert "Still falling" in finding.sentence
    assert finding.change == {"epochs": 200}


def test_a_run_that_is_not_over_is_not_called_still_falling():
    curve = (0.5 + np.exp(-PASSES / 60))[:50]
    assert said(curve, curve + 0.1) == []


def test_overfitting_names_its_first_epoch():
    (finding,) = said(SETTLED, 0.8 + np.abs(PASSES - 30) / 300)
    assert "Overfitting since epoch 30" in finding.sentence
    assert finding.change == {"epochs": 30}


def test_overfitting_from_the_first_epoch_wants_a_higher_lambda():
    (finding,) = said(SETTLED, 0.8 + PASSES / 300)
    assert "Overfitting since epoch 1" in finding.sentence
    assert finding.change == {"regularization": 0.3}


def test_flat_curves_above_the_mean_want_a_lower_lambda():
    flat = 2.1 + np.exp(-PASSES.astype(float))
    (finding,) = said(flat, flat + 0.01)
    assert "Lambda is too high" in finding.sentence
    assert "above the line of predicting the mean" in finding.sentence
    assert finding.change == {"regularization": 0.01}


def test_flat_curves_without_a_lambda_are_only_called_worse_than_the_mean():
    flat = 2.1 + np.exp(-PASSES.astype(float))
    (finding,) = said(flat, flat + 0.01, settings={"factors": 3})
    assert "Worse than predicting the mean" in finding.sentence
    assert finding.change is None


@pytest.mark.parametrize("curve", [SETTLED[::-1], np.exp(PASSES / 5)])
def test_an_error_that_ran_away_wants_a_lower_learning_rate(curve):
    (finding,) = said(curve, curve)
    assert "learning rate is too high" in finding.sentence
    assert finding.change == {"learning_rate": 0.001}


def test_a_run_that_diverged_at_once_wants_a_lower_learning_rate():
    (finding,) = diagnose([], {}, SETTINGS_NOW, 100, diverged=True)
    assert finding.change == {"learning_rate": 0.001}


def test_a_jagged_curve_wants_a_lower_learning_rate():
    jagged = SETTLED + 0.1 * (PASSES % 2)
    (finding,) = said(jagged, jagged + 0.1)
    assert "jumps" in finding.sentence
    assert finding.change == {"learning_rate": 0.003}


def test_a_straight_line_wants_a_higher_learning_rate():
    line = 1.9 - PASSES / 1000
    (finding,) = said(line, line)
    assert "learning rate is too low" in finding.sentence
    assert finding.change == {"learning_rate": 0.05}


def test_known_plays_far_better_than_hidden_ones_wants_a_higher_lambda():
    (finding,) = said(SETTLED, SETTLED * 5)
    assert "Worse than predicting the mean: 2.5" in finding.sentence
    assert finding.change == {"regularization": 1}


def test_an_error_that_rises_once_is_no_jump():
    risen = SETTLED + np.maximum(0, PASSES - 80) / 80
    assert not [finding for finding in said(risen, risen + 0.1) if "jumps" in finding.sentence]


def test_lists_that_get_better_while_the_error_rises_are_not_called_overfitting():
    quality = [0.1 + at / 1000 if at % 5 == 0 else None for at in PASSES]
    (finding,) = said(SETTLED, 0.8 + np.abs(PASSES - 30) / 300, quality)
    assert "disagree: since epoch 30" in finding.sentence
    assert "NDCG@10 from 0.130 to 0.200" in finding.sentence
    assert finding.change == {"watch": "ndcg"}


def test_who_watches_ndcg_already_is_not_told_to():
    quality = [0.1 + at / 1000 if at % 5 == 0 else None for at in PASSES]
    curve = 0.8 + np.abs(PASSES - 30) / 300
    assert said(SETTLED, curve, quality, settings=SETTINGS_NOW | {"watch": "ndcg"})[0].change is None


@pytest.mark.parametrize("value", [float("nan"), None])
def test_a_model_without_an_error_is_not_judged_by_it(value):
    history = [Epoch(at, value, value, 0.1, 0.2, 0.2) for at in range(1, 21)]  # type: ignore[arg-type]
    assert diagnose(history, {}, {}, 20) == []


def test_no_change_is_proposed_beyond_the_end_of_a_slider():
    last = SETTINGS["learning_rate"].ladder[0]
    (finding,) = diagnose([], {}, SETTINGS_NOW | {"learning_rate": last}, 100, diverged=True)
    assert finding.change is None


@pytest.fixture(scope="module")
def split():
    return hold_out(load("sample").interactions)


CASES = [
    ("article", {}, "Worse than predicting the mean", {"regularization": 1.0}),
    ("article", {}, "Still falling", {"epochs": 500}),
    ("article", {"regularization": 10}, "Lambda is too high", {"regularization": 1.0}),
    ("article", {"learning_rate": 1}, "learning rate is too high", {"learning_rate": 0.1}),
    ("article", {"learning_rate": 1e-5}, "learning rate is too low", {"learning_rate": 5e-5}),
    ("funk", {"learning_rate": 1e-5}, "learning rate is too low", {"learning_rate": 5e-5}),
    ("funk", {"learning_rate": 1e-4}, "learning rate is too low", {"learning_rate": 5e-4}),
    ("funk", {"learning_rate": 0.5}, "learning rate is too high", {"learning_rate": 0.05}),
    ("funk", {"regularization": 10}, "Lambda is too high", {"regularization": 1.0}),
    ("funk", {"learning_rate": 0.05, "regularization": 0}, "Overfitting since epoch", {"epochs"}),
    ("biased", {"factors": 8, "learning_rate": 1e-3}, "learning rate is too low", {"learning_rate": 5e-3}),
    ("biased", {"factors": 8, "learning_rate": 0.5}, "learning rate is too high", {"learning_rate": 0.15}),
    ("biased", {"factors": 8, "learning_rate": 2}, "learning rate is too high", {"learning_rate": 0.2}),
    ("biased", {"factors": 8, "regularization": 100}, "Lambda is too high", {"regularization": 10.0}),
    ("biased", {"factors": 8, "regularization": 0}, "Overfitting since epoch", {"epochs"}),
    ("implicit", {"factors": 16, "learning_rate": 1e-3}, "learning rate is too low", {"learning_rate": 5e-3}),
    ("implicit", {"factors": 16, "regularization": 10}, "Lambda is too high", {"regularization": 1.0}),
]


def real(split, name, settings, monkeypatch):
    monkeypatch.setattr(training, "RANKED_USERS", 20)
    run = TrainingRun(make_model(name, **settings), split)
    diverged = False
    try:
        list(run)
    except InputError:
        diverged = True
    return diagnose(run.history, run.references, run.model.settings, run.epochs, diverged)


@pytest.mark.parametrize(("name", "settings", "words", "change"), CASES)
def test_real_curves_with_bad_settings_are_seen_through(name, settings, words, change, split, monkeypatch):
    found = real(split, name, settings, monkeypatch)
    (finding,) = [finding for finding in found if words in finding.sentence]
    if isinstance(change, set):
        assert set(finding.change) == change
    else:
        assert finding.change == change


@pytest.mark.parametrize(
    ("name", "settings"), [("funk", {}), ("biased", {"factors": 8}), ("implicit", {"factors": 16})]
)
def test_real_curves_with_good_settings_are_left_alone(name, settings, split, monkeypatch):
    assert real(split, name, settings, monkeypatch) == []
