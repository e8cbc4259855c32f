"""The same bytes whatever the number of threads."""

import numpy as np
import pytest

from benchmarks.synthetic import make
from recsys.kernels import balance, blocked_sgd
from recsys.models import MODELS, make_model


@pytest.fixture(scope="module")
def plays():
    return make(6000, 300, 200, seed=4)


@pytest.mark.parametrize("name", MODELS)
def test_the_number_of_threads_changes_no_byte(name, plays, monkeypatch):
    # As if the data were large: every round, sum and list is shared out.
    monkeypatch.setattr(blocked_sgd, "FEWEST_PRODUCTS", 0)
    monkeypatch.setattr(balance, "ROWS_PER_TASK", 32)
    monkeypatch.setattr("recsys.models.implicit_mf.USERS_PER_TASK", 16)
    monkeypatch.setattr("recsys.models.base.SCORES_PER_TASK", 2000)
    settings = {
        key: value for key, value in {"factors": 16, "epochs": 3}.items() if key in MODELS[name].defaults
    }
    everyone = np.arange(plays.n_users, dtype=np.int32)
    found = set()
    for number in ("1", "2", "3", "8"):
        monkeypatch.setenv("RECSYS_THREADS", number)
        model = make_model(name, **settings).fit(plays)
        state = [np.asarray(getattr(v, "data", v)).tobytes() for v in model.state().values()]
        found.add((*state, *(array.tobytes() for array in model.recommend(plays, everyone, 5))))
    assert len(found) == 1
