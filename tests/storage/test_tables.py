import io

import pandas as pd
import pytest

from recsys.storage.tables import to_csv


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_text_that_looks_like_a_formula_is_kept_as_text(name):
    table = pd.read_csv(io.BytesIO(to_csv(pd.DataFrame({"artist": [name, "AC/DC"]}))), encoding="utf-8-sig")
    assert table["artist"].tolist() == [f"'{name}", "AC/DC"]


def test_numbers_and_other_names_stay_as_they_are():
    table = pd.DataFrame({"artist": ["Sigur Rós", "  -", '"x", y'], "score": [-1.5, 2.0, 0.25]})
    assert pd.read_csv(io.BytesIO(to_csv(table)), encoding="utf-8-sig").equals(table)


def test_the_table_itself_is_not_changed():
    table = pd.DataFrame({"artist": ["=1"]})
    to_csv(table)
    assert table["artist"].tolist() == ["=1"]
