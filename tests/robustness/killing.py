"""Kills a program while it works, again and again, and looks at what it left.

Run as `python -m tests.robustness.killing`; reads lines of JSON, `[WORK, FOLDER, SEED, TIMES]`, and answers each with
`good`, or what was lost or damaged. Each work is killed before and after each step that the system takes for it, and at
random moments. It is a program of its own that forks, for importing takes longer than all the work.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pandas as pd

from recsys.cli import main as command_line
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.sources import lastfm
from recsys.data.splitting import hold_out
from recsys.experiments.training import TrainingRun
from recsys.models import make_model
from recsys.storage import recommendation_lists
from recsys.storage.dataset_store import MAX_HELD_DATASETS, DatasetStore
from recsys.storage.model_file import load_run, save_run
from recsys.storage.run_store import DELETED_FOLDER, RunStore
from recsys.system.atomic_files import ENDING

FRAME = pd.DataFrame(
    [(user, item, 1 + user * item % 7) for user in range(300) for item in range(user % 3, 9)]
)
MOST_SAVED = 90  # the folder takes 100; who has saved as many waits to be killed
DATASET = Dataset(
    "board", "Board", "", "", Interactions.from_frame(FRAME.set_axis(["user", "item", "value"], axis=1))
)


def trained() -> TrainingRun:
    run = TrainingRun(make_model("funk", epochs=2), hold_out(DATASET.interactions, 5, 2))
    list(run)
    return run


class Runs:
    """Base of all works on the folder of saved runs: two runs that must outlive everything."""

    steps = ("fsync", "replace", "close")  # of `os`

    def __init__(self, folder: Path) -> None:
        self.run = trained()
        self.store = RunStore(folder / "runs")
        self.kept = [self.store.save(DATASET, self.run, name) for name in ("one", "two")]
        self.factors = self.run.model.user_factors.tobytes()

    def check(self, said: list[str]) -> None:
        entries, complaints = RunStore(self.store.folder).entries()
        assert complaints == []
        known = {entry.id for entry in entries}
        assert known >= {entry.id for entry in self.kept}
        for entry in entries:
            assert self.store.open(entry.id, DATASET).model.user_factors.tobytes() == self.factors
        assert set(os.listdir(self.store.folder)) <= {f"{name}.safetensors" for name in known} | {
            DELETED_FOLDER
        }


class Saving(Runs):
    def work(self) -> Iterator[str]:
        for _ in range(MOST_SAVED):
            yield self.store.save(DATASET, self.run, "new").id
        signal.pause()

    def check(self, said: list[str]) -> None:
        super().check(said)
        known = {entry.id for entry in self.store.entries()[0]}
        new = known - {entry.id for entry in self.kept}
        assert new >= set(said)
        assert len(new) <= len(said) + 1  # the last one may have had no time to be told
        for name in new:
            (self.store.folder / f"{name}.safetensors").unlink()


class Importing(Saving):
    def work(self) -> Iterator[str]:
        content = self.store.export(self.kept[0].id)
        for _ in range(MOST_SAVED):
            yield self.store.add(content, "gift").id
        signal.pause()


class Renaming(Runs):
    def work(self) -> Iterator[str]:
        for number in itertools.count():
            yield self.store.rename(self.kept[0].id, f"name {number}").name

    def check(self, said: list[str]) -> None:
        super().check(said)
        number = int(said[-1].split()[1]) if said else -1
        name = self.store.get(self.kept[0].id).name
        assert name in (f"name {number}", f"name {number + 1}") or (not said and name == self.before)
        self.before = name

    before = "one"


class Deleting(Runs):
    steps = ("fsync", "replace", "close", "utime")

    def work(self) -> Iterator[str]:
        name = self.kept[0].id
        while True:
            self.store.delete(name)
            yield "deleted"
            self.store.restore(name)
            yield "there"

    def check(self, said: list[str]) -> None:
        name = self.kept[0].id
        there = name in {entry.id for entry in self.store.entries()[0]}
        if not there:
            self.store.restore(name)
        super().check(said)
        assert self.store.get(name) == self.kept[0]


class Keeping:
    """Data of one's own is kept and deleted again, beside other data that must stay."""

    steps: tuple[str, ...] = ("fsync", "replace", "close", "unlink")

    def __init__(self, folder: Path) -> None:
        os.environ["RECSYS_RUNS"] = str(folder / "runs")
        self.mine = DatasetStore("Ann")
        self.kept = self.mine.keep(DATASET).key

    def work(self) -> Iterator[str]:
        while True:
            key = self.mine.keep(DATASET).key
            yield f"kept {key}"
            self.mine.delete(key)
            yield f"deleted {key}"

    def check(self, said: list[str]) -> None:
        known = {entry.key for entry in self.mine.entries()}
        for key in known:
            assert self.mine.open(key).interactions.fingerprint == DATASET.interactions.fingerprint
        assert set(os.listdir(self.mine.folder)) == {f"{key}.zip" for key in known}
        others = known - {self.kept}
        assert self.kept in known
        assert len(others) <= 1  # the last one may have had no time to be told, or is about to be deleted
        told = [line.split() for line in said]
        assert others.isdisjoint(key for word, key in told if word == "deleted")
        for key in others:
            self.mine.delete(key)


