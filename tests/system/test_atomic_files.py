"""Files that are there whole or not at all, and stay."""

import os
import signal
import stat
import subprocess
import sys
import tempfile

import pytest

from recsys.errors import InputError
from recsys.system import atomic_files
from recsys.system.atomic_files import (
    ENDING,
    ScratchFolder,
    make_folder,
    remove_stale,
    write_atomic,
    write_folder,
)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run"
    write_atomic(path, b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["run"]


@pytest.mark.parametrize("folder", [False, True])
def test_a_file_swept_before_it_was_locked_is_made_again(folder, tmp_path, monkeypatch):
    made = []
    make = atomic_files._make

    def make_and_sweep(*given):
        made.append(make(*given))
        if len(made) == 1:
            remove_stale(tmp_path)
            assert not made[0].exists()
        return made[-1]

    monkeypatch.setattr(atomic_files, "_make", make_and_sweep)
    if folder:
        write_folder(tmp_path / "new", {"file": b"new"}, lambda place: False)
        assert (tmp_path / "new" / "file").read_bytes() == b"new"
    else:
        write_atomic(tmp_path / "new", b"new")
        assert (tmp_path / "new").read_bytes() == b"new"
    assert len(made) == 2
    assert os.listdir(tmp_path) == ["new"]


def test_a_folder_that_is_not_there_is_explained(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_atomic(tmp_path / "no" / "run", b"new")


def test_what_was_written_is_on_the_disk_before_it_is_in_its_place(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace

    def sync(descriptor):
        steps.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def put(old, new):
        steps.append("renamed")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", put)
    write_atomic(tmp_path / "run", [b"a", b"b"])
    assert steps == ["file", "renamed", "folder"]
    steps.clear()
    write_folder(tmp_path / "data", {"a": b"1", "b": b"2"}, lambda place: True)
    assert steps == ["file", "file", "folder", "renamed", "folder"]
    steps.clear()
    make_folder(tmp_path / "new" / "deep")
    assert steps == ["folder", "folder"]


def test_only_what_nobody_writes_any_more_is_swept(tmp_path):
    def parts():
        (tmp_path / f".left.1{ENDING}").write_bytes(b"half")
        (tmp_path / f".left.2{ENDING}").mkdir()
        (tmp_path / f".left.2{ENDING}" / "deep").write_bytes(b"half")
        yield b"half of it"
        remove_stale(tmp_path)
        assert len(os.listdir(tmp_path)) == 2
        yield b", and the other"

    (tmp_path / ".hidden").touch()
    write_atomic(tmp_path / "run", parts())
    assert sorted(os.listdir(tmp_path)) == [".hidden", "run"]
    assert (tmp_path / "run").read_bytes() == b"half of it, and the other"


def test_a_folder_system_without_locks_lets_time_tell(tmp_path, monkeypatch):
    monkeypatch.setattr("recsys.system.atomic_files.fcntl", None)
    for name, age in (("old", 0), ("new", None)):
        left = tmp_path / f".{name}{ENDING}"
        left.touch()
        os.utime(left, None if age is None else (age, age))
    write_atomic(tmp_path / "run", b"whole")
    assert sorted(os.listdir(tmp_path)) == [f".new{ENDING}", "run"]


def test_a_scratch_folder_goes_with_what_it_was_made_for(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scratch = ScratchFolder()
    scratch.path.joinpath("copy").write_bytes(b"content")
    del scratch
    assert os.listdir(tmp_path) == []


def test_a_killed_program_leaves_no_scratch_folder_to_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = (
        "from recsys.system.atomic_files import ScratchFolder; scratch = ScratchFolder(); "
        "scratch.path.joinpath('copy').write_bytes(b'content'); print(scratch.path, flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as other:
        left = other.stdout.readline().strip()
        beside = ScratchFolder()
        assert os.path.exists(f"{left}/copy"), "that of a program that works was removed"
        other.send_signal(signal.SIGKILL)
        other.wait()
        after = ScratchFolder()
    assert not os.path.exists(left)
    assert beside.path.exists()
    assert after.path.exists()


def test_a_missing_folder_for_temporary_files_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(InputError, match="folder for temporary files cannot be written: No such file"):
        ScratchFolder()
