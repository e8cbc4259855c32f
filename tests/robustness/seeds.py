"""Real files of every kind that people bring, small, and ways to spoil them."""

from __future__ import annotations

import datetime
import decimal
import gzip
import json
import struct

import pyarrow as pa
from hypothesis import strategies as st

from recsys.data.sources import lastfm
from tests.data.importing.bringing import pack, parquet

NAMES = ("Low", "Can", "Björk", "Низкий", "😀", "=cmd()", "a|b", "עברית", "NA", "<b>x</b>")
ROWS = [
    (f"u{user}", NAMES[(user + place) % len(NAMES)], 1 + user * place)
    for user in range(4)
    for place in range(5)
]
CSV = "user,artist,plays\n" + "".join(f"{user},{artist},{plays}\n" for user, artist, plays in ROWS)
NUMBERED = [(user + 1, place * 7, 1 + (user * place) % 5) for user in range(4) for place in range(5)]
OBJECTS = [dict(zip(("user", "artist", "plays"), row, strict=True)) for row in ROWS]
LISTENS = [
    {
        "listened_at": 1_600_000_000,
        "user_name": user,
        "track_metadata": {"artist_name": artist, "extra": {"a": [1]}},
    }
    for user, artist, _ in ROWS
]
STREAMS = [
    {"ts": "2024-01-01T00:00:00Z", "username": user, "ms_played": 40_000 * plays, "spotify_track_uri": None}
    | {"master_metadata_album_artist_name": artist}
    for user, artist, plays in ROWS
]


def _lines(rows: list, separator: str, head: str = "") -> str:
    return head + "".join(separator.join(map(str, row)) + "\n" for row in rows)


