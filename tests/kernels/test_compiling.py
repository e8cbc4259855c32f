"""Side effects of importing the package."""

import os
import shutil
import subprocess
import sys

from tests.conftest import ROOT


def test_kernels_compile_where_neither_source_nor_home_can_be_written(tmp_path):
    package, temporary = tmp_path / "recsys", tmp_path / "temporary"
    shutil.copytree(ROOT / "recsys", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__pycache__").write_text("a file where a folder should be: nobody can write into it")
    temporary.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment |= {
        "HOME": os.devnull,
        "XDG_CACHE_HOME": f"{os.devnull}/cache",
        "LOCALAPPDATA": f"{os.devnull}/cache",
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(tmp_path),
    }
    program = """
import numpy
from recsys.kernels import top_n
marks = numpy.zeros(2, bool)
top_n.mark_smallest(numpy.array([0.2, 0.1]), numpy.array([0, 2]), 2, 1, marks)
print(marks)
"""
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stdout.strip(), found.stderr) == ("[False  True]", "")
    assert not list(temporary.iterdir())
