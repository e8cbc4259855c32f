"""Backup and restore of saved runs and kept data, in one command each."""

import subprocess

import pytest

from recsys.errors import InputError
from recsys.storage.dataset_store import DatasetStore
from tests.conftest import ROOT


def script(name, *arguments):
    return subprocess.run(
        ["sh", str(ROOT / "deploy" / name), *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_what_was_backed_up_comes_back(dataset, tmp_path, monkeypatch):
    runs, archive, other = tmp_path / "runs", tmp_path / "backup.tar.gz", tmp_path / "restored"
    monkeypatch.setenv("RECSYS_RUNS", str(runs))
    store = DatasetStore("Ann")
    kept = store.keep(dataset)
    (store.folder / ".kept.zip.1.encore-part").write_text("half")
    assert script("backup.sh", runs, archive).returncode == 0
    assert archive.stat().st_mode & 0o077 == 0
    assert script("restore.sh", archive, other).returncode == 0
    monkeypatch.setenv("RECSYS_RUNS", str(other))
    assert DatasetStore("Ann").open(kept.key).interactions.fingerprint == dataset.interactions.fingerprint
    assert not list(other.rglob("*.encore-part"))
    with pytest.raises(InputError):
        DatasetStore("Bob").open(kept.key)


def test_nothing_is_restored_over_what_is_there_or_from_half_an_archive(dataset, tmp_path, monkeypatch):
    runs, archive = tmp_path / "runs", tmp_path / "backup.tar.gz"
    monkeypatch.setenv("RECSYS_RUNS", str(runs))
    DatasetStore("Ann").keep(dataset)
    assert script("backup.sh", runs, archive).returncode == 0
    done = script("restore.sh", archive, runs)
    assert (done.returncode, "is not empty" in done.stderr) == (1, True)
    archive.write_bytes(archive.read_bytes()[:-100])
    done = script("restore.sh", archive, tmp_path / "empty")
    assert (done.returncode, "damaged" in done.stderr) == (1, True)
    assert not (tmp_path / "empty").exists()
    assert script("backup.sh", tmp_path / "nowhere", archive).returncode == 1
