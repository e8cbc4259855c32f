"""Entries of a leaderboard, and whether they are trained anew."""

import pytest

from recsys.data.splitting import hold_out
from recsys.experiments.leaderboard_entries import ModelChoice, kept_epoch, label_of
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch
from recsys.models import MODELS, make_model

RUN = Setup("funk", {"epochs": 9, "seed": 1}, minimum=10, hidden=3, validation=0.0)


def choice(kept=9, **changes):
    return ModelChoice("Mine", RUN, run="0123456789ab", kept=kept, seconds=2.5, **changes)


def test_a_run_on_the_same_hold_out_is_measured_as_it_is(checkerboard_split):
    model = make_model("funk")
    entry = choice().entry(checkerboard_split, model)
    assert entry.model is model
    assert (entry.trained, entry.seconds, entry.note) == (True, 2.5, "Measured as it was trained.")


@pytest.mark.parametrize(("kept", "stop"), [(9, None), (4, 4)])
def test_a_run_on_another_hold_out_is_trained_anew_to_its_epoch(kept, stop, checkerboard):
    split = hold_out(checkerboard, 10, 3, seed=2)
    model = make_model("funk")
    entry = choice(kept).entry(split, model)
    assert entry.model is not model
    assert entry.model.settings == RUN.settings
    assert (entry.trained, entry.stop, entry.seconds) == (False, stop, 0)
    assert "it learned from another hold-out (10/3, validation and test the same, seed 1)" in entry.note
    assert ("to epoch 4" in entry.note) == (stop == 4)


def test_a_run_whose_model_is_gone_is_trained_anew(checkerboard_split):
    entry = choice().entry(checkerboard_split)
    assert not entry.trained
    assert "its model is not at hand any more" in entry.note


def test_a_model_with_own_settings_says_which(checkerboard_split):
    own = ModelChoice("Own", Setup("svd", {"factors": 7}))
    assert own.entry(checkerboard_split).note == "Latent features (factors) 7."
    assert own.entry(checkerboard_split).model.settings["factors"] == 7
    assert ModelChoice("Plain", Setup("svd")).entry(checkerboard_split).note == "Default settings."


def test_the_epoch_that_is_kept_is_the_last_or_the_best():
    history = [Epoch(1, 1.0, 3.0, 0.1, 0.1), Epoch(2, 1.0, 1.0, 0.1, 0.3), Epoch(3, 1.0, 2.0, 0.1, 0.2)]
    assert kept_epoch(Setup("funk"), history) == 3
    assert kept_epoch(Setup("funk", watch="rmse"), history) == 2
    assert kept_epoch(Setup("implicit", watch="ndcg"), history[:1]) == 1
    assert kept_epoch(Setup("funk", watch="rmse"), []) == 0


def test_labels_are_told_apart():
    setup = Setup("svd", {"factors": 7})
    label = label_of(setup)
    assert label == f"{MODELS['svd'].label}: Latent features (factors) 7"
    assert label_of(setup, [label]) == f"{label} (2)"
    assert label_of(setup, [label, f"{label} (2)"]) == f"{label} (3)"
    assert label_of(setup, [], "  My \n SVD ") == "My SVD"
