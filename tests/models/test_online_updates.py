"""Learning on after training: new plays of one listener, without training again."""

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.models import MODELS, make_model
from recsys.recommendation.recommend import before_and_after

LEARNS_ON = [name for name, model in MODELS.items() if model.supports_online_updates]
who_learns_on = pytest.mark.parametrize("name", LEARNS_ON)
QUICK = {"article": {"epochs": 5}, "implicit": {"factors": 8}}


@pytest.fixture(scope="module")
def trained(checkerboard):
    return {name: make_model(name, **QUICK.get(name, {})).fit(checkerboard) for name in LEARNS_ON}


@pytest.fixture
def plays(checkerboard):
    """Let listener 4, who plays even artists, come to play three odd ones a lot."""
    span = checkerboard.with_plays(4, [1, 5, 9], [400, 400, 400])
    mine = span.of_user(4)
    return span.item_codes[mine], span.values[mine]


def users(*codes):
    return np.array(codes, np.int32)


@who_learns_on
def test_only_this_listener_changes_where_artists_stay(name, trained, plays):
    model = trained[name].copy()
    model.partial_fit(4, *plays)
    others = users(*(user for user in range(40) if user != 4))
    assert model.scores(others).tobytes() == trained[name].scores(others).tobytes()
    assert model.item_factors.tobytes() == trained[name].item_factors.tobytes()
    assert model.scores(users(4)).tobytes() != trained[name].scores(users(4)).tobytes()


@who_learns_on
def test_with_artists_only_those_played_change(name, trained, plays):
    model = trained[name].copy()
    model.partial_fit(4, *plays, update_items=True)
    changed = (model.item_factors != trained[name].item_factors).any(axis=1)
    assert set(np.flatnonzero(changed)) <= set(plays[0].tolist())
    assert changed.any()


@who_learns_on
def test_learning_twice_the_same_way_is_the_same(name, trained, plays):
    first, second = trained[name].copy(), trained[name].copy()
    for model in (first, second):
        model.partial_fit(4, *plays, 3, update_items=True)
    assert first.scores(users(4)).tobytes() == second.scores(users(4)).tobytes()


@pytest.mark.parametrize("name", ["funk", "article"])
def test_more_steps_come_nearer_to_what_is_played(name, trained, plays, checkerboard):
    now = checkerboard.with_plays(4, *plays)
    mine = np.zeros(len(now), bool)
    mine[now.of_user(4)] = True
    errors = [trained[name].rmse(now.subset(mine))]
    for steps in (1, 10, 100):
        model = trained[name].copy()
        model.partial_fit(4, *plays, steps)
        errors.append(model.rmse(now.subset(mine)))
    assert errors[3] < errors[0]
    assert errors[3] <= errors[1]


def test_steps_lead_to_where_the_exact_solution_is(trained, plays):
    model = trained["implicit"].copy()
    exact = model.fold_in_scores(*plays)
    distances = [np.abs(model.scores(users(4))[0] - exact).max()]
    for steps in (3, 30, 300):
        model = trained["implicit"].copy()
        model.partial_fit(4, *plays, steps)
        distances.append(np.abs(model.scores(users(4))[0] - exact).max())
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < 0.02


def test_a_listener_made_of_artists_needs_no_steps(trained, plays):
    model = trained["biased"].copy()
    model.partial_fit(4, *plays, 1)
    np.testing.assert_allclose(model.scores(users(4))[0], model.fold_in_scores(*plays), rtol=1e-4, atol=1e-5)


def test_new_plays_bring_their_kind_into_the_list(trained, checkerboard):
    table = before_and_after(trained["implicit"], checkerboard, 4, [1, 5, 9], [400, 400, 400], n=8, steps=30)
    new = table[table["after"].notna()]
    assert new["after"].tolist() == list(range(1, len(new) + 1))
    assert not set(table["item"]) & set(checkerboard.item_codes[checkerboard.of_user(4)].tolist())
    assert not set(new["item"]) & {1, 5, 9}
    odd = new["item"][new["item"] % 2 == 1].to_numpy()
    before = trained["implicit"].scores(users(4))[0]
    assert (new.set_index("item")["score"][odd] > before[odd] + 0.1).all()


def test_the_model_that_is_looked_at_stays_as_it_is(trained, checkerboard):
    before = trained["biased"].scores(users(*range(40)))
    before_and_after(trained["biased"], checkerboard, 4, [1], [10], update_items=True)
    assert trained["biased"].scores(users(*range(40))).tobytes() == before.tobytes()


def test_what_learning_cannot_use_is_explained(trained, checkerboard):
    with pytest.raises(InputError, match="1 step or more"):
        trained["implicit"].partial_fit(4, [1], [2], 0)
    with pytest.raises(InputError, match="at least one"):
        trained["implicit"].partial_fit(4, [1], [0])
    with pytest.raises(InputError, match="does not learn step by step"):
        make_model("popular").fit(checkerboard).partial_fit(4, [1], [2])
    wild = make_model("funk", learning_rate=10, regularization=0)
    wild.settings["epochs"] = 0
    wild.fit(checkerboard)
    with pytest.raises(InputError, match="run away"):
        wild.partial_fit(4, np.arange(20), np.full(20, 500), 200, update_items=True)


def test_plays_are_changed_for_one_listener_alone(checkerboard):
    known = checkerboard.item_codes[checkerboard.of_user(4)]
    changed = checkerboard.with_plays(4, [known[0], known[1], 1], [77, 0, 5])
    mine = dict(
        zip(
            changed.item_codes[changed.of_user(4)].tolist(),
            changed.values[changed.of_user(4)].tolist(),
            strict=True,
        )
    )
    assert mine[int(known[0])] == 77
    assert int(known[1]) not in mine
    assert mine[1] == 5
    others = checkerboard.user_codes != 4
    left = changed.subset(changed.user_codes != 4)
    assert left.fingerprint == checkerboard.subset(others).fingerprint
    assert (np.diff(changed.user_codes * 40 + changed.item_codes) > 0).all()


@pytest.mark.parametrize(("items", "values"), [([1, 1], [1, 1]), ([40], [1]), ([1], [-1]), ([1], [np.inf])])
def test_plays_that_cannot_be_are_refused(items, values, checkerboard):
    with pytest.raises(InputError):
        checkerboard.with_plays(4, items, values)
