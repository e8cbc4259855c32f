"""Our metrics against those of other packages, on the same lists; skipped where these are not installed."""

import numpy as np
import pytest

from benchmarks.metrics_peers import SHARED, of_ranx, of_rectools, write


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    path = tmp_path_factory.mktemp("judges") / "lists.npz"
    write(path, "sample", "popular", 10)
    with np.load(path) as file:
        yield dict(file)


def test_lists_pass_through_a_file_with_all_that_a_judge_needs(lists):
    assert lists["items"].shape == (len(lists["users"]), 10)
    assert {"held_out", "n_items", *SHARED} <= set(lists)
    users, items = lists["held_out"]
    n_items = int(lists["n_items"])
    hits = np.isin(lists["users"][:, None] * n_items + lists["items"], users * n_items + items)
    assert hits.mean() == pytest.approx(float(lists["precision"]))


@pytest.mark.parametrize(("package", "judge"), [("rectools", of_rectools), ("ranx", of_ranx)])
def test_others_judge_the_same_lists_alike(lists, package, judge):
    pytest.importorskip(package)
    for name, value in judge(lists).items():
        assert value == pytest.approx(float(lists[name]), abs=1e-9), name
