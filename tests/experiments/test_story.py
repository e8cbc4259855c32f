"""The story on the sample and on small data: its numbers, and the code that it shows."""

import contextlib
import io

import numpy as np
import pandas as pd
import pytest

from pages.components.story.table import STEPS
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.sources.sample import load_sample
from recsys.experiments import story as module
from recsys.experiments.story import Story
from recsys.figures.story import errors


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(load_sample())


def test_the_code_beside_each_step_runs_in_order():
    known: dict[str, object] = {}
    for step in STEPS:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(step.code, step.name, "exec"), known)
        assert printed.getvalue().strip()


def test_names_in_the_order_of_ids_do_not_belong_to_descending_scores(story):
    table = story.neighbours()
    assert sorted(table["artist"]) == sorted(table["misplaced"])
    assert table["similarity"].is_monotonic_decreasing
    assert (table["artist"] != table["misplaced"]).any()


def test_directions_hold_more_and_more_of_the_matrix_and_never_more_than_all(story):
    assert (np.diff(story.spectrum) <= 0).all()
    assert (np.diff(story.explained) > 0).all()
    assert 0 < story.explained[-1] <= 1
    dense = np.zeros((story.interactions.n_users, story.interactions.n_items))
    dense[story.interactions.user_codes, story.interactions.item_codes] = story.interactions.values
    assert story.spectrum[0] == pytest.approx(np.linalg.norm(dense, 2), rel=1e-4)


def test_the_smallest_values_become_zero(story):
    low = story.interactions.value_range[0]
    assert (story.scaled == 0).sum() == (story.interactions.values == low).sum() > 0
    assert story.scaled.max() == 1


def test_the_articles_error_falls_and_stays_above_that_of_the_mean_while_its_lists_find_nothing(story):
    history = story.article.history
    assert history[-1].validation_rmse < history[0].validation_rmse / 5
    assert history[-1].validation_rmse > story.mean_error
    figures = story.quality["ndcg@10"]
    assert figures["article"] < figures["popular"] / 10
    assert figures["implicit"] > figures["popular"]
    assert story.first_prediction == 6.75


def test_one_new_pair_moves_the_list_of_its_user(story):
    item, value, table = story.update()
    train = story.split.train
    mine = train.of_user(story.listener)
    assert item not in train.item_codes[mine]
    assert value == train.values[mine].max()
    assert table["before"].notna().sum() == table["after"].notna().sum() == 10


def test_of_larger_data_evenly_spread_users_are_taken(monkeypatch):
    monkeypatch.setattr(module, "MOST_PAIRS", 100)
    rows = [(user, item, 1 + (user + item) % 5) for user in range(60) for item in range(6)]
    pairs = Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value"]))
    small = Story(Dataset("own", "Own", "", "", pairs))
    assert small.interactions.users.tolist() == list(range(0, 60, 4))
    assert len(small.interactions) == 90


def test_the_chart_of_errors_has_every_epoch_and_the_error_of_the_mean(story):
    train, validation, mean = errors(story.article.history, story.mean_error).data
    assert len(train.x) == len(validation.y) == 200
    assert set(mean.y) == {story.mean_error}
