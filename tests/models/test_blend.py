"""A blend is the weighted sum of its parts, and chooses its weights without looking at what is hidden."""

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.splitting import hold_out
from recsys.errors import InputError
from recsys.experiments.setup import Setup
from recsys.experiments.share_link import from_query, to_query
from recsys.models import make_model
from recsys.models.blend import Blend, parse_recipe
from recsys.models.ensemble_selection import NOTHING, Pool
from recsys.storage.model_file import load_run, save_run

USERS = np.arange(40, dtype=np.int32)
BY_HAND = "ease*3,implicit:factors=4:epochs=2*1"


def test_scores_are_the_weighted_sum_of_the_standardized_scores(checkerboard):
    blend = make_model("blend", parts=BY_HAND, seed=5).fit(checkerboard)
    ease = make_model("ease").fit(checkerboard).scores(USERS)
    implicit = make_model("implicit", factors=4, epochs=2, seed=5).fit(checkerboard).scores(USERS)
    expected = sum(
        weight * scores / scores.std(axis=1, keepdims=True)
        for weight, scores in ((0.75, ease), (0.25, implicit))
    )
    np.testing.assert_allclose(blend.scores(USERS), expected, rtol=1e-4, atol=1e-5)
    assert blend.recipe == "ease*0.75,implicit:factors=4:epochs=2*0.25"


def test_reasons_are_the_sum_of_those_of_the_parts(checkerboard):
    blend = make_model("blend", parts="ease*1,biased:epochs=3*1").fit(checkerboard)
    known, values, wanted = [1, 5, 8], [10, 200, 3], np.arange(40)
    parts = blend.contributions(known, values, wanted)
    np.testing.assert_allclose(parts.scores, blend.fold_in_scores(known, values), rtol=1e-3, atol=1e-4)
    assert "What is usual for this {nouns.item}" in parts.rest


def test_a_part_that_helps_gets_weight_and_one_that_does_not_gets_none(checkerboard):
    split = hold_out(checkerboard, 10, 3)
    blend = make_model("blend", parts="popular,ease").fit(split.train)
    assert blend.weights[1] > 0.7
    assert blend.weights.sum() == pytest.approx(1)


def test_the_weights_do_not_depend_on_what_is_hidden(checkerboard):
    first = hold_out(checkerboard, 10, 3)
    poisoned = first.validation.item_codes.copy()
    one = make_model("blend", parts="popular,ease").fit(first.train).weights
    first.validation.item_codes[:] = poisoned[::-1]
    assert one.tobytes() == make_model("blend", parts="popular,ease").fit(first.train).weights.tobytes()


def test_the_figure_that_weights_are_chosen_by_is_ndcg():
    scores = np.full((1, 2, 12), NOTHING, np.float32)
    scores[0, :, :4] = [[3.0, 2.0, 1.0, NOTHING], [1.0, 2.0, 3.0, 4.0]]
    hits = np.zeros((2, 12), bool)
    hits[:, :4] = [[True, False, True, False], [False, False, False, True]]
    ideal = np.array([1 + 1 / np.log2(3), 1.0])
    assert Pool(scores, hits, ideal).ndcg(np.ones(1)) == pytest.approx([(1 + 0.5) / ideal[0], 1])


def test_a_new_listener_needs_parts_that_take_them(checkerboard):
    assert make_model("blend").supports_fold_in
    blend = make_model("blend", parts="ease*1,user-knn*1").fit(checkerboard)
    assert not blend.supports_fold_in
    with pytest.raises(InputError, match="knows only those"):
        blend.fold_in_scores([1])


def test_a_copy_is_independent(checkerboard):
    blend = make_model("blend", parts=BY_HAND).fit(checkerboard)
    other = blend.copy()
    other.parts[0].diagonal[:] = 1
    other.weights[:] = 0
    assert blend.weights.tolist() == [0.75, 0.25]
    assert not (blend.parts[0].diagonal == 1).any()


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ("ease", "2 to 5 parts, not 1"),
        (",".join(["ease"] * 6), "2 to 5 parts, not 6"),
        ("ease,,slim", "look like"),
        ("ease*x,slim", "look like"),
        ("ease*1.2.3,slim", "A weight must be a number"),
        ("ease*1001,slim", "A weight must be a number"),
        ("ease*0,slim*0", "weight above 0"),
        ("ease,magic", "no model 'magic'"),
        ("ease,blend", "cannot be a part"),
        ("ease,slim:depth=3", "no setting 'depth'"),
        ("ease,implicit:factors=many", "Latent"),
        ("", "form"),
        ("e" * 500, "form"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_explained(recipe, sentence):
    with pytest.raises(InputError, match=sentence):
        make_model("blend", parts=recipe)
    setup, complaints = from_query({"model": "blend", "parts": recipe})
    assert setup.settings == Blend.defaults
    assert len(complaints) == 1


def test_a_recipe_stands_in_a_link(checkerboard):
    setup = Setup("blend", {"parts": BY_HAND})
    assert from_query(to_query(setup)) == (setup, [])
    assert [part.weight for part in parse_recipe(BY_HAND)] == [3, 1]


def test_a_saved_blend_gives_the_same_scores(checkerboard, tmp_path):
    dataset = Dataset(key="board", title="Board", origin="", licence="", interactions=checkerboard)
    split = hold_out(checkerboard, 10, 3)
    model = make_model("blend", parts="ease,item-knn:neighbours=5,implicit:factors=4").fit(split.train)
    save_run(tmp_path / "run", dataset, split, model, [])
    again = load_run(tmp_path / "run", dataset).model
    assert again.scores(USERS).tobytes() == model.scores(USERS).tobytes()
    assert again.recipe == model.recipe


def test_other_weights_take_the_parts_as_they_are_trained(checkerboard):
    blend = make_model("blend", parts=BY_HAND).fit(checkerboard)
    other = blend.with_weights("ease*1,implicit:factors=4:epochs=2*3")
    assert list(other.train(checkerboard)) == [1.0]
    assert other.parts is blend.parts
    fresh = make_model("blend", parts="ease*1,implicit:factors=4:epochs=2*3").fit(checkerboard)
    np.testing.assert_array_equal(other.scores(USERS), fresh.scores(USERS))
    assert blend.weights.tolist() == [0.75, 0.25]


@pytest.mark.parametrize("recipe", ["ease*1,implicit*3", "ease*1,slim*3", "ease,implicit:factors=4:epochs=2"])
def test_other_parts_or_weights_to_be_chosen_are_trained_anew(checkerboard, recipe):
    assert make_model("blend", parts=BY_HAND).fit(checkerboard).with_weights(recipe) is None


def test_other_weights_on_other_data_are_trained_anew(checkerboard):
    blend = make_model("blend", parts=BY_HAND).fit(checkerboard)
    split = hold_out(checkerboard, 10, 3)
    other = blend.with_weights("ease*1,implicit:factors=4:epochs=2*3").fit(split.train)
    fresh = make_model("blend", parts="ease*1,implicit:factors=4:epochs=2*3").fit(split.train)
    np.testing.assert_array_equal(other.scores(USERS), fresh.scores(USERS))
