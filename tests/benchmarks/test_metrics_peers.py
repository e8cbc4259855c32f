"""Our metrics against those of other packages, on the same lists; skipped where they are not installed."""

import pytest

from benchmarks.metrics_peers import of_ranx, of_rectools, ours
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.models import make_model


@pytest.fixture(scope="module")
def lists(checkerboard):
    from recsys.data.splitting import hold_out

    # as many held-out items as places, so that all of them mean the same
    split = hold_out(checkerboard, minimum=10, hidden=5, seed=10)
    model = make_model("svd").fit(split.train)
    return RankedLists.of(model, split, sample_users(split, 100), 5)


@pytest.mark.parametrize(("package", "judge"), [("rectools", of_rectools), ("ranx", of_ranx)])
def test_others_judge_the_same_lists_alike(lists, package, judge):
    pytest.importorskip(package)
    mine = ours(lists)
    for name, value in judge(lists).items():
        assert value == pytest.approx(mine[name], abs=1e-12), name