class Holding:
    """Data that is held for a day replaces the oldest of them: the latest are always there, whole."""

    steps = ("fsync", "replace", "close", "unlink")

    def __init__(self, folder: Path) -> None:
        os.environ["RECSYS_RUNS"] = str(folder / "runs")
        self.mine = DatasetStore("Ann")
        self.held = [self.mine.hold(DATASET).key for _ in range(MAX_HELD_DATASETS)]

    def work(self) -> Iterator[str]:
        while True:
            yield self.mine.hold(DATASET).key

    def check(self, said: list[str]) -> None:
        there = {path.stem for path in self.mine.folder.glob("held-*.zip")}
        assert len(there) <= MAX_HELD_DATASETS + 1  # killed before the oldest went
        known = [*self.held, *said]
        untold = there - set(known)
        assert len(untold) <= 1
        self.held = [*known, *untold][-MAX_HELD_DATASETS:]
        assert there >= set(self.held)
        self.held = [*self.held[1:], self.mine.hold(DATASET).key]
        assert set(os.listdir(self.mine.folder)) == {f"{key}.zip" for key in self.held}
        for place, key in enumerate(self.held):
            assert self.mine.open(key).interactions.fingerprint == DATASET.interactions.fingerprint
            os.utime(self.mine.folder / f"{key}.zip", (place, place))  # the clock of files is a coarse one


class Downloading:
    """The data arrives at once, and is put into the cache again and again."""

    steps = ("fsync", "replace", "close")
    FILES = {name: name.encode() * 20_000 for name in lastfm.FILES}

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        os.environ["RECSYS_CACHE"] = str(self.cache)
        os.environ.pop("RECSYS_LASTFM", None)
        lastfm.SHA256 = {name: sha256(self.FILES[name]).hexdigest() for name in lastfm.SHA256}
        lastfm._chunks = lambda url: iter([(b"zip", 3)])
        lastfm._unpack = lambda source, name: dict(self.FILES)
        lastfm.ZIP_SHA256 = sha256(b"zip").hexdigest()

    def work(self) -> Iterator[str]:
        while True:
            yield str(lastfm.download())
            (self.cache / "hetrec2011-lastfm-2k" / "artists.dat").write_bytes(b"damaged")

    def check(self, said: list[str]) -> None:
        place = lastfm.download()
        assert {path.name: path.read_bytes() for path in place.iterdir()} == self.FILES
        assert os.listdir(self.cache) == [place.name]


class Exporting:
    """Lists of all listeners, written over those before; and a run, as the command line saves it."""

    steps = ("fsync", "replace", "close")

    def __init__(self, folder: Path) -> None:
        self.run, self.out, self.saved = trained(), folder / "lists.csv", folder / "run.safetensors"
        self.users = pd.Series(range(DATASET.interactions.n_users), dtype="int32").to_numpy()
        self.good = []
        for n in (3, 4):
            self.write(n)
            self.good.append(self.out.read_bytes())

    def write(self, n: int) -> None:
        recommendation_lists.write_lists(self.out, self.run.model, self.run.split, self.users, n)
        save_run(self.saved, DATASET, self.run.split, self.run.model, self.run.history)

    def work(self) -> Iterator[str]:
        for n in itertools.cycle((3, 4)):
            self.write(n)
            yield str(n)

    def check(self, said: list[str]) -> None:
        assert self.out.read_bytes() in self.good
        assert load_run(self.saved, DATASET).history == self.run.history
        self.write(3)
        assert self.out.read_bytes() == self.good[0]
        assert not list(self.out.parent.glob(f".*{ENDING}"))


