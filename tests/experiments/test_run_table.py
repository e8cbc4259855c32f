"""Differences between runs."""

from dataclasses import replace

import numpy as np

from recsys.experiments.run_table import (
    RunRecord,
    difference,
    differing,
    in_words,
    label,
    one_setting_apart,
    run_table,
    spell,
)
from recsys.experiments.setup import Setup
from recsys.experiments.training import Epoch
from recsys.models import MODELS
from recsys.settings import CHOICES, SETTINGS

BASE = Setup("article", {"seed": 3})


def changed(**settings):
    return replace(BASE, settings=BASE.settings | settings)


def curve(*errors, ndcg=None):
    return [Epoch(at + 1, error, error, 0.5, ndcg, ndcg) for at, error in enumerate(errors)]


def test_the_same_setups_do_not_differ():
    assert differing([BASE, BASE]) == differing([BASE]) == differing([]) == []
    assert difference(BASE, BASE) == {}
    assert in_words(BASE, BASE) == "the same settings"


def test_what_differs_is_named_with_both_values():
    other = replace(changed(regularization=2.0), hidden=5, watch="rmse")
    assert difference(BASE, other) == {
        "regularization": (0.1, 2.0),
        "hidden": (15, 5),
        "watch": ("none", "rmse"),
    }
    assert in_words(other, BASE) == (
        "Lambda (regularization) 2, Held-out items per user 5, Early-stopping metric validation RMSE"
    )


def test_other_data_differs():
    assert differing([BASE, replace(BASE, fingerprint="0" * 16)]) == ["fingerprint"]


def test_another_model_differs_in_its_name_and_defaults():
    assert {"model", "factors"} <= set(differing([BASE, Setup("biased")]))


def test_every_setting_and_choice_has_a_label_and_is_spelled():
    for name in (*SETTINGS, *CHOICES, "model", "fingerprint"):
        assert label(name)
    assert spell("model", "article") == MODELS["article"].label
    assert spell("learning_rate", 1e-05) == "1e-05"
    assert spell("seed", None) == ""


def test_the_table_has_the_settings_that_differ_and_what_came_of_them():
    table = run_table(
        [
            RunRecord("a", "First", BASE, curve(3.0, 1.0, 2.0, ndcg=0.1), pinned=True),
            RunRecord("b", "Second", changed(factors=7), curve(*np.linspace(9, 1, 300))),
            RunRecord("c", "Empty", changed(factors=9), []),
        ]
    )
    assert table.columns.tolist() == [
        *("id", "name", "pinned", "factors"),
        *("best_epoch", "epochs", "rmse", "ndcg", "seconds", "curve"),
    ]
    assert table["factors"].tolist() == ["3", "7", "9"]
    assert table["best_epoch"].tolist()[:2] == [2, 300]
    assert table["best_epoch"].isna().tolist() == [False, False, True]
    assert table["epochs"].tolist() == [3, 300, 0]
    assert table["rmse"].tolist()[:2] == [1.0, 1.0]
    assert table["ndcg"].isna().tolist() == [False, True, True]
    assert table["seconds"].tolist() == [1.5, 150.0, 0.0]
    assert table["curve"][0] == [3.0, 1.0, 2.0]
    assert (len(table["curve"][1]), table["curve"][1][0], table["curve"][1][-1]) == (40, 9.0, 1.0)


def test_all_settings_are_shown_if_wanted():
    table = run_table([RunRecord("a", "A", BASE, curve(1.0))], all_settings=True)
    assert {"model", "factors", "seed", "minimum", "watch", "fingerprint"} <= set(table.columns)


def test_no_runs_make_an_empty_table():
    assert run_table([]).empty
    assert "rmse" in run_table([]).columns


def test_a_model_without_an_error_has_none_in_the_table():
    table = run_table([RunRecord("a", "A", BASE, curve(float("nan"), None, ndcg=0.3))])
    assert table["rmse"].isna().all()
    assert table["ndcg"].tolist() == [0.3]
    assert table["curve"].tolist() == [[]]


def test_runs_that_differ_in_the_setting_changed_last_are_found():
    setups = {
        "other setting": changed(factors=7),
        "first": changed(regularization=2.0),
        "two": changed(regularization=2.0, factors=9),
        "other hold-out": replace(BASE, hidden=5),
        "last": changed(regularization=3.0),
        "same": BASE,
        "other model": Setup("biased"),
    }
    earlier = [RunRecord(name, name, setup, []) for name, setup in setups.items()]
    setting, found = one_setting_apart(earlier, BASE)
    assert setting == "regularization"
    assert [record.id for record in found] == ["first", "last"]


def test_without_such_runs_it_is_the_first_setting_of_the_model():
    assert one_setting_apart([], BASE) == (next(iter(BASE.settings)), [])
    assert one_setting_apart([], Setup("popular")) == ("", [])
