"""Rows of JSON documents of every build."""

import json

import pytest

from recsys.errors import InputError
from tests.data.importing.bringing import bring, pack, pairs

ROWS = [("ann", "Low", 10), ("ann", "Can", 5), ("bob", "Low", 20)]
EXPECTED = [("ann", "Can", 5), ("ann", "Low", 10), ("bob", "Low", 20)]
RECORDS = [dict(zip(("user", "artist", "plays"), row, strict=True)) for row in ROWS]
JSON = {
    "a list one level down": {"count": 3, "rows": RECORDS},
    "a list two levels down": {"answer": {"count": 3, "rows": RECORDS}},
    "a list three levels down": {"answer": {"data": {"rows": RECORDS}}},
    "lists with titles": [list(RECORDS[0]), *map(list, ROWS)],
    "a list for each listener": {
        "ann": [{"artist": "Low", "plays": 10}, {"artist": "Can", "plays": 5}],
        "bob": [{"artist": "Low", "plays": 20}],
    },
    "by columns": {key: {str(at): row[key] for at, row in enumerate(RECORDS)} for key in RECORDS[0]},
    "split": {
        "columns": ["user", "artist", "plays"],
        "index": [0, 1, 2],
        "data": [list(row) for row in ROWS],
    },
    "counts by listener": {"ann": {"Low": 10, "Can": 5}, "bob": {"Low": 20}},
    "a list of users": [
        {"user": "ann", "items": [{"artist": "Low", "plays": 10}, {"artist": "Can", "plays": 5}]},
        {"user": "bob", "items": [{"artist": "Low", "plays": 20}]},
    ],
}


@pytest.mark.parametrize("form", JSON)
def test_rows_are_found_in_json(form):
    assert pairs(bring(json.dumps(JSON[form], indent=1), "x.json")) == EXPECTED


def test_what_json_leaves_out_is_said():
    beside = bring(json.dumps({"plays": RECORDS, "loved": [{"artist": "Low"}]}), "x.json")
    assert any("only the list 'plays' was read, not loved" in note for note in beside.notes)
    several = [
        {"user": user, "track": "x", "artist": {"name": "Low"}, "artists": ["Low", "Can"]} for user in "ab"
    ]
    assert any(
        "only the first entry is read: artists" in note for note in bring(json.dumps(several), "x.json").notes
    )
    other = "".join(json.dumps(row) + "\n" for row in (*RECORDS, {"USER": "cleo", "ARTIST": "Low"}))
    report = bring(other, "x.jsonl")
    assert pairs(report) == EXPECTED
    assert dict(report.refused) == {"no listener": 1}
    assert report.examples == [("x.jsonl", 4, "", "no listener")]


def test_rows_are_found_behind_javascript_and_comments_and_in_python():
    text = json.dumps(RECORDS)
    for content in (f"var data = {text};", f"// made by x\n{text}", "\n".join(map(repr, RECORDS))):
        assert pairs(bring(content, "x.json")) == EXPECTED


@pytest.mark.parametrize(
    "text", ["{}", "[]", "[{}, {}]", '{"playlists": []}', '{"name": "x", "items": [1, 2]}']
)
def test_json_without_rows_is_refused(text):
    with pytest.raises(InputError, match=r"x\.json"):
        bring(text, "x.json")
    with pytest.raises(InputError):
        bring(pack({"x.json": text}), "x.zip")


def test_lists_called_by_what_is_in_them_are_nobodys_and_a_guess_is_said():
    named = {"tracks": [{"artist": "Low", "plays": 1}], "loved": [{"artist": "Can", "plays": 2}]}
    assert bring(json.dumps(named), "x.json").dataset is None
    counts = bring(json.dumps({"ann": {"Low": 10, "Can": 5}, "bob": {"Low": 20}}), "x.json")
    assert "The names in x.json were taken for users, and those within them for items." in counts.notes
