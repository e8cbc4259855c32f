"""Other ways to split, counted by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.sources.load import load
from recsys.data.splitting import hold_out, in_words
from recsys.data.ways import FOLDS, from_month, given_files, last_out, make_split, new_users, split_settings
from recsys.errors import InputError
from recsys.evaluation.metrics import evaluate
from recsys.evaluation.ranked_lists import RankedLists, sample_users
from recsys.models import MODELS, make_model

# A listening history as services export it: a row for each play.
PLAYS = """user,artist,time
ann,Low,2010-01-05T10:00:00
ann,Low,2010-01-06T10:00:00
ann,Can,2010-02-01T00:00:00
ann,Low,2010-03-02T10:00:00
ann,Neu!,2010-03-01T00:00:00
ann,Faust,2010-04-09T10:00:00
bob,Can,2010-01-31T23:59:59
bob,Faust,2010-02-28T23:59:59
bob,Can,2010-03-05T10:00:00
cat,Low,2010-03-07T10:00:00
cat,Neu!,2010-05-07T10:00:00
"""


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("ways") / "plays.csv"
    path.write_text(PLAYS)
    return load(str(path))


def shown(part):
    return {
        (str(part.users[user]), str(part.names[item])): float(value)
        for user, item, value in zip(part.user_codes, part.item_codes, part.values, strict=True)
    }


def test_a_date_splits_an_export_as_counted_by_hand(export):
    split = from_month(export, "2010-03")
    # Low was played three times by Ann, twice before March; Can twice by Bob, once before.
    assert shown(split.train) == {
        ("ann", "Low"): 2,
        ("ann", "Can"): 1,
        ("bob", "Can"): 1,
        ("bob", "Faust"): 1,
    }
    # Cat came in March: nothing is known of her before.
    assert shown(split.test) == {("ann", "Neu!"): 1, ("ann", "Faust"): 1}
    assert split.validation is split.test
    assert in_words(split.settings) == "from 2010-03 on"


def test_validation_is_the_months_before_the_test(export):
    split = from_month(export, "2010-03", validation=0.33)
    # of two pairs before for four later, February's are about a third
    assert shown(split.train) == {("ann", "Low"): 2, ("bob", "Can"): 1}
    assert shown(split.validation) == {("ann", "Can"): 1, ("bob", "Faust"): 1}
    assert shown(split.test) == {("ann", "Neu!"): 1, ("ann", "Faust"): 1}
    assert split.validation_from == "2010-02"
    assert in_words(split.settings) == "from 2010-03 on, validation before it"
    # months to the end of training; validation is of after it
    assert split.train.ages.tolist() == [1, 1]
    assert split.validation.ages.tolist() == [0, 0]


def test_nothing_of_a_later_part_is_known_before(export):
    split = from_month(export, "2010-04", validation=0.5)
    assert split.validation_from == "2010-03"
    # Can was played by Bob twice, once in March, which is for validation.
    assert shown(split.train)["bob", "Can"] == 1
    assert shown(split.validation) == {("ann", "Neu!"): 1}
    assert shown(split.test) == {("ann", "Faust"): 1}


@pytest.mark.parametrize("share", [0.1, 0.33, 0.67])
def test_validation_has_about_its_share_of_what_is_hidden(share):
    sample = load("sample")
    split = from_month(sample, "2024-09", share)
    assert abs(len(split.validation) / (len(split.validation) + len(split.test)) - share) < 0.06
    first = sample.history.first
    assert len(split.train) == (first < np.datetime64(split.validation_from)).sum()


def test_settings_of_a_split_make_it_again(export):
    splits = [
        from_month(export, "2010-03", 0.33),
        from_month(export, "2010-03"),
        last_out(export, 3, 2, 0.5),
        hold_out(export.interactions, 3, 2, 5, 0.5),
    ]
    for split in splits:
        again = make_split(export, split.settings)
        assert again.settings == split.settings
        for part in ("train", "validation", "test"):
            assert shown(getattr(again, part)) == shown(getattr(split, part))
    with pytest.raises(InputError, match="no way to split called 'x'"):
        make_split(export, {"way": "x"})


def test_new_users_are_split_again_by_their_settings(checkerboard):
    dataset = Dataset("board", "Board", "", "", checkerboard)
    settings = split_settings("new-users", 10, 3, 0.33, 20)
    split = make_split(dataset, settings)
    assert split.settings == settings
    assert shown(split.test) == shown(new_users(checkerboard, 0, 3, 10, 20).test)


def test_the_last_are_those_that_a_user_came_to_last(export):
    split = last_out(export, minimum=3, hidden=2, validation=0.5)
    assert set(shown(split.test)) == {("ann", "Faust")}
    assert set(shown(split.validation)) == {("ann", "Neu!")}
    assert set(shown(split.train)) == {
        ("ann", "Low"),
        ("ann", "Can"),
        ("bob", "Can"),
        ("bob", "Faust"),
        ("cat", "Low"),
        ("cat", "Neu!"),
    }


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda data: from_month(data, "2010-13"), "is no month"),
        (lambda data: from_month(data, "2010"), "is no month"),
        (lambda data: from_month(data, "2019-01"), "from 2010-01 to 2010-05"),
        (lambda data: from_month(data, "1999-01"), "from 2010-01 to 2010-05"),
        (lambda data: from_month(data, "2010-02", 0.33), "Choose another month, or 0"),
        (lambda data: last_out(data, 9, 2), "Nobody has 9 with a time"),
        (lambda data: last_out(data, 3, 3), "Hide fewer"),
        (lambda data: new_users(data.interactions, hidden=1, minimum=3), "5 folds need"),
        (lambda data: from_month(replace(data, history=None), "2010-03"), "has no times"),
    ],
)
def test_a_split_that_cannot_be_is_explained(export, make, sentence):
    with pytest.raises(InputError, match=sentence):
        make(export)


def test_folds_of_new_users_are_together_all_who_have_enough(checkerboard):
    seen = np.zeros(checkerboard.n_users, int)
    for fold in range(FOLDS):
        split = new_users(checkerboard, fold, hidden=3, minimum=10, seed=20)
        theirs = split.test.user_counts > 0
        seen += theirs
        assert not split.train.user_counts[theirs].any()
        assert (split.test.user_counts[theirs] == 3).all()
        assert len(split.train) + len(split.given) + len(split.test) == len(checkerboard)
        nxt = split.redrawn(1)
        assert nxt.settings["fold"] == (fold + 1) % FOLDS
        assert not (nxt.test.user_counts[theirs]).any()
    assert (seen == (checkerboard.user_counts >= 10)).all()


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if model.supports_fold_in])
def test_new_users_are_folded_in_by_what_is_given_of_them(checkerboard, name):
    split = new_users(checkerboard, 0, hidden=3, minimum=10, seed=20)
    model = make_model(name).fit(split.train)
    lists = RankedLists.of(model, split, sample_users(split, 100), 4)
    for user, items in zip(lists.users, lists.items, strict=True):
        known = split.given.item_codes[split.given.of_user(user)]
        scores = model.fold_in_scores(known, split.given.values[split.given.of_user(user)])
        scores[known] = -np.inf
        assert np.sort(scores[items]).tolist() == np.sort(scores)[-4:].tolist()


def test_a_model_that_knows_only_its_users_says_so(checkerboard):
    name = next(name for name, model in MODELS.items() if not model.supports_fold_in)
    split = new_users(checkerboard, 0, hidden=3, minimum=10, seed=20)
    with pytest.raises(InputError, match="knows only those it was trained on"):
        evaluate(make_model(name).fit(split.train), split)


def test_given_files_are_the_split_and_what_does_not_fit_is_said():
    def made(*rows):
        return Interactions.from_frame(pd.DataFrame(rows, columns=["user", "item", "value"]))

    train = made(("a", "x", 1), ("a", "y", 2), ("b", "y", 1), ("b", "z", 1))
    test = made(("a", "z", 5), ("a", "x", 9), ("b", "w", 1), ("c", "x", 1))
    split, said = given_files(train, test)
    assert shown(split.train) == {("a", "x"): 1, ("a", "y"): 2, ("b", "y"): 1, ("b", "z"): 1}
    assert shown(split.test) == {("a", "z"): 5, ("b", "w"): 1}
    assert "1 pairs of users that are not in training" in said
    assert "1 pairs that training has" in said
    with pytest.raises(InputError, match="files of one data set"):
        given_files(train, made(("q", "x", 1), ("r", "y", 1)))
