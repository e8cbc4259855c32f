"""The folder of saved runs: nothing is lost, nothing is trusted, and a kill at any moment does no harm."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.numpy import save

from recsys import __version__
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.setup import Setup
from recsys.experiments.training import Stopping, TrainingRun
from recsys.models import make_model
from recsys.storage.model_file import save_run
from recsys.storage.run_store import DELETED_FOLDER, MAX_DELETED, RunStore, runs_folder
from tests.conftest import ROOT


@pytest.fixture
def run(checkerboard_split):
    run = TrainingRun(make_model("biased", epochs=3, factors=4), checkerboard_split, Stopping("rmse", 2))
    list(run)
    return run


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def names(store):
    entries, complaints = store.entries()
    assert complaints == []
    return [entry.name for entry in entries]


def test_a_run_comes_back_with_all_that_is_known_of_it(store, dataset, run):
    saved = store.save(dataset, run, "  My\n run ")
    entry = RunStore(store.folder).get(saved.id)
    assert entry == saved
    assert entry.name == "My run"
    assert not entry.pinned
    assert entry.created[:4].isdigit()
    assert entry.setup == Setup.of(dataset, run)
    assert entry.title == "Checkerboard"
    assert entry.history == run.history
    assert entry.references == run.references
    assert entry.versions["encore"] == __version__
    users = np.arange(40, dtype=np.int32)
    opened = store.open(saved.id, dataset)
    assert opened.model.scores(users).tobytes() == run.model.scores(users).tobytes()


def test_a_run_without_a_name_is_called_by_its_model_and_time(store, dataset, run):
    assert store.save(dataset, run).name.startswith("Asymmetric SVD")


def test_an_empty_folder_has_no_runs(store):
    assert store.entries() == ([], [])
    assert not store.folder.exists()


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "here"))
    assert runs_folder() == tmp_path / "here"
    monkeypatch.delenv("RECSYS_RUNS")
    assert "encore" in str(runs_folder())


def test_an_owner_sees_their_own_runs_and_nobody_elses(monkeypatch, tmp_path, dataset, run):
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path))
    ann, bob = RunStore.of("Ann's secret"), RunStore.of("../Bob")
    entry = ann.save(dataset, run, "Ann's")
    assert names(RunStore.of("Ann's secret")) == ["Ann's"]
    assert names(bob) == []
    for forbidden in (bob.get, bob.export, bob.delete, bob.restore, lambda name: bob.open(name, dataset)):
        with pytest.raises(InputError):
            forbidden(entry.id)
    assert bob.folder.parent == ann.folder.parent == tmp_path / "own"
    assert not [path for path in tmp_path.rglob("*") if "secret" in str(path)]


def test_what_lies_in_the_folder_itself_is_there_for_everybody_and_not_changed(
    monkeypatch, tmp_path, dataset, run
):
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path))
    shown = RunStore(tmp_path).save(dataset, run, "Ours")
    (tmp_path / "notes.txt").write_text("of the operator")
    ann = RunStore.of("Ann")
    ann.save(dataset, run, "Mine")
    entries, complaints = ann.entries()
    assert {(entry.name, entry.shared) for entry in entries} == {("Ours", True), ("Mine", False)}
    assert complaints == []
    assert ann.open(shown.id, dataset).history == run.history
    for forbidden in (ann.delete, ann.pin, lambda name: ann.rename(name, "Ann's")):
        with pytest.raises(InputError, match="is shared"):
            forbidden(shown.id)


def test_so_many_runs_can_be_saved_and_no_more(monkeypatch, store, dataset, run):
    monkeypatch.setattr("recsys.storage.run_store.MAX_RUNS_PER_OWNER", 2)
    store.save(dataset, run, "one")
    store.save(dataset, run, "two")
    with pytest.raises(InputError, match="delete some first"):
        store.save(dataset, run, "three")


def test_nothing_is_saved_on_a_disk_that_is_nearly_full(monkeypatch, store, dataset, run):
    monkeypatch.setattr("recsys.storage.folders.MIN_FREE_BYTES", 10**18)
    with pytest.raises(InputError, match="nearly full"):
        store.save(dataset, run)


def test_nothing_learned_is_not_saved(store, dataset, checkerboard_split):
    with pytest.raises(InputError, match="before the first epoch"):
        store.save(dataset, TrainingRun(make_model("funk"), checkerboard_split))


def test_pinned_runs_come_first(store, dataset, run):
    ids = [store.save(dataset, run, name).id for name in "abc"]
    store.pin(ids[1])
    assert names(store)[0] == "b"
    store.pin(ids[1], False)
    assert sorted(names(store)) == ["a", "b", "c"]


def test_renaming_changes_the_name_and_nothing_else(store, dataset, run):
    saved = store.save(dataset, run, "old")
    weights = store.open(saved.id, dataset).model.user_factors.tobytes()
    renamed = store.rename(saved.id, "new")
    assert renamed.name == "new"
    assert (renamed.history, renamed.created, renamed.setup) == (saved.history, saved.created, saved.setup)
    assert store.open(saved.id, dataset).model.user_factors.tobytes() == weights
    with pytest.raises(InputError, match="needs a name"):
        store.rename(saved.id, " \n ")


@given(st.text(max_size=200))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_a_name_is_never_a_path(store, dataset, run, name):
    saved = store.save(dataset, run, name)
    assert len(saved.name) <= 80
    assert saved.name.isprintable()
    assert store.get(saved.id).name == saved.name
    assert [path.name for path in store.folder.parent.iterdir()] == ["runs"]
    store.delete(saved.id)


@pytest.mark.parametrize(
    "run_id", ["../../etc/passwd", "", "0123456789ab", "0123456789AB", "a/b", "\0", "é" * 12]
)
def test_an_id_that_is_none_is_refused(store, dataset, run, run_id):
    store.save(dataset, run)
    for work in (store.get, store.delete, store.restore, store.export, store.pin):
        with pytest.raises(InputError, match=r"no saved run|too long ago"):
            work(run_id)


def test_a_deleted_run_is_gone_and_comes_back(store, dataset, run):
    saved = store.save(dataset, run, "a")
    store.delete(saved.id)
    assert names(store) == []
    with pytest.raises(InputError, match="no saved run"):
        store.open(saved.id, dataset)
    assert store.restore(saved.id) == saved
    assert names(store) == ["a"]
    with pytest.raises(InputError, match="too long ago"):
        store.restore(saved.id)


def test_only_the_last_deleted_runs_are_kept(store, dataset, run):
    for _ in range(MAX_DELETED + 3):
        last = store.save(dataset, run)
        store.delete(last.id)
    assert len(list((store.folder / DELETED_FOLDER).iterdir())) == MAX_DELETED
    assert store.restore(last.id)


def test_an_exported_file_is_imported_elsewhere(store, dataset, run, tmp_path):
    saved = store.save(dataset, run, "mine")
    other = RunStore(tmp_path / "other")
    added = other.add(store.export(saved.id), "mine.safetensors")
    assert (added.name, added.setup, added.history) == ("mine", saved.setup, saved.history)
    assert other.open(added.id, dataset).history == run.history


def test_a_file_of_the_command_line_is_imported(store, dataset, run, tmp_path):
    save_run(tmp_path / "run", dataset, run.split, run.model, run.history)
    added = store.add((tmp_path / "run").read_bytes(), "run")
    assert added.name == "biased"
    assert added.references == {}
    assert store.open(added.id, dataset).history == run.history


def good(store, dataset, run):
    saved = store.save(dataset, run, "good")
    content = store.export(saved.id)
    size = int.from_bytes(content[:8], "little")
    return content, json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["run"])


def with_story(story):
    return save({"user_factors": np.zeros((2, 2), np.float32)}, metadata={"run": json.dumps(story)})


BAD = {
    "nothing": lambda content, story: b"",
    "text": lambda content, story: b"hello there, this is a text file",
    "half": lambda content, story: content[: len(content) // 2],
    "a byte less": lambda content, story: content[:-1],
    "huge header": lambda content, story: b"\xff" * 8 + content[8:],
    "deep header": lambda content, story: (200_000).to_bytes(8, "little") + b"[" * 200_000,
    "no story": lambda content, story: save({"a": np.zeros(2, np.float32)}),
    "other format": lambda content, story: with_story(story | {"format": 99}),
    "other model": lambda content, story: with_story(story | {"model": "magic"}),
    "text for errors": lambda content, story: with_story(
        story | {"history": [{"epoch": 1, "train_rmse": "<b>", "validation_rmse": 1, "seconds": 1}]}
    ),
    "list": lambda content, story: with_story([story]),
    "no label": lambda content, story: with_story(story | {"label": 7}),
    "no time": lambda content, story: with_story(story | {"label": {"created": "yesterday"}}),
    "no settings": lambda content, story: with_story(story | {"settings": None}),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_damaged_or_foreign_file_has_its_sentence_and_hides_nothing(kind, store, dataset, run):
    content, story = good(store, dataset, run)
    bad = BAD[kind](content, story)
    (store.folder / "0123456789ab.safetensors").write_bytes(bad)
    entries, complaints = store.entries()
    assert [entry.name for entry in entries] == ["good"]
    (complaint,) = complaints
    assert "0123456789ab.safetensors" in complaint
    assert complaint.endswith(".")
    with pytest.raises(InputError, match=r"^Gift "):
        store.add(bad, "Gift")
    assert len(list(store.folder.glob("*"))) == 2


def test_other_files_in_the_folder_are_named_and_left_alone(store, dataset, run):
    store.save(dataset, run, "good")
    (store.folder / "notes.txt").write_text("mine")
    entries, (complaint,) = store.entries()
    assert len(entries) == 1
    assert "'notes.txt'" in complaint
    assert (store.folder / "notes.txt").read_text() == "mine"


def test_a_run_on_other_data_is_not_opened(store, dataset, run, checkerboard):
    saved = store.save(dataset, run)
    part = checkerboard.subset(checkerboard.values > 3)
    with pytest.raises(InputError, match="was trained on other data"):
        store.open(saved.id, Dataset("other", "Other", "", "", part))


def test_a_folder_that_cannot_be_made_is_explained(dataset, run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made"):
        RunStore(tmp_path / "file" / "runs").save(dataset, run)


def test_listing_reads_the_headers_only(store, dataset, run):
    for number in range(20):
        store.save(dataset, run, f"{number}")
    for path in store.folder.glob("*.safetensors"):
        with path.open("r+b") as file:  # sparse: takes no room on the disk
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
            bulk = 2**31
            header["user_factors"]["data_offsets"][1] = bulk
            del header["__metadata__"]["checksum"]
            text = json.dumps(header).encode()
            file.seek(0)
            file.write(len(text).to_bytes(8, "little") + text)
            file.truncate(8 + len(text) + bulk)
    started = time.perf_counter()
    entries, complaints = store.entries()
    assert len(entries) == 20
    assert complaints == []
    assert time.perf_counter() - started < 2


def test_runs_are_where_they_were_after_a_kill_of_the_server(store, dataset, run):
    ids = {store.save(dataset, run, name).id for name in "ab"}
    script = "import sys; from pathlib import Path; from recsys.storage.run_store import RunStore\n"
    script += "print(*[entry.id for entry in RunStore(Path(sys.argv[1])).entries()[0]])"
    listed = subprocess.run(
        [sys.executable, "-c", script, str(Path(store.folder))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(listed.stdout.split()) == ids