class Commanding:
    """The command line trains and recommends into the same three files."""

    steps = ("fsync", "replace", "close")

    def __init__(self, folder: Path) -> None:
        self.data, self.folder = folder / "plays.csv", folder / "out"
        self.folder.mkdir()
        FRAME.set_axis(["user", "item", "value"], axis=1).to_csv(self.data, index=False)
        data = str(self.data)
        saved = [data, "--run", self.path("run.safetensors")]
        self.commands = [
            [
                "train",
                data,
                "--model",
                "funk",
                "--epochs",
                "2",
                "--minimum",
                "5",
                "--hidden",
                "2",
                "--out",
                self.path("run.safetensors"),
            ],
            ["recommend", *saved, "--user", "7", "--out", self.path("list.html")],
            ["recommend", *saved, "--all", "--out", self.path("lists.csv")],
        ]
        for command in self.commands:
            self.run(command)
        self.good = self.contents()

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def run(self, words: list[str]) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as said:
            code = command_line.main(words)
        assert code == 0, said.getvalue()

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    def work(self) -> Iterator[str]:
        while True:
            for command in self.commands:
                self.run(command)
                yield command[0]

    def check(self, said: list[str]) -> None:
        whole = {name: text for name, text in self.contents().items() if not name.endswith(ENDING)}
        assert set(whole) == set(self.good)
        assert whole["lists.csv"] == self.good["lists.csv"]
        for command in self.commands:
            self.run(command)
        assert set(self.contents()) == set(self.good)


WORKS: dict[str, Callable[[Path], object]] = {
    work.__name__.lower(): work
    for work in (Saving, Importing, Renaming, Deleting, Keeping, Holding, Downloading, Exporting, Commanding)
}


def killed(work, prepare: Callable[[], None], delay: float | None = None) -> list[str]:
    """Let a copy of this program work until it is killed, and return what it said was done.

    It kills itself if it was prepared to, else it is killed after some seconds.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(60)
        prepare()
        for done in work.work():
            os.write(writing, f"{done}\n".encode())
    os.close(writing)
    if delay is not None:
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
    _, how = os.waitpid(child, 0)
    assert os.WIFSIGNALED(how), "it ended by itself"
    assert os.WTERMSIG(how) == signal.SIGKILL
    with os.fdopen(reading) as told:
        return told.read().splitlines()


def dying(name: str, before: bool, times: int) -> None:
    """Let a call of `os` be the last one, the first such call or a later one."""
    real, left = getattr(os, name), [times]

    def last(*given, **named):
        left[0] -= 1
        if before and not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            return real(*given, **named)
        finally:
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, name, last)


def main(name: str, folder: str, seed: int, times: int) -> None:
    random.seed(seed)
    work = WORKS[name](Path(folder))
    started = time.monotonic()
    work.check([next(work.work())])
    usual = time.monotonic() - started
    kills = [
        (step, before, count, None) for step in work.steps for before in (True, False) for count in (1, 2)
    ]
    kills += [("", False, 0, random.uniform(0, 3 * usual)) for _ in range(times)]
    for step, before, count, delay in kills:
        said = killed(work, lambda: dying(step, before, count) if step else None, delay)  # noqa: B023
        try:
            work.check(said)
        except BaseException as error:
            raise AssertionError(f"killed at {step, before, count, delay}, after {said[-3:]}") from error


def serve() -> None:
    """Do each work in a copy of this program, which has imported all, and answer with a line."""
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                main(*json.loads(line))
                os.write(writing, b"good")
            except BaseException:
                os.write(writing, traceback.format_exc().encode())
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as told:
            answer = told.read()
        os.waitpid(child, 0)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    serve()
