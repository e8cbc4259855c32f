"""Reading that has always been right: line ends, ids, numbers, codecs, lines of JSON, and bounds of time."""

import io
import json
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.errors import InputError
from tests.data.importing.bringing import bring, pairs

ROWS = [("ann", "Low", 10), ("ann", "Can", 5), ("bob", "Low", 20)]
EXPECTED = [("ann", "Can", 5), ("ann", "Low", 10), ("bob", "Low", 20)]
CSV = "user,artist,plays\n" + "".join(f"{user},{artist},{plays}\n" for user, artist, plays in ROWS)
LINES = [json.dumps(dict(zip(("user", "artist", "plays"), row, strict=True))) for row in ROWS]


@pytest.mark.parametrize(
    "content",
    [
        CSV.replace("\n", "\r").encode(),
        CSV.replace("\n", "\r\n", 2).encode(),
        CSV.replace("\n", "\r", 1).encode(),
        CSV.encode("utf-8-sig"),
        CSV.encode("utf-16"),
        CSV.encode("utf-16-le"),
        CSV.encode("utf-16-be"),
        CSV.removesuffix("\n").encode(),
        (CSV + "\n\n \n").encode(),
    ],
)
def test_line_ends_and_marks_of_every_kind(content):
    assert pairs(bring(content)) == EXPECTED


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "brotli", "lz4", "zstd"])
def test_every_codec_of_parquet(codec):
    table = pa.table(dict(zip(("user", "artist", "plays"), map(list, zip(*ROWS, strict=True)), strict=True)))
    content = io.BytesIO()
    pq.write_table(table, content, compression=codec)
    assert pairs(bring(content.getvalue(), "x.parquet")) == EXPECTED


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\r\n".join(LINES) + "\r\n",
        ",\n".join(LINES),
        "\n\n".join(LINES),
        "".join(LINES),
        "\n".join(json.dumps(json.loads(line), indent=2) for line in LINES),
        f"[{','.join(LINES)}]",
        "[\n" + ",\n".join(LINES) + "\n]\n",
        "\n".join(line.replace(": ", ":").replace("{", "{ ") for line in LINES),
        "\ufeff" + "\n".join(LINES),
    ],
)
def test_every_dialect_of_json_lines(text):
    assert pairs(bring(text, "x.json")) == EXPECTED


def test_ids_stay_what_they_are():
    ids = [
        "9007199254740993",
        "9007199254740992",
        "18446744073709551616",
        "007",
        "7",
        "0x7",
        "1e5",
        "-1",
        "+1",
    ]
    report = bring("user,artist\n" + "".join(f"{one},Low\n{one},Can\n" for one in ids))
    assert {user for user, *_ in pairs(report)} == set(ids)
    books = bring("user,isbn\nann,0155061224\nann,034545104X\nbob,0155061224\n")
    assert {name for _, name, _ in pairs(books)} == {"0155061224", "034545104X"}
    big = [9_007_199_254_740_993, 9_007_199_254_740_992]
    content = io.BytesIO()
    pq.write_table(pa.table({"user": big, "artist": ["Low", "Can"]}), content)
    assert {user for user, *_ in pairs(bring(content.getvalue()))} == set(big)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        *(
            ("3", 3),
            ("+3", 3),
            ("03", 3),
            ("3.", 3),
            (".5", 0.5),
            ("0.5", 0.5),
            ("3.0", 3),
            (" 3", 3),
            ("3 ", 3),
        ),
        *(
            ("3e0", 3),
            ("3E2", 300),
            ("3e+2", 300),
            ("3e-2", 0.03),
            ('"3"', 3),
            ('"3.5"', 3.5),
            ("1000000", 1e6),
        ),
        *(
            (bad, None)
            for bad in ("3_0", "0x3", "three", "3 plays", "--3", "3-", "1/2", "3%", "#N/A", "True", "3..5")
        ),
        *((bad, None) for bad in ("", "NULL", "-3", "0", "-0", "nan", "inf", "1e13")),
    ],
)
def test_ways_to_write_a_number(number, value):
    report = bring(f"user,artist,plays\nann,Low,{number}\nann,Can,2\nbob,Can,2\nbob,Low,2\n")
    found = {(user, name): plays for user, name, plays in pairs(report)}
    assert found.get(("ann", "Low")) == (None if value is None else pytest.approx(value))
    assert report.left_out == (value is None)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("[" * 30_000_000, "x.json"),
        ('{"a":' * 5_000_000, "x.json"),
        ("a" * 44_000_000, "x.csv"),
        ("user,item\n" + "a" * 44_000_000 + ",b\n", "x.csv"),
    ],
    ids=["brackets", "objects", "a line", "a line below titles"],
)
def test_what_is_endless_is_refused_at_once(content, name):
    began = time.process_time()
    with pytest.raises(InputError, match=r"has (no JSON objects|a line of more than 4 MB)"):
        bring(content, name)
    assert time.process_time() - began < 2  # seconds of the processor: half a second on a quiet machine
