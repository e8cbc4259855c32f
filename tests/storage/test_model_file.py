"""Saved runs: whole or not at all, and never trusted."""

import json
import os
import pickle

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from recsys.data.dataset import Dataset
from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.models import MODELS, make_model
from recsys.storage.model_file import load_run, save_run


@pytest.fixture
def saved(tmp_path, dataset, checkerboard_split):
    run = TrainingRun(make_model("biased", epochs=3), checkerboard_split)
    list(run)
    path = tmp_path / "run.safetensors"
    save_run(path, dataset, run.split, run.model, run.history)
    return path


@pytest.mark.parametrize("name", MODELS)
def test_a_run_comes_back_as_it_was(name, tmp_path, dataset, checkerboard_split):
    wanted = {"epochs": 3, "factors": 5, "neighbours": 4}
    settings = {key: value for key, value in wanted.items() if key in MODELS[name].defaults}
    run = TrainingRun(make_model(name, **settings), checkerboard_split)
    list(run)
    path = tmp_path / "run"
    save_run(path, dataset, run.split, run.model, run.history)
    back = load_run(path, dataset)
    users = np.arange(40, dtype=np.int32)
    assert back.model.name == name
    assert back.model.settings == run.model.settings
    assert back.model.scores(users).tobytes() == run.model.scores(users).tobytes()
    assert back.history == run.history
    assert back.split.validation.fingerprint == run.split.validation.fingerprint
    assert os.listdir(tmp_path) == ["run"]


def test_a_run_on_other_data_is_refused(saved, dataset, checkerboard):
    part = checkerboard.subset(checkerboard.values > 3)
    with pytest.raises(InputError, match=r"was trained on other data \(Checkerboard\) than Other"):
        load_run(saved, Dataset("other", "Other", "", "", part))


def test_a_missing_file_is_named(tmp_path, dataset):
    with pytest.raises(InputError, match="There is no file"):
        load_run(tmp_path / "nothing", dataset)


def damage(saved, change):
    """Change a run and take its checksum away, as an attacker would."""
    arrays = load_file(saved)
    with open(saved, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        story = json.loads(json.loads(file.read(size))["__metadata__"]["run"])
    del story["arrays"]
    change(story, arrays)
    save_file(arrays, saved, metadata={"run": json.dumps(story)})


def without_factors(story, arrays):
    del arrays["user_factors"]


def with_fewer_rows(story, arrays):
    arrays["item_factors"] = arrays["item_factors"][:-1].copy()


def with_other_width(story, arrays):
    arrays["item_factors"] = arrays["item_factors"][:, :-1].copy()


def with_an_unknown_model(story, arrays):
    story["model"] = "magic"


def with_a_setting_out_of_range(story, arrays):
    story["settings"]["factors"] = -4


def without_history(story, arrays):
    del story["history"]


def with_a_list_for_a_story(story, arrays):
    story["split"] = []


def with_factors_that_are_not_numbers(story, arrays):
    arrays["user_factors"][0, 0] = np.nan


def with_double_precision(story, arrays):
    arrays["user_factors"] = arrays["user_factors"].astype(np.float64)


@pytest.mark.parametrize(
    "change",
    [
        without_factors,
        with_fewer_rows,
        with_other_width,
        with_an_unknown_model,
        with_a_setting_out_of_range,
        without_history,
        with_a_list_for_a_story,
        with_factors_that_are_not_numbers,
        with_double_precision,
    ],
    ids=lambda change: change.__name__,
)
def test_a_run_that_was_tampered_with_is_refused(change, saved, dataset):
    damage(saved, change)
    with pytest.raises(InputError):
        load_run(saved, dataset)


def with_an_index_out_of_range(arrays):
    arrays["item_similarity.indices"][0] = 40


def with_a_negative_index(arrays):
    arrays["item_similarity.indices"][0] = -1


def with_rows_that_run_backwards(arrays):
    arrays["user_plays.indptr"][5] = arrays["user_plays.indptr"][-1]


def with_rows_although_it_is_empty(arrays):
    arrays["item_similarity.indptr"][-1] = 0


def with_rows_whose_lengths_overflow(arrays):
    pointers = arrays["item_similarity.indptr"].astype(np.int64)
    pointers[1], pointers[2] = 2**63 - 1, -(2**63)
    arrays["item_similarity.indptr"] = pointers


def with_fewer_values(arrays):
    arrays["user_plays.data"] = arrays["user_plays.data"][:-1].copy()


def with_a_value_that_is_not_a_number(arrays):
    arrays["user_plays.data"][3] = np.inf


def with_indices_that_are_fractions(arrays):
    arrays["user_plays.indices"] = arrays["user_plays.indices"].astype(np.float32)


@pytest.mark.parametrize(
    "change",
    [
        with_an_index_out_of_range,
        with_a_negative_index,
        with_rows_that_run_backwards,
        with_rows_although_it_is_empty,
        with_rows_whose_lengths_overflow,
        with_fewer_values,
        with_a_value_that_is_not_a_number,
        with_indices_that_are_fractions,
    ],
    ids=lambda change: change.__name__,
)
def test_a_sparse_matrix_that_was_tampered_with_is_refused(change, tmp_path, dataset, checkerboard_split):
    run = TrainingRun(make_model("item-knn", neighbours=5), checkerboard_split)
    list(run)
    path = tmp_path / "run"
    save_run(path, dataset, run.split, run.model, run.history)
    load_run(path, dataset)
    damage(path, lambda story, arrays: change(arrays))
    with pytest.raises(InputError, match="is not a saved run"):
        load_run(path, dataset)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\x00" * 100, pickle.dumps([1, 2]), b"\xff" * 8 + b"{}"], ids=range(5)
)
def test_a_file_of_another_kind_is_refused(content, tmp_path, dataset):
    path = tmp_path / "run"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is not a saved run"):
        load_run(path, dataset)


def test_a_cut_file_is_refused(saved, dataset):
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(InputError, match="is not a saved run"):
        load_run(saved, dataset)


def test_the_split_is_made_anew_from_its_settings(saved, dataset, checkerboard):
    back = load_run(saved, dataset)
    expected = hold_out(checkerboard, minimum=10, hidden=3, seed=1)
    assert back.split.validation.fingerprint == expected.validation.fingerprint
