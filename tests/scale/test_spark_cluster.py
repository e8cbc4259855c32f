"""Training on a standalone Spark cluster, a master and workers as processes of their own, that loses some of them."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.spark_cluster import CONF, ENVIRONMENT, kill, running
from benchmarks.synthetic import make
from recsys.errors import InputError
from recsys.scale.spark.session import check_java
from tests.conftest import ROOT
from tests.scale.test_spark import read

pytestmark = [pytest.mark.timeout(1200), pytest.mark.cluster]
pty = pytest.importorskip("pty", reason="terminals are those of Unix")
PARTS = 24
SETTINGS = ["--factors", "8", "--epochs", "4", "--minimum", "10", "--hidden", "3"]


class Command:
    """A command of Encore, before a terminal: only there it says how far it is."""

    def __init__(self, words):
        terminal, end = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "recsys", *words],
            cwd=ROOT,
            env=os.environ | ENVIRONMENT | {"PYSPARK_PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            stderr=end,
            text=True,
            start_new_session=True,
        )
        os.close(end)
        self.said = ""
        self.listener = threading.Thread(target=self._listen, args=(terminal,), daemon=True)
        self.listener.start()

    def _listen(self, terminal):
        with contextlib.suppress(OSError):  # the other end is closed
            while text := os.read(terminal, 4096):
                self.said += text.decode()

    def reached(self, line):
        """Wait until the command says that it is so far."""
        while line not in self.said:
            assert self.process.poll() is None, self.said
            time.sleep(0.05)

    def end(self):
        """Wait for the end and return the exit code and what was printed."""
        printed, _ = self.process.communicate(timeout=900)
        self.listener.join(10)
        return self.process.returncode, printed

    def kill(self):
        kill(self.process)
        self.process.stdout.close()
        self.listener.join(10)

    def answer(self):
        """Wait for the end and return the document that was printed."""
        code, printed = self.end()
        assert code == 0, self.said
        return json.loads(printed)["result"]


def begin(cluster, data, out, *more):
    """Start the command that trains on a cluster."""
    words = ["spark-train", str(data), "--out", str(out), "--master", cluster.address, "--json"]
    words += [*SETTINGS, *more]
    conf = CONF | {
        "spark.executor.memory": "700m",
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.memory": "700m",
        "spark.executorEnv.PYTHONPATH": str(ROOT),
    }
    words += [word for name, value in conf.items() for word in ("--conf", f"{name}={value}")]
    return Command(words)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("pyspark", reason="requirements-spark.txt is not installed")
    try:
        check_java()
    except InputError as error:
        pytest.skip(str(error))
    with running(tmp_path_factory.mktemp("cluster"), workers=2) as found:
        yield found


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Pairs in many parts."""
    folder = tmp_path_factory.mktemp("data") / "pairs"
    folder.mkdir()
    pairs = make(20_000, 600, 300)
    for number, rows in enumerate(np.array_split(np.arange(len(pairs)), PARTS)):
        table = {"user": pairs.user_codes[rows], "item": pairs.item_codes[rows], "plays": pairs.values[rows]}
        pq.write_table(pa.table(table), folder / f"part-{number:03}.parquet")
    return folder


@pytest.fixture(scope="module")
def undisturbed(cluster, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    return out, begin(cluster, data, out).answer()


def test_a_cluster_learns_what_one_machine_learns(undisturbed, data, tmp_path):
    out, answer = undisturbed
    words = [
        "spark-train",
        str(data),
        "--out",
        str(tmp_path / "run"),
        "--master",
        "local[2]",
        "--blocks",
        "4",
    ]
    words += [
        *SETTINGS,
        "--conf",
        "spark.sql.shuffle.partitions=4",
        "--conf",
        "spark.driver.memory=1g",
        "--json",
    ]
    local = subprocess.run(
        [sys.executable, "-m", "recsys", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    here = json.loads(local.stdout)["result"]
    assert here["pairs"] == answer["pairs"]
    _, model, split = read(out)
    _, alike, same = read(tmp_path / "run")
    np.testing.assert_array_equal(split.test.item_codes, same.test.item_codes)
    scores = [found.user_factors @ found.item_factors.T for found in (model, alike)]
    np.testing.assert_allclose(*scores, atol=0.02)
    assert answer["figures"]["ndcg@10"] == pytest.approx(here["figures"]["ndcg@10"], abs=0.005)


def test_a_worker_that_is_killed_midway_changes_nothing(cluster, undisturbed, data, tmp_path):
    command = begin(cluster, data, tmp_path / "run", "--epochs", "12")
    command.reached("Iteration 2 of 12")
    kill(cluster.workers[1])
    answer = command.answer()
    cluster.workers[1] = cluster.worker(1)
    again = begin(cluster, data, tmp_path / "again", "--epochs", "12").answer()
    assert answer["pairs"] == again["pairs"] == undisturbed[1]["pairs"]
    assert answer["figures"]["ndcg@10"] == pytest.approx(again["figures"]["ndcg@10"], abs=0.005)
    assert not (tmp_path / "run" / "_work").exists()


def test_a_driver_that_is_killed_midway_is_started_again_in_the_same_folder(
    cluster, undisturbed, data, tmp_path
):
    command = begin(cluster, data, tmp_path / "run", "--epochs", "200")
    command.reached("Iteration 2 of 200")
    command.kill()
    assert not (tmp_path / "run" / "run.json").exists()
    answer = begin(cluster, data, tmp_path / "run").answer()
    assert answer["figures"]["ndcg@10"] == pytest.approx(undisturbed[1]["figures"]["ndcg@10"], abs=0.005)
    assert not (tmp_path / "run" / "_work").exists()
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        path.name for path in undisturbed[0].iterdir()
    }


def test_one_broken_part_of_many_is_named_and_leaves_no_run(cluster, data, tmp_path):
    broken = tmp_path / "pairs"
    broken.mkdir()
    for part in data.iterdir():
        (broken / part.name).write_bytes(part.read_bytes())
    path = broken / "part-017.parquet"
    path.write_bytes(path.read_bytes()[:-200])
    command = begin(cluster, broken, tmp_path / "run")
    assert command.end() == (1, "")
    assert "Traceback" not in command.said
    assert "part-017.parquet" in command.said
    assert not (tmp_path / "run" / "run.json").exists()
    with urllib.request.urlopen(f"{cluster.status}/json/", timeout=10) as answer:
        assert json.load(answer)["activeapps"] == []
