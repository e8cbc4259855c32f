"""The choice of a model, which never looks at the test part."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.interactions import Interactions
from recsys.data.splitting import Split, hold_out
from recsys.errors import InputError
from recsys.evaluation.metrics import evaluate
from recsys.evaluation.ranked_lists import sample_users
from recsys.experiments import candidates as candidates_module
from recsys.experiments.candidates import SHORT, Candidate, instead_of_ease, select, suitable, that_fit
from recsys.experiments.choose import Race, inner_split, sample_of_users
from recsys.models import MODELS, ease, make_model
from recsys.models.ensemble_selection import Pool


@pytest.fixture(scope="module")
def split():
    """Two tastes: a user plays the items of one, and a few that everybody plays."""
    random = np.random.default_rng(8)
    tastes = np.arange(60) % 2
    liked = (np.arange(50) % 2)[None, :] == tastes[:, None]
    users, items = np.nonzero(random.random((60, 50)) < np.where(liked, 0.6, 0.05))
    frame = pd.DataFrame({"user": users, "item": items, "value": random.integers(1, 50, len(users))})
    return hold_out(Interactions.from_frame(frame), 10, 4, 5)


def candidates():
    return [
        Candidate("popular"),
        Candidate("implicit", {"factors": 4, "epochs": 10}),
        Candidate("svd", {"factors": 4}),
        Candidate("article", {"epochs": 2}),
    ]


def finished(split, seconds=300.0, entrants=None):
    race = Race(split, seconds, candidates() if entrants is None else entrants)
    for _ in race:
        pass
    return race


def trained(race):
    return make_model(race.setup.model, **race.setup.settings).fit(race.split.train)


def outcome(race):
    return [(one.label, one.state, one.ndcg, one.weight) for one in race.candidates]


def test_the_choice_beats_what_it_left_behind_on_the_test(split):
    race = finished(split)
    assert {one.model for one in race.chosen} <= {"implicit", "svd"}
    left = evaluate(make_model("popular").fit(split.train), split)["ndcg@10"]
    assert evaluate(trained(race), split)["ndcg@10"] > left + 0.1
    assert sum(one.weight for one in race.candidates) == pytest.approx(1)
    assert race.progress == 1


def test_a_poisoned_test_part_changes_nothing_in_the_choice(split):
    other = hold_out(split.test, 3, 1).test
    poisoned = Split(split.train, other, other, split.settings)
    first, second = finished(split), finished(poisoned)
    np.testing.assert_equal(outcome(first), outcome(second))
    assert first.sentence == second.sentence
    assert first.setup == second.setup


def test_the_choice_is_the_same_on_any_number_of_threads(split, monkeypatch):
    found = []
    for number in ("1", "2", "3"):
        monkeypatch.setenv("RECSYS_THREADS", number)
        found.append(outcome(finished(split)))
    np.testing.assert_equal(found[1], found[0])
    np.testing.assert_equal(found[2], found[0])


def test_candidates_race_side_by_side_only_where_memory_allows_it(split, monkeypatch):
    size = min(split.train.n_users, split.train.n_items)
    for fitting, kept, number in ((3.5, 0, 3), (3.5, 2, 1), (0.5, 0, 1)):
        monkeypatch.setattr(
            candidates_module, "available", lambda fitting=fitting: fitting * ease.memory_needed(size)
        )
        assert that_fit(split.train, kept) == number
    monkeypatch.setattr(candidates_module, "LARGEST_SYSTEM", 10)
    monkeypatch.setattr(candidates_module, "available", lambda: 10**12)
    assert that_fit(split.train, 0) == 1


def test_what_it_judges_by_lies_inside_the_training_part(split):
    def pairs(part):
        return set(zip(part.user_codes.tolist(), part.item_codes.tolist(), strict=True))

    inner = inner_split(split)
    assert pairs(inner.train) | pairs(inner.validation) == pairs(split.train)
    assert not pairs(inner.train) & pairs(inner.validation)
    assert (inner.minimum, inner.hidden) == (6, 2)


def test_the_sentence_says_among_how_many_and_that_the_test_was_not_read(split):
    sentence = finished(split).sentence
    assert sentence.startswith("Chosen: ")
    assert "among 4 candidates by 2 held-out {nouns.items} of each {nouns.user}" in sentence
    assert "the runner-up, " in sentence
    assert sentence.endswith("The test part was not looked at.")


def test_a_time_limit_ends_it_with_what_was_measured_and_says_so(split):
    race = finished(split, seconds=1e-9)
    assert [one.state for one in race.candidates].count("late") == 3
    assert [one.model for one in race.chosen] == ["popular"]
    assert "another run may choose otherwise" in race.sentence


def test_a_model_that_cannot_be_trained_is_left_out_and_says_why(split, monkeypatch):
    def fail(self, interactions):
        raise InputError("Too little memory.")
        yield

    monkeypatch.setattr(MODELS["svd"], "train", fail)
    race = finished(split)
    failed = next(one for one in race.candidates if one.model == "svd")
    assert (failed.state, failed.message) == ("failed", "Too little memory.")
    with pytest.raises(InputError, match=r"No model could be trained on this data\. Too little memory\."):
        finished(split, entrants=[Candidate("svd")])


def test_the_best_of_each_model_goes_on_and_four_of_the_leading_one():
    values = {"ease": [0.3, 0.29, 0.285, 0.28, 0.275], "als": [0.27, 0.26], "svd": [0.1], "user-knn": [0.25]}
    entrants = [
        Candidate(name, state="sampled", ndcg=ndcg, half=0.01)
        for name, rows in values.items()
        for ndcg in rows
    ]
    assert [(one.model, one.ndcg) for one in select(entrants)] == [
        ("ease", 0.3),
        ("ease", 0.29),
        ("ease", 0.285),
        ("ease", 0.28),
        ("als", 0.27),
        ("user-knn", 0.25),
    ]
    assert [one.ndcg for one in entrants if one.state == "dropped"] == [0.275, 0.26, 0.1]


def test_a_sample_of_users_keeps_whole_users(split):
    inner = inner_split(split)
    sample = sample_of_users(inner, len(inner.train) // 2)
    drawn = inner.train.users.get_indexer(sample.train.users)
    assert 0 < len(drawn) < inner.train.n_users
    for part in ("train", "validation"):
        whole, kept = getattr(inner, part), getattr(sample, part)
        np.testing.assert_array_equal(kept.user_counts, whole.user_counts[drawn])
        assert set(kept.item_codes[kept.of_user(3)]) == set(whole.item_codes[whole.of_user(drawn[3])])
    assert sample_of_users(inner, 10**9) is inner


def test_large_catalogues_get_slim_and_others_ease(split, monkeypatch):
    assert {"ease", "implicit", "popular"} <= {one.model for one in suitable(split.train)}
    assert "slim" not in {one.model for one in suitable(split.train)}
    assert instead_of_ease(split.train) == ""
    monkeypatch.setattr(ease, "available", lambda: 1000)
    assert "that needs 0.0 GB of memory" in instead_of_ease(split.train)
    assert "Train 'slim' instead" in instead_of_ease(split.train)
    monkeypatch.undo()
    monkeypatch.setattr(candidates_module, "LARGEST_SYSTEM", 10)
    assert "SLIM on nearest neighbours races instead of EASE" in Race(split).note
    assert "ease" not in {one.model for one in suitable(split.train)}
    for one in suitable(split.train):
        one.make(SHORT)  # every setting of the grid is allowed


def test_a_choice_of_several_is_a_blend_by_its_recipe(split):
    race = Race(split, candidates=candidates())
    race.candidates[1].weight, race.candidates[2].weight = 0.25, 0.75
    assert race.setup.model == "blend"
    assert race.setup.settings["parts"] == "svd:factors=4*0.75,implicit:factors=4:epochs=10*0.25"
    assert (race.setup.minimum, race.setup.hidden) == (10, 4)
    model = trained(race)
    assert model.weights == pytest.approx([0.75, 0.25])
    assert [part.settings["factors"] for part in model.parts] == [4, 4]


def weights_of(models, inner):
    return Pool.of(models, inner, sample_users(inner, 100, "validation")).select()[0]


def test_a_model_that_only_adds_noise_gets_no_weight(split):
    inner = inner_split(split)
    good, bad = (
        make_model("svd", factors=4).fit(inner.train),
        make_model("article", epochs=1).fit(inner.train),
    )
    assert weights_of([bad, good], inner)[1] > 0.8


def test_halves_of_the_truth_are_blended(split):
    inner = inner_split(split)
    truth = np.zeros((60, 50), np.float32)
    truth[inner.validation.user_codes, inner.validation.item_codes] = 1

    class Half(type(make_model("popular"))):
        def __init__(self, side):
            super().__init__()
            self.side = side

        def scores(self, users):
            return truth[users] * (np.arange(50) // 25 == self.side) + 0.01 * np.random.default_rng(
                self.side
            ).random((len(users), 50), np.float32)

    weights = weights_of([Half(0), Half(1)], inner)
    assert weights == pytest.approx([0.5, 0.5], abs=0.2)


def test_data_with_one_item_a_user_is_refused_in_a_sentence(split):
    single = np.zeros(len(split.train), bool)
    single[split.train.user_starts[:-1]] = True
    with pytest.raises(InputError, match="nothing can be held out to choose by"):
        inner_split(replace(split, train=split.train.subset(single)))


def test_transforms_of_the_values_race_only_where_these_differ(split):
    assert any("plays" in one.settings for one in suitable(split.train))
    alike = replace(split.train, values=np.ones_like(split.train.values))
    assert not any("plays" in one.settings for one in suitable(alike))
