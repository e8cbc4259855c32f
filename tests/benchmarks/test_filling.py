"""The place of the benchmarks' tables."""

import pytest

from benchmarks.filling import fill


def test_only_what_stands_between_the_marks_is_replaced(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("a\n<!-- quality -->\nold\n<!-- /quality -->\nb\n", "utf-8")
    fill(path, "quality", "new")
    assert path.read_text("utf-8") == "a\n<!-- quality -->\nnew\n<!-- /quality -->\nb\n"
    path.write_text("nothing", "utf-8")
    with pytest.raises(SystemExit, match="no marks"):
        fill(path, "quality", "new")