def _table() -> pa.Table:
    users, artists, plays = (list(column) for column in zip(*ROWS, strict=True))
    return pa.table(
        {
            "user": pa.array(users).dictionary_encode(),
            "artist": artists,
            "plays": [float(number) for number in plays],
            "day": [datetime.date(2024, 1, 1)] * len(users),
            "when": [datetime.datetime(2024, 1, 1)] * len(users),
            "price": [decimal.Decimal("1.50")] * len(users),
            "bytes": [b"\xff\x00"] * len(users),
            "none": pa.nulls(len(users)),
            "list": [[1, 2]] * len(users),
            "yes": [True, None] * (len(users) // 2),
        }
    )


def _json_lines(rows: list) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


MOVIELENS = {
    "ml/u.data": _lines([(*row, 978300760) for row in NUMBERED], "\t"),
    "ml/u.item": _lines([(place * 7, f"Film {place}") for place in range(5)], "|"),
}
PUBLISHED = {
    "artists.dat": 'id\tname\turl\tpictureURL\n51\tBjörk\tx\ty\n52\t"Al" X\tx\ty\n53\t\tx\ty\n',
    "user_artists.dat": "userID\tartistID\tweight\n2\t51\t13883\n2\t52\t1\n3\t51\t7\n3\t53\t352698\n",
    "user_friends.dat": "userID\tfriendID\n2\t3\n3\t2\n",
    "tags.dat": "tagID\ttagValue\n1\tmetal\n2\tfolk\n",
    lastfm.TAGGED: "userID\tartistID\ttagID\tday\tmonth\tyear\n2\t51\t2\t1\t4\t2009\n3\t51\t1\t1\t4\t2009\n",
}
FILES: dict[str, bytes] = {
    "a.csv": CSV.encode(),
    "titles.csv": CSV.replace("user,artist,plays", "Who,What,How often").encode(),
    "semicolons.csv": CSV.replace(",", ";").encode("cp1252", "replace"),
    "quoted.csv": (
        '"user","artist","plays"\n' + "".join(f'"{u}","a ""b"",\n{a}",{p}\n' for u, a, p in ROWS)
    ).encode(),
    "wide.csv": CSV.encode("utf-16"),
    "mark.csv": CSV.encode("utf-8-sig"),
    "tabs.tsv": CSV.replace(",", "\t").encode(),
    "bars.txt": CSV.replace(",", "|").encode(),
    "ratings.dat": _lines([(*row, 978300760) for row in NUMBERED], "::").encode(),
    "u.data": MOVIELENS["ml/u.data"].encode(),
    "scrobbles.csv": _lines([(a, "Album", "Track", "01 Jan 2024 10:00") for _, a, _ in ROWS], ",").encode(),
    "table.json": json.dumps(OBJECTS).encode(),
    "lines.jsonl": _json_lines(OBJECTS).encode(),
    "listens.jsonl": _json_lines(LISTENS).encode(),
    "answer.json": json.dumps({"payload": {"count": 20, "listens": LISTENS}}).encode(),
    "streams.json": json.dumps(STREAMS).encode(),
    "table.parquet": parquet(_table()),
    "plain.parquet": parquet({"user": [1, 2, 2, 3], "item": [1, 1, 2, 3], "plays": [1, 2, 3, 4]}),
}
ZIPS: dict[str, dict[str, str | bytes]] = {
    "movielens.zip": dict(MOVIELENS),
    "history.zip": {"ann/history_0.json": json.dumps(STREAMS), "bob/history_0.json": json.dumps(STREAMS[:3])},
    "packed.zip": {"a.csv.gz": gzip.compress(CSV.encode(), mtime=0), "b.csv": CSV},
    "published.zip": dict(PUBLISHED),
}

TOKENS = (
    *(
        b'"',
        b"'",
        b"\n",
        b"\r",
        b"\0",
        b",",
        b";",
        b"\t",
        b"|",
        b"::",
        b"{",
        b"[",
        b"}",
        b"]",
        b":",
        b"\\",
        b"\\u0000",
    ),
    *(
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\xf0\x9f\x98\x80",
        b"\xe2\x80\xae",
        b"\x1f",
        b"\x85",
        b"\xc2\x85",
    ),
    *(b"9" * 400, b"1e400", b"nan", b"inf", b"-1", b"0", b"1e-400", b"0x10", b"null", b"true", b" " * 1_000),
    *(b"=cmd()", b"<script>", b"../", b"/etc/passwd", b"x" * 11_000, b"[" * 2_000, b'{"a":' * 1_000),
    *(b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00", b"PAR1"),
)
NUMBERS = (0, 1, -1, 127, 255, 2**15 - 1, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1)


def spoil(content: bytes, edits: list[tuple[str, float, int]]) -> bytes:
    """Change a file at some places, each a part of its length."""
    for how, part, number in edits:
        place = int(part * len(content))
        before, after = content[:place], content[place:]
        if how == "flip" and after:
            content = before + bytes([after[0] ^ (1 + number % 255)]) + after[1:]
        elif how == "cut":
            content = before
        elif how == "drop":
            content = before + after[1 + number % 64 :]
        elif how == "insert":
            content = before + TOKENS[number % len(TOKENS)] + after
        elif how == "repeat":
            content = before + after[: 1 + number % 40] * (2 + number % 50) + after
        elif how == "number":
            value = NUMBERS[number % len(NUMBERS)]
            form = ("<b", "<h", "<i", "<q", ">i", ">q")[number % 6]
            size = struct.calcsize(form)
            written = struct.pack(form.upper(), value % (1 << (8 * size)))
            content = before + written + after[size:]
        elif how == "splice":
            other = [*FILES.values()][number % len(FILES)]
            content = before + other[number % 50 : number % 50 + 200] + after
    return content


EDITS = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "drop", "insert", "repeat", "number", "splice")),
        st.floats(0, 1),
        st.integers(0, 2**16),
    ),
    max_size=6,
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw an uploaded file, spoiled within, as it is packed, or not at all."""
    name = draw(st.sampled_from([*FILES, *ZIPS]))
    if name in ZIPS:
        inner = {
            file: spoil(content.encode() if isinstance(content, str) else content, draw(EDITS))
            for file, content in ZIPS[name].items()
        }
        content = pack(inner)
    else:
        content = spoil(FILES[name], draw(EDITS))
        wrapped = draw(st.sampled_from(("", "", "", "gz", "zip")))
        if wrapped == "gz":
            name, content = f"{name}.gz", gzip.compress(content, 1, mtime=0)
        elif wrapped == "zip":
            name, content = f"{name}.zip", pack({name: content})
    if name.endswith(("zip", "gz")) and draw(st.booleans()):
        content = spoil(content, draw(EDITS))
    return name, content
