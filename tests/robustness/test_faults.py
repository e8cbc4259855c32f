"""Bad days: kills, full disks, folders that cannot be written, damaged files, clocks that jump."""

import errno
import json
import os
import random
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest

from recsys.data.sources import lastfm
from recsys.errors import InputError
from recsys.experiments.training import TrainingRun
from recsys.jobs.scheduler import JobScheduler
from recsys.models import make_model
from recsys.storage import recommendation_lists
from recsys.storage.dataset_store import HELD_FOR, MAX_HELD_DATASETS, DatasetStore, forget_expired
from recsys.storage.model_file import load_run, read_metadata
from recsys.storage.run_store import DELETED_FOLDER, MAX_DELETED, RunStore
from tests.conftest import ROOT
from tests.robustness.killing import WORKS

KILLS = int(os.environ.get("ENCORE_TEST_KILLS", "8"))
DAY = 24 * 3600.0


@pytest.fixture
def run(checkerboard_split):
    run = TrainingRun(make_model("biased", epochs=3, factors=4), checkerboard_split)
    list(run)
    return run


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


# Kills


@pytest.fixture(scope="module")
def killer():
    """Start the program that is killed."""
    if not hasattr(os, "fork"):
        pytest.skip("only a program that can fork is killed so often")
    words = [sys.executable, "-m", "tests.robustness.killing"]
    # one thread, for a fork takes no other along
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, cwd=ROOT, env=environment, text=True, **pipes) as program:
        yield program
        program.stdin.close()


@pytest.mark.parametrize("work", WORKS)
def test_nothing_is_lost_or_left_whenever_the_program_is_killed(work, killer, tmp_path):
    killer.stdin.write(json.dumps([work, str(tmp_path), 0, KILLS]) + "\n")
    killer.stdin.flush()
    answer = json.loads(killer.stdout.readline())
    assert answer == "good", answer


# Disks that are full, folders that cannot be written


