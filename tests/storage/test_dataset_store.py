"""Data that is kept: whole, under its own key, for its owner alone."""

import os
import zipfile
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import History
from recsys.data.nouns import Nouns
from recsys.data.sources.load import load
from recsys.errors import InputError
from recsys.storage import dataset_store
from recsys.storage.dataset_store import DatasetStore, forget_expired, is_held
from tests.data.test_ways import PLAYS


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "runs"))


@pytest.fixture
def brought(dataset):
    names = dataset.interactions.names.copy()
    names[3] = "=cmd() | <b>\u202e\U0001f600"
    return replace(
        dataset,
        interactions=replace(dataset.interactions, names=names),
        friends=pd.DataFrame({"user": [1, 2], "friend": [2, 1]}),
        nouns=Nouns(item="movie", items="movies"),
    )


def test_it_comes_back_as_it_was(brought):
    kept = DatasetStore("Ann").keep(brought)
    back = DatasetStore("Ann").open(kept.key)
    assert back.key == kept.key
    assert back.interactions.fingerprint == brought.interactions.fingerprint
    assert back.interactions.users.dtype == brought.interactions.users.dtype
    assert (back.title, back.origin, back.licence, back.nouns) == (
        brought.title,
        brought.origin,
        brought.licence,
        brought.nouns,
    )
    assert back.tags is None
    pd.testing.assert_frame_equal(back.friends, brought.friends)
    (entry,) = DatasetStore("Ann").entries()
    assert (entry.key, entry.title, entry.pairs) == (kept.key, "Checkerboard", len(brought.interactions))


def test_its_times_come_back_too(tmp_path):
    path = tmp_path / "plays.csv"
    path.write_text(PLAYS + "eve,Can,\n")
    brought = load(str(path))
    back = DatasetStore("Ann").open(DatasetStore("Ann").keep(brought).key)
    for field in fields(History):
        kept, before = (getattr(data.history, field.name) for data in (back, brought))
        assert kept.dtype == before.dtype
        np.testing.assert_array_equal(kept, before)
    np.testing.assert_array_equal(back.interactions.ages, brought.interactions.ages)


def test_nobody_else_opens_or_deletes_it(brought):
    key = DatasetStore("Ann").keep(brought).key
    assert DatasetStore("Bob").entries() == []
    for forbidden in (DatasetStore("Bob").open, DatasetStore("Bob").delete):
        with pytest.raises(InputError, match="another browser's"):
            forbidden(key)
    DatasetStore("Ann").delete(key)
    assert DatasetStore("Ann").entries() == []


@pytest.mark.parametrize("key", ["", "kept-", "kept-../../secret", "kept-" + "a" * 13, "sample"])
def test_a_key_is_no_path(key):
    with pytest.raises(InputError):
        DatasetStore("Ann").open(key)


def test_so_much_is_kept_and_no_more(brought, monkeypatch):
    monkeypatch.setattr(dataset_store, "MAX_DATASETS_PER_OWNER", 1)
    DatasetStore("Ann").keep(brought)
    with pytest.raises(InputError, match="Delete one first"):
        DatasetStore("Ann").keep(brought)


@pytest.mark.parametrize("left", [0, 10, 0.5, 0.99])
def test_a_file_that_was_cut_is_left_out_and_said(brought, left):
    mine = DatasetStore("Ann")
    key, good = mine.keep(brought).key, mine.keep(brought).key
    path = mine.folder / f"{key}.zip"
    content = path.read_bytes()
    path.write_bytes(content[: left if left > 1 else int(left * len(content))])
    assert [entry.key for entry in mine.entries()] == [good]
    with pytest.raises(InputError, match="damaged"):
        mine.open(key)


def test_codes_that_do_not_fit_the_labels_are_damage(brought):
    mine = DatasetStore("Ann")
    key = mine.keep(brought).key
    path = mine.folder / f"{key}.zip"
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    parts["users.parquet"] = pd.DataFrame({"label": [1, 2]}).to_parquet()
    with zipfile.ZipFile(path, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    with pytest.raises(InputError, match="damaged"):
        mine.open(key)


def test_what_is_held_comes_back_and_is_not_listed_as_kept(brought):
    store = DatasetStore("Ann")
    held = store.hold(brought)
    assert is_held(held.key)
    assert not held.is_public
    assert store.open(held.key).interactions.fingerprint == brought.interactions.fingerprint
    assert store.entries() == []
    with pytest.raises(InputError, match="another browser's"):
        DatasetStore("Bob").open(held.key)


def test_keeping_what_is_held_leaves_one_copy(brought):
    store = DatasetStore("Ann")
    held = store.hold(brought)
    kept = store.keep(held)
    assert [entry.key for entry in store.entries()] == [kept.key]
    assert len(list(store.folder.glob("*.zip"))) == 1


def test_of_what_is_held_the_oldest_goes(brought):
    store = DatasetStore("Ann")
    keys = [store.hold(brought).key for _ in range(5)]
    assert {path.stem for path in store.folder.glob("held-*.zip")} == set(keys[-3:])


def test_what_is_held_expires_and_what_is_kept_does_not(brought):
    store = DatasetStore("Ann")
    held, used, kept = store.hold(brought).key, store.hold(brought).key, store.keep(brought).key
    for key in (held, used, kept):
        os.utime(store.folder / f"{key}.zip", (0, 0))
    store.open(used)
    forget_expired()
    assert {path.stem for path in store.folder.glob("*.zip")} == {used, kept}


def test_forgetting_does_without_a_folder():
    forget_expired()
