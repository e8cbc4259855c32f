"""Count of what a Spark executor uses: its process and all that it started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.spark_scale import Use, below, processes

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are read from /proc")
CHILD = "import subprocess, sys; subprocess.run(['sleep', '60'])"


@pytest.fixture
def family():
    """Start a process that starts another one; yield its number."""
    top = subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True)
    try:
        while "sleep" not in {process.program for process in below(top.pid, processes())}:
            assert top.poll() is None
        yield top.pid
    finally:
        os.killpg(top.pid, 9)
        top.wait()


def test_what_a_process_started_counts_and_nothing_else(family):
    found = {process.number: process.program for process in below(family, processes())}
    assert found.pop(family).startswith("python")
    assert list(found.values()) == ["sleep"]
    assert os.getpid() in {process.number for process in processes().values()} - set(found)


def test_a_worker_itself_is_no_executor(family):
    use = Use()
    use.look(command=family, workers=[family])
    (sleeping,) = use.executor_cpu
    assert sleeping != family
    assert use.largest_executor < use.peak["python"]