@contextmanager
def room_for(size):
    """Let no file grow above this many bytes, as a full disk would."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", [0, 100])
def test_a_full_disk_is_explained_and_what_was_saved_stays(size, store, dataset, run, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RECSYS_LASTFM", raising=False)
    monkeypatch.setattr(lastfm, "_chunks", lambda url: iter([(b"zip", 3)]))
    monkeypatch.setattr(lastfm, "_unpack", lambda source, name: {})
    monkeypatch.setattr(lastfm, "SHA256", {})
    monkeypatch.setattr(lastfm, "find_lastfm", lambda: None)
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "kept"))
    mine = DatasetStore("Ann")
    key = mine.keep(dataset).key
    for _ in range(MAX_HELD_DATASETS):
        mine.hold(dataset)
    saved = store.save(dataset, run, "good")
    (tmp_path / "cache").mkdir()
    lists = tmp_path / "lists.csv"
    lists.write_text("old")
    before = contents(tmp_path)
    monkeypatch.setattr(lastfm, "_unpack", lambda source, name: {"a": bytes(1_000), lastfm.TAGGED: b""})
    users = np.arange(40, dtype=np.int32)
    works = [
        lambda: store.save(dataset, run, "more"),
        lambda: store.rename(saved.id, "new"),
        lambda: store.pin(saved.id),
        lambda: store.add(store.export(saved.id)),
        lambda: recommendation_lists.write_lists(lists, run.model, run.split, users),
        lambda: lastfm.download(),
        lambda: mine.keep(dataset),
        lambda: mine.hold(dataset),
    ]
    for work in works:
        with room_for(size), pytest.raises(InputError, match=r"Make room on the disk and try again\."):
            work()
        assert contents(tmp_path) == before
    with room_for(0):  # needs no room
        store.delete(saved.id)
        assert store.restore(saved.id) == saved
        mine.delete(key)


def test_a_folder_that_cannot_be_written_is_explained_with_what_to_do(dataset, run, tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file" / "runs", "/proc/encore" if os.path.exists("/proc/1") else os.devnull):
        with pytest.raises(InputError, match=r"cannot be made: .*\. .* Or set RECSYS_RUNS to a folder"):
            RunStore(tmp_path / folder).save(dataset, run)
    entries, complaints = RunStore(tmp_path / "file").entries()
    assert entries == []
    assert "cannot be read: Not a directory" in complaints[0]
    with pytest.raises(InputError, match="Make the folder first, or choose one that is there"):
        recommendation_lists.write_lists(
            tmp_path / "no" / "lists.csv", run.model, run.split, np.zeros(1, np.int32)
        )


def test_a_disk_that_is_read_only_is_explained(store, dataset, run, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "kept"))
    mine = DatasetStore("Ann")
    key, saved = mine.keep(dataset).key, store.save(dataset, run, "good")
    before = contents(tmp_path)

    def refused(*_given, **_named):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("mkdir", "unlink", "replace", "rename", "utime"):
        monkeypatch.setattr(os, name, refused)
    monkeypatch.setattr("tempfile.mkstemp", refused)
    users = np.arange(40, dtype=np.int32)
    for work in (
        lambda: store.save(dataset, run, "more"),
        lambda: store.rename(saved.id, "new"),
        lambda: store.pin(saved.id),
        lambda: store.delete(saved.id),
        lambda: store.add(store.export(saved.id)),
        lambda: mine.keep(dataset),
        lambda: mine.hold(dataset),
        lambda: mine.delete(key),
        lambda: RunStore(tmp_path / "new").save(dataset, run),
        lambda: recommendation_lists.write_lists(tmp_path / "lists.csv", run.model, run.split, users),
    ):
        with pytest.raises(InputError, match="Read-only file system"):
            work()
    forget_expired()
    assert contents(tmp_path) == before
    assert store.entries() == ([saved], [])
    assert store.open(saved.id, dataset).history == run.history
    assert mine.open(key).interactions.fingerprint == dataset.interactions.fingerprint


def test_what_cannot_be_saved_never_says_where_it_would_lie(store, dataset, run, tmp_path, monkeypatch):
    saved = store.save(dataset, run, "good")
    with room_for(0), pytest.raises(InputError) as caught:
        store.rename(saved.id, "new")
    assert str(caught.value).startswith("The run cannot be written: File too large.")
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path / "kept"))
    with room_for(0), pytest.raises(InputError) as caught:
        DatasetStore("Ann").keep(dataset)
    assert str(caught.value).startswith("The data cannot be written: File too large.")


# Damaged files


def test_no_bit_of_a_saved_run_changes_unseen(store, dataset, run):
    saved = store.save(dataset, run, "good")
    other = store.save(dataset, run, "other")
    whole = store.export(saved.id)
    path = store.folder / f"{saved.id}.safetensors"
    factors = run.model.user_factors.tobytes()
    chance = random.Random(0)
    refused = 0
    for _ in range(400):
        place = chance.randrange(len(whole)) if chance.random() < 0.5 else chance.randrange(2_000)
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        entries, _ = store.entries()
        assert other in entries
        try:
            assert store.open(saved.id, dataset).model.user_factors.tobytes() == factors
            assert store.get(saved.id) == saved
        except InputError:
            refused += 1
            with pytest.raises(InputError, match=r"Gift .* [Tt]rain (it )?again\."):
                store.add(bytes(damaged), "Gift")
    assert refused > 390  # a letter of the word `checksum` is all that may change


def test_no_bit_of_kept_data_changes_unseen(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path))
    mine = DatasetStore("Ann")
    key, other = mine.keep(dataset).key, mine.keep(dataset).key
    path = mine.folder / f"{key}.zip"
    whole, chance, refused = path.read_bytes(), random.Random(0), 0
    for _ in range(400):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        assert other in {entry.key for entry in mine.entries()}
        try:
            back = mine.open(key)
            assert back.interactions.fingerprint == dataset.interactions.fingerprint
            assert back.interactions.names.tolist() == dataset.interactions.names.tolist()
            assert (back.title, back.nouns) == (dataset.title, dataset.nouns)
        except InputError:
            refused += 1
    assert refused > 300  # dates and the like in the zip's own headers say nothing of the data


def with_header(header, length=None):
    text = json.dumps(header).encode() if isinstance(header, dict) else header
    return (len(text) if length is None else length).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        with_header({}, 2**63),
        with_header({}, 2**31),
        with_header({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 0]}}),
        with_header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 2**62]}}),
        with_header({"a": {"dtype": "F32", "shape": [2**30], "data_offsets": [0, 2**32]}}),
        with_header(b'{"a":' + b"[" * 3_000_000),
        with_header(b"[" + b"[]," * 300_000 + b"[]]"),
        with_header({"__metadata__": {"run": "[" * 100_000}, "a": {"data_offsets": [0, 0]}}),
        with_header({"__metadata__": {"run": '{"format":3,"history":' + "9" * 5_000 + "}"}}),
    ],
)
def test_a_file_that_promises_much_takes_little_memory(content, store, dataset):
    store.folder.mkdir()
    path = store.folder / "0123456789ab.safetensors"
    path.write_bytes(content)
    os.truncate(path, 3 << 30)  # sparse: takes no room on the disk
    tracemalloc.start()
    entries, complaints = store.entries()
    with pytest.raises(InputError, match="The run is not a saved run"):
        store.open(path.name[:12], dataset)
    with pytest.raises(InputError, match="Gift is not a saved run"):
        store.add(content, "Gift")
    assert tracemalloc.get_traced_memory()[1] < 300 << 20
    tracemalloc.stop()
    assert entries == []
    assert len(complaints) == 1


def test_a_run_of_before_there_were_checksums_is_read(store, dataset, run, tmp_path):
    saved = store.save(dataset, run, "good")
    path = store.folder / f"{saved.id}.safetensors"
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    metadata = read_metadata(path)
    del metadata["arrays"]
    header["__metadata__"] = {"run": json.dumps(metadata)}
    text = json.dumps(header).encode()
    path.write_bytes(with_header(text + b" " * (-len(text) % 8)) + content[8 + size :])
    assert store.get(saved.id) == saved
    assert load_run(path, dataset).history == run.history


# Clocks


@pytest.fixture
def clock(monkeypatch):
    """Let the clock of the computer be wrong by some seconds, and the one that only counts be right."""
    real, real_ns = time.time, time.time_ns

    def jump(seconds):
        monkeypatch.setattr(time, "time", lambda: real() + seconds)
        monkeypatch.setattr(time, "time_ns", lambda: real_ns() + int(seconds * 1e9))

    return jump


class Waiting:
    """Work that takes a step when it is let."""

    def __init__(self):
        self.go_on = threading.Semaphore(0)
        self.progress = 0.0

    def step(self):
        self.go_on.acquire()
        self.progress += 0.25
        if self.progress == 1:
            raise StopIteration

    def finish(self):
        pass


@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_a_training_does_not_mind_a_clock_that_jumps(seconds, clock, dataset):
    runs = JobScheduler(at_once=1, lease=60.0)
    job = runs.start(dataset, Waiting())
    job.run.go_on.release()
    clock(seconds)
    for _ in range(3):
        job.run.go_on.release()
    assert runs.wait(job, "done")
    assert job.message == ""
    assert 0 <= job.seconds < 60


@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_saved_and_deleted_runs_do_not_mind_a_clock_that_jumps(seconds, clock, store, dataset, run):
    for _ in range(MAX_DELETED):
        store.delete(store.save(dataset, run).id)
    clock(seconds)
    first, last = (store.save(dataset, run, name) for name in ("first", "last"))
    assert {entry.name for entry in store.entries()[0]} == {"first", "last"}
    store.delete(first.id)
    clock(-seconds)
    store.delete(last.id)
    assert len(list((store.folder / DELETED_FOLDER).iterdir())) == MAX_DELETED
    assert store.restore(last.id) == last
    assert store.restore(first.id) == first


@pytest.mark.parametrize("seconds", [2 * HELD_FOR, -2 * HELD_FOR])
def test_data_that_is_held_does_not_mind_a_clock_that_jumps(seconds, clock, dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("RECSYS_RUNS", str(tmp_path))
    mine = DatasetStore("Ann")
    key = mine.hold(dataset).key
    clock(seconds)
    forget_expired()
    assert mine.open(key).interactions.fingerprint == dataset.interactions.fingerprint
