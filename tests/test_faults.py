"""Bad days: kills, full disks, folders that cannot be written, damaged files, clocks that jump."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

from tests.killing import WORKS

KILLS = os.environ.get("ENCORE_TEST_KILLS", "8")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only a program that can fork is killed so often")
@pytest.mark.parametrize("work", WORKS)
def test_nothing_is_lost_or_left_whenever_the_program_is_killed(work, tmp_path):
    words = [sys.executable, "-m", "tests.killing", work, str(tmp_path), "0", KILLS]
    # one thread, for a fork takes no other along
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
