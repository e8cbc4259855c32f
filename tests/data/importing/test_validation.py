"""The report: what is refused and why, what is left out, and what can be used."""

import csv
import io
import json
import tracemalloc

import numpy as np
import pytest

from recsys.data.importing import pairs as adding
from recsys.data.importing import validation
from recsys.data.importing.schema import survey
from recsys.data.sources.load import TextForm
from recsys.data.splitting import hold_out, suited
from recsys.errors import InputError
from recsys.models import MODELS, make_model
from recsys.storage.tables import to_csv
from tests.data.importing.bringing import bring, pairs, parquet


@pytest.mark.parametrize(
    ("row", "value", "reason"),
    [
        ("3,9,many", "many", "plays: not a number"),
        ("3,9,", "", "no plays"),
        ("3,9,0", "0", "plays: zero"),
        ("3,9,-1", "-1", "plays: below zero"),
        ("3,9,nan", "nan", "plays: not a number"),
        ("3,9,1e999", "1e999", "plays: infinite"),
        ("3,9,-inf", "-inf", "plays: infinite"),
        ("3,9,1000000000001", "1000000000001", "plays: above 1,000,000,000,000, which nobody reaches"),
        ("3,9,1e-300", "1e-300", "plays: too near to zero"),
        (",9,1", "", "no listener"),
        ("3, ,1", "", "no artist"),
        (f"3,{'x' * 10_001},1", "x" * 200, "artist of more than 10,000 characters"),
        ("3,Tyler, the Creator,1", "3,Tyler, the Creator,1", "4 columns instead of 3"),
        ("3,9", "3,9", "2 columns instead of 3"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_others_are_used(row, value, reason):
    report = bring(f"user,item,plays\n1,7,1\n\n2,8,1\n{row}\n3,7,1\n", name="x.csv")
    assert report.examples == [("x.csv", 5, value, reason)]
    assert (report.rows, report.used, dict(report.refused)) == (4, 3, {reason: 1})
    assert pairs(report) == [(1, "7", 1), (2, "8", 1), (3, "7", 1)]
    assert report.dataset.origin == f"Read from x.csv. Rows that could not be used: 1 of 4 ({reason}: 1)."


def test_missing_values_in_parquet_are_named():
    report = bring(parquet({"user": [1, None, 2, 3], "item": [1, 2, 5, 3], "plays": [1, 2, 2.5, None]}))
    assert [example[1:] for example in report.examples] == [(2, "", "no listener"), (4, "", "no plays")]
    assert pairs(report) == [(1, "1", 1), (2, "5", 2.5)]


def test_rows_in_another_encoding_than_the_rest_are_refused():
    report = bring(
        "user,artist\n1,Björk\n1,Sigur Rós\n2,Mgła\n".encode() + "2,Zoé\n2".encode("latin-1") + b",Low\n"
    )
    assert [example[1:] for example in report.examples] == [
        (5, "Zo\ufffd", "artist in another encoding than the rest")
    ]
    assert len(pairs(report)) == 4


def test_repeated_rows_are_added_up_or_the_last_one_counts():
    content = "user,item,plays,name\n1,7,2,\n1,8,1,Can\n2,7,1,Low\n1,7,3.5,Low\n"
    summed = bring(content)
    assert pairs(summed) == [(1, "Low", 5.5), (1, "Can", 1), (2, "Low", 1)]
    assert summed.dataset.origin == "Read from mine.csv. Repeated rows, added up: 1."
    assert (
        "Rows about a listener and artist that an earlier row is about: 1. They were added up."
        in summed.notes
    )
    assert pairs(bring(content, repeats="last"))[0] == (1, "Low", 3.5)


def test_the_first_hundred_refused_rows_are_kept_and_guarded_against_formulas():
    rows = "".join(f"{row},x,=cmd()\n" for row in range(500))
    report = bring(f"user,item,plays\n{rows}1,7,1\n2,8,1\n")
    assert (report.left_out, len(report.examples)) == (500, 100)
    written = list(csv.DictReader(io.StringIO(to_csv(report.table()).decode("utf-8-sig"))))
    assert written[99] == {
        "file": "mine.csv",
        "line": "101",
        "value": "'=cmd()",
        "reason": "plays: not a number",
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("user,item,plays\n", "There is no row in it"),
        ("user,item,plays\n1,7,0\n", "No row can be used"),
        ("user,item,plays\n1,7,2\n1,8,3\n", "All rows are of a single listener"),
        ("item,plays\n7,2\n8,3\n", "All rows are of a single listener"),
        ("user,item,plays\n1,7,2\n2,7,3\n", "All rows are about a single artist"),
    ],
)
def test_what_cannot_be_used_says_why(content, problem):
    report = bring(content)
    assert report.dataset is None
    assert report.problem.startswith(problem)


def test_too_much_is_explained(monkeypatch):
    content = "user,item,plays\n" + "".join(f"{row},{row % 7},1\n" for row in range(50))
    for module, limit in ((validation, "MAX_PAIRS"), (adding, "MAX_TEXT")):
        with monkeypatch.context() as patch:
            patch.setattr(module, limit, 10)
            with pytest.raises(InputError, match="Use a part of the data"):
                bring(content)
    monkeypatch.setattr("recsys.data.importing.readers.csv.MAX_UNEVEN", 10)
    with pytest.raises(
        InputError, match=r"More than 10 rows of mine\.csv have not the 3 columns of the first"
    ):
        bring("user,item,plays\n" + "1,2\n" * 20)
    with pytest.raises(InputError, match=r"from about line 3 on: a quotation mark is not closed"):
        bring('user,item,plays\n1,7,2\n1,"' + "x\n" * (3 << 20))
    with pytest.raises(InputError, match="no line end in its first"):
        bring("user,item,plays" + "x" * (3 << 20))


def test_memory_does_not_grow_with_the_number_of_rows():
    content = ("user,artist\n" + "ann,Low\nbob,Can\n" * 1_000_000).encode()
    found = survey([("long.csv", io.BytesIO(content))])
    tracemalloc.start()
    report = validation.validate(found, found.choose({}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert pairs(report) == [("ann", "Low", 1_000_000), ("bob", "Can", 1_000_000)]
    assert peak < 12e6  # the values alone would take 16


ODD = [
    "😀 music",
    "x" * 10_000,
    "שלום עולם",
    "<script>alert(1)</script>",
    "a | b",
    "$100$",
    "[x](https://example.org)",
    "=cmd()",
    "007",
    "NA",
    "%{x} &amp;",
]


@pytest.mark.parametrize("form", ["csv", "tabs", "json", "parquet"])
def test_odd_names_come_through_unchanged(form):
    rows = [(user, name, 3) for user in ("😀", "<b>u</b>") for name in ODD]
    users, items, plays = (list(column) for column in zip(*rows, strict=True))
    if form == "parquet":
        content = parquet({"user": users, "artist": items, "plays": plays})
    elif form == "json":
        keys = ("user", "artist", "plays")
        content = "\n".join(json.dumps(dict(zip(keys, row, strict=True))) for row in rows)
    else:
        lines = io.StringIO()
        writer = csv.writer(lines, delimiter="," if form == "csv" else "\t")
        writer.writerows([("user", "artist", "plays"), *rows])
        content = lines.getvalue()
    report = bring(content)
    assert sorted(pairs(report)) == sorted((user, name, 3.0) for user, name, _ in rows)
    split = hold_out(report.dataset.interactions, *suited(report.dataset.interactions))
    assert len(split.validation) == 2 * split.hidden


def small(users: int, each: int, items: int = 20) -> str:
    """Make up listeners with so many artists each."""
    rows = [
        f"u{user},a{(user * 3 + place * 7) % items},{1 + place}"
        for user in range(users)
        for place in range(each)
    ]
    return "\n".join(["user,artist,plays", *rows])


@pytest.mark.parametrize("name", MODELS)
def test_ten_listeners_without_35_artists_can_be_learned_from(name):
    known = bring(small(10, 8)).dataset.interactions
    assert suited(known) == (8, 3)
    split = hold_out(known, *suited(known))
    assert len(split.validation) == 30
    settings = {"epochs": 2} if "epochs" in MODELS[name].defaults else {}
    assert np.isfinite(make_model(name, **settings).fit(split.train).scores(np.arange(10))).all()


def test_the_hold_out_that_suits_the_data_is_suggested():
    known = bring(small(10, 8)).dataset.interactions
    with pytest.raises(
        InputError, match=r"the most is 8\. Ask for 8 or fewer to take part: 8, with 3 hidden, suits"
    ):
        hold_out(known)
    assert suited(bring(small(5, 40, 100)).dataset.interactions) == (35, 15)
    alone = bring("user,artist\n1,Low\n2,Can\n").dataset.interactions
    assert suited(alone) == (2, 1)
    with pytest.raises(InputError, match="Nobody has more than one"):
        hold_out(alone, 2, 1)


def test_one_artist_for_all_and_some_more():
    content = "user,artist\n" + "".join(f"{user},Low\n" for user in range(20)) + "0,Can\n"
    known = bring(content).dataset.interactions
    split = hold_out(known, *suited(known))
    assert len(split.validation) == 1


def test_another_encoding_can_be_tried():
    content = "user,artist\n1,\x8a\n2,Low\n".encode("latin-1")
    assert pairs(bring(content))[0][1] == "Š"
    assert bring(content, text=TextForm("utf-8")).refused.total() == 1
