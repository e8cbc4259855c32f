"""Compiled kernels that are kept: whatever becomes of the files, the program starts and computes."""

import importlib
import os
import random
import sys

import numba
import pytest

SOURCE = "def double(x):\n    return x + x\n"
NAME = "a_kernel_of_the_test"
KEPT, NEW = 2, 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder for the cache, with a kernel for numbers of two types in it."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / f"{NAME}.py").write_text(SOURCE)
    assert compiled(tmp_path) == NEW
    assert compiled(tmp_path) == KEPT
    assert len(files(tmp_path)) == 3
    yield tmp_path
    del sys.modules[NAME]


def compiled(folder):
    """Compute as a program that has just started does; return how much of the kernel was in the cache."""
    sys.modules.pop(NAME, None)
    double = numba.njit(cache=True)(importlib.import_module(NAME).double)
    assert (double(21), double(2.5)) == (42, 5.0)
    return sum(double.stats.cache_hits.values())


def files(folder):
    """Return the files of the cache, the index first."""
    found = (path for path in (folder / "cache").rglob("*") if path.is_file())
    return sorted(found, key=lambda path: (path.suffix != ".nbi", path))


def scrambled(content):
    chance = random.Random(len(content))
    content = bytearray(content)
    for _ in range(40):
        content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    return bytes(content)


DAMAGE = {
    "nothing": lambda content: b"",
    "half": lambda content: content[: len(content) // 2],
    "zeros": lambda content: bytes(len(content)),
    "scrambled": scrambled,
    "one bit": lambda content: content[:200] + bytes([content[200] ^ 1]) + content[201:],
    "something else": lambda content: b"\x80\x04N.",
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("which", [slice(1), slice(1, None), slice(None)], ids=["index", "code", "both"])
def test_damaged_files_are_compiled_anew_and_written_over(how, which, folder):
    for file in files(folder)[which]:
        file.write_bytes(DAMAGE[how](file.read_bytes()))
    compiled(folder)  # a bit of the index may be one that does not matter
    assert compiled(folder) == KEPT


def test_what_belongs_to_another_kernel_is_not_run(folder):
    _, one, two = files(folder)
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)
    assert compiled(folder) == NEW
    assert compiled(folder) == KEPT


def test_what_another_version_left_is_not_run(folder):
    index = files(folder)[0]
    version = numba.__version__.encode()
    content = index.read_bytes()
    assert version in content
    index.write_bytes(content.replace(version, version[:-1] + b"x", 1))
    assert compiled(folder) == NEW
    assert compiled(folder) == KEPT


def test_what_was_not_written_to_its_end_is_compiled_anew(folder):
    for file in files(folder)[1:]:
        file.unlink()
    assert compiled(folder) == NEW
    assert compiled(folder) == KEPT


def test_a_cache_that_goes_away_or_never_was_is_done_without(folder, monkeypatch):
    (folder / "cache").rename(folder / "gone")
    for name in ("cache", "__pycache__"):
        (folder / name).touch()  # no folder can be made there, even by root
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, os.devnull)
    assert compiled(folder) == NEW
    assert compiled(folder) == NEW


def test_a_full_disk_keeps_nothing_and_stops_nothing(folder, monkeypatch):
    for file in files(folder):
        file.unlink()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert compiled(folder) == NEW
    assert files(folder) == []
