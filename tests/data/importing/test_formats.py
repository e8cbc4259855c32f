"""An example of each format, and its detection."""

import contextlib
import gzip
import io
import json

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.importing.registry import FORMATS
from recsys.data.importing.schema import survey
from recsys.data.nouns import Nouns
from recsys.data.sources.load import TextForm
from recsys.errors import InputError
from tests.data.importing.bringing import bring, pack, pairs, parquet

PLAYS = pd.DataFrame(
    {"user": [1, 1, 2, 2], "item": [7, 8, 7, 9], "plays": [10, 5, 20, 1], "name": ["Low", "Can", "Low", "NA"]}
)
CSV = PLAYS.to_csv(index=False)
KNOWN = [(1, "Low", 10), (1, "Can", 5), (2, "Low", 20), (2, "NA", 1)]


def looked_at(content, name="mine.csv"):
    return survey([(name, io.BytesIO(content if isinstance(content, bytes) else content.encode()))])


FORMS = {
    "csv": CSV,
    "tsv": PLAYS.to_csv(index=False, sep="\t"),
    "semicolons": PLAYS.to_csv(index=False, sep=";"),
    "bars": PLAYS.to_csv(index=False, sep="|"),
    "parquet": parquet(PLAYS.to_dict("list")),
    "bom": "\ufeff" + CSV,
    "utf-16": CSV.encode("utf-16"),
    "utf-16 without a mark": CSV.encode("utf-16-be"),
    "cr": PLAYS.to_csv(index=False, lineterminator="\r"),
    "crlf": PLAYS.to_csv(index=False, lineterminator="\r\n"),
    "blank lines": "\n\n" + CSV.replace("\n", "\n\n"),
    "json lines": PLAYS.to_json(orient="records", lines=True),
    "json": PLAYS.to_json(orient="records", indent=2),
    "json with a mark": ("\ufeff" + PLAYS.to_json(orient="records")).encode(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", ["plain", "gzip", "zip", "gzip in a zip"])
def test_every_form_gives_the_same(form, packed):
    content = FORMS[form] if isinstance(FORMS[form], bytes) else FORMS[form].encode()
    name = "mine"
    if packed.startswith("gzip"):
        content, name = gzip.compress(content), "mine.gz"
    if packed.endswith("zip") and packed != "gzip":
        content, name = pack({f"folder/{name}": content}), "mine.zip"
    report = bring(content, name)
    assert pairs(report) == KNOWN
    assert (report.rows, report.used, report.left_out) == (4, 4, 0)
    assert report.dataset.interactions.items.tolist() == [7, 8, 9]
    assert report.dataset.title == name


@pytest.mark.parametrize(
    "header",
    [
        "userID,artistID,weight,name",
        "user_id,item_id,count,artist_name",
        "Listener,Artist ID,Play Count,Artist",
        "username,item-id,plays,itemName",
    ],
)
def test_common_titles_are_recognised(header):
    rows = PLAYS.to_csv(index=False, header=False)
    assert pairs(bring(f"{header}\n{rows}")) == KNOWN


def test_other_titles_can_be_chosen_by_name_or_number():
    content = "who;what;how often\n1;Low;10\n2;Can;5\n"
    assert looked_at(content).columns is None
    with pytest.raises(
        InputError, match=r"No column of mine\.csv is known to say what a row is about, only 'who, what, how"
    ):
        bring(content)
    expected = [(1, "Low", 10), (2, "Can", 5)]
    assert pairs(bring(content, user="who", item="what", value="how often")) == expected
    assert pairs(bring(content, user="1", item="2", value="3")) == expected
    assert pairs(bring(content, user="1", item="2", value="")) == [(1, "Low", 1), (2, "Can", 1)]
    with pytest.raises(
        InputError, match="There is no column 'whom' for the user, only 'who, what, how often'"
    ):
        bring(content, user="whom")
    with pytest.raises(InputError, match="Columns are given as user="):
        bring(content, colour="who")


def test_a_table_without_titles_gets_numbers():
    found = looked_at("1\tLow\t10\n2\tCan\t5\n")
    assert found.table.titles == ["Column 1", "Column 2", "Column 3"]
    assert "no titles" in found.table.form
    assert found.table.preview() == [["1", "Low", "10"], ["2", "Can", "5"]]


def test_how_a_text_is_written_is_found_and_can_be_said():
    text = looked_at("user;artist;plays\n1;Björk, Sigur Rós;3\n2;Low, Can;4\n".encode("cp1252")).table.text
    assert text == TextForm("cp1252", ";", True)
    alone = "".join(f"{user};Retour à Paris {user};3\n" for user in range(9))
    assert looked_at(f"user;artist;plays\n{alone}".encode("cp1252")).table.text == text
    content = "user;artist;plays\n1;Žižek;3\n2;Low;4\n"
    assert pairs(bring(content.encode("utf-8"), text=TextForm("cp1252")))[0][1] != "Žižek"
    report = bring("a,b\nc,d\n", text=TextForm(header=False), user="1", item="2")
    assert pairs(report) == [("a", "b", 1), ("c", "d", 1)]


def test_quotation_marks_hold_a_cell_together_or_stand_for_themselves_between_tabs():
    quoted = bring('user,artist,plays\n007,"Tyler, the ""Creator""",5\nann, Björk ,4\n')
    assert pairs(quoted) == [("007", 'Tyler, the "Creator"', 5), ("ann", "Björk", 4)]
    plain = bring('user\tartist\tplays\n1\t"Weird Al" Yankovic\t3\n2\t12" Mix\t4\n')
    assert [name for _, name, _ in pairs(plain)] == ['"Weird Al" Yankovic', '12" Mix']


def test_columns_of_other_types_in_parquet_will_do():
    users = pa.array(["ann", "bob", "ann"]).dictionary_encode()
    items = pa.array([1.0, 2.0, 2.0])
    lists = pa.array([[1], [2], []])
    table = {"tags": lists, "user": users, "item": items, "plays": pa.array([1, 2, 3], pa.uint8())}
    report = bring(parquet(table))
    assert pairs(report) == [("ann", "1", 1), ("ann", "2", 3), ("bob", "2", 2)]
    twice = pa.table([[1, 2], [3, 4], [1, 2], [1, 2]], names=["user", "user", "item", "plays"])
    assert looked_at(parquet(twice)).table.titles == ["user", "user_1", "item", "plays"]


def test_texts_that_parquet_does_not_call_so_are_texts_all_the_same():
    report = bring(parquet({"user": pa.array(["Zoë".encode(), b"ann"], pa.binary()), "item": ["a", "b"]}))
    assert {user for user, *_ in pairs(report)} == {"Zoë", "ann"}


def stream(artist, played, **more):
    """Make an entry of Spotify's extended streaming history."""
    return {
        "ts": "2020-04-11T00:27:53Z",
        "platform": "iOS",
        "ms_played": played,
        "master_metadata_track_name": "Song",
        "master_metadata_album_artist_name": artist,
        "master_metadata_album_album_name": "Album",
        "episode_name": None,
        "skipped": False,
    } | more


HISTORY = [stream("Low", 40_000), stream("Low", 200_000), stream("Can", 29_000), stream(None, 900_000)]


def test_spotify_counts_streams_of_half_a_minute_and_no_podcasts():
    files = {
        "my data/ReadMeFirst.pdf": b"%PDF-1.7",
        **{
            f"{who}/Streaming_History_Audio_{year}.json": json.dumps(HISTORY).replace("2020-04", f"{year}-04")
            for who in "ab"
            for year in (2019, 2020)
        },
    }
    report = bring(pack(files), "spotify.zip")
    assert report.problem == "All rows are about a single artist. A recommender needs at least two."
    assert dict(report.dropped) == {
        "no music: a podcast, an audiobook or a video": 4,
        "played for less than 30 seconds": 4,
    }
    assert any("ReadMeFirst.pdf is a PDF" in note for note in report.notes)


def test_spotify_of_several_people():
    more = [*HISTORY, stream("Can", 30_000)]
    report = bring(pack({f"{who}/history.json": json.dumps(more) for who in "ab"}), "spotify.zip")
    assert pairs(report) == [("a", "Can", 1), ("a", "Low", 2), ("b", "Can", 1), ("b", "Low", 2)]
    named = [stream(artist, 60_000, username=who) for who in "xy" for artist in ("Low", "Can", "Can")]
    assert pairs(bring(json.dumps(named), "history.json"))[:2] == [("x", "Can", 2), ("x", "Low", 1)]
    short = [
        {"endTime": "2020-01-01 10:00", "artistName": a, "trackName": "t", "msPlayed": 31_000} for a in "ab"
    ]
    alone = bring(json.dumps(short), "StreamingHistory0.json")
    assert alone.used == 2
    assert "All rows are of a single listener" in alone.problem


def listen(user, artist):
    """Make a listen as ListenBrainz gives it."""
    return {
        "user_name": user,
        "listened_at": 1_700_000_000,
        "recording_msid": "d23f4719-9212-49f0-ad08-ddbfbfc50d6f",
        "track_metadata": {
            "artist_name": artist,
            "track_name": "Song",
            "additional_info": {"artist_mbids": ["x"], "tags": [{"a": 1}]},
            "mbid_mapping": {"artists": [{"artist_credit_name": artist}]},
        },
    }


LISTENS = [listen("ann", "Low"), listen("ann", "Low"), listen("bob", "Can"), listen("bob", "Низкий")]


@pytest.mark.parametrize("form", ["lines", "list", "answer", "export"])
def test_listens_of_listenbrainz_are_counted(form):
    content, name = {
        "lines": ("\n".join(map(json.dumps, LISTENS)), "ann.jsonl"),
        "list": (json.dumps(LISTENS), "ann.json"),
        "answer": (json.dumps({"payload": {"count": 4, "listens": LISTENS}}), "answer.json"),
        "export": (
            pack(
                {
                    "user.json": '{"user_id": 1, "username": "ann"}',
                    "feedback.jsonl": '{"score": 1}',
                    "listens/2023/1.jsonl": "\n".join(map(json.dumps, LISTENS[:2])),
                    "listens/2023/2.jsonl": "\n".join(map(json.dumps, LISTENS[2:])),
                }
            ),
            "export.zip",
        ),
    }[form]
    assert pairs(bring(content, name)) == [("ann", "Low", 2), ("bob", "Can", 1), ("bob", "Низкий", 1)]


def test_scrobbles_of_lastfm_are_counted():
    header = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    row = '"1779022496","17 May 2026, 12:54","{}","mb1","Loose","mb2","Say It Right",""\n'
    ann = header + "".join(row.format(artist) for artist in ("Low", "Can", "Low"))
    bob = header + row.format("Can")
    report = bring(pack({"ann.csv": ann, "bob.csv": bob}), "all.zip")
    assert pairs(report) == [("ann", "Can", 1), ("ann", "Low", 2), ("bob", "Can", 1)]
    assert any("each file or folder is taken for one listener" in note for note in report.notes)

    plain = looked_at("Low,C'mon,Try,06 Nov 2018 03:08\nCan,Soon,Vitamin C,06 Nov 2018 03:04\n")
    assert (plain.format.NAME, plain.columns.item) == ("a table without titles", "Column 1")
    research = bring(
        "user_000639\t2009-04-08T01:57:47Z\tmbid\tLow\tmbid\tSong\n"
        "user_000640\t2009-04-08T01:53:56Z\tmbid\tCan\tmbid\tSong\n"
    )
    assert pairs(research) == [("user_000639", "Low", 1), ("user_000640", "Can", 1)]


MOVIES = Nouns("user", "users", "movie", "movies", "rating", "rating points", "rate")


@pytest.mark.parametrize("layout", ["100k", "1m", "latest"])
def test_ratings_of_movielens_have_the_names_of_the_movies(layout):
    files = {
        "100k": {
            "ml-100k/u.data": "196\t242\t3\t881250949\n186\t242\t5\t891717742\n186\t12\t1\t891717742\n",
            "ml-100k/u.item": "242|Kolya (1996)|24-Jan-1997||http://x|0|0\n12|Amélie|||http://x|0|0\n".encode(
                "latin-1"
            ),
            "ml-100k/u.genre": "unknown|0\nAction|1\n",
            "ml-100k/README": "SUMMARY\n",
        },
        "1m": {
            "ml-1m/ratings.dat": "196::242::3::978300760\n186::242::5::978302109\n186::12::1::978301968\n",
            "ml-1m/movies.dat": "242::Kolya (1996)::Drama\n12::Amélie::Romance\n".encode("latin-1"),
        },
        "latest": {
            "ml/ratings.csv": "userId,movieId,rating,timestamp\n196,242,3.0,964982703\n186,242,5.0,9\n186,12,1,9\n",
            "ml/movies.csv": 'movieId,title,genres\n242,"Kolya (1996)",Drama\n12,Amélie,Romance\n',
            "ml/tags.csv": "userId,movieId,tag,timestamp\n2,60756,funny,1445714994\n",
        },
    }[layout]
    report = bring(pack(files), "ml.zip")
    assert pairs(report) == [(186, "Amélie", 1), (186, "Kolya (1996)", 5), (196, "Kolya (1996)", 3)]
    assert report.dataset.nouns == MOVIES


def test_things_are_called_what_the_titles_call_them():
    nouns = bring("user,book,rating\n1,a,2\n2,b,3\n").dataset.nouns
    assert (nouns.an_item, nouns.items, nouns.counts, nouns.pairs) == (
        "a book",
        "books",
        "ratings",
        "user-book pairs",
    )
    assert bring(CSV).dataset.nouns == Nouns()


LONG_JSON = (
    "["
    + ",".join(json.dumps({"user": f"u{row % 7}", "item": row, "x": "y" * 900}) for row in range(2_000))
    + "]"
)


LONG_ROWS = [{"user": f"u{row % 7}", "item": row, "more": "y" * 900} for row in range(2_000)]


def test_json_is_read_piece_by_piece_and_goes_on_after_what_is_wrong():
    assert len(pairs(bring(json.dumps(LONG_ROWS), "long.json"))) == 2_000
    lines = '{"user":1,"item":2}\nnonsense\n{"user":1,"item":\n[1, 2]\n\n{"user":3,"item":4,"mood":null}\n{"user":5'
    report = bring(lines, "x.jsonl")
    assert pairs(report) == [(1, "2", 1), (3, "4", 1)]
    assert [example[1:] for example in report.examples] == [
        (2, "nonsense", "not JSON"),
        (3, '{"user":1,"item":', "not JSON"),
        (7, '{"user":5', "not JSON"),
    ]
    deep = bring(
        '{"user":1,"item":2}\n' + "[" * 100_000 + '\n{"user":2,"item":3,"plays":' + "9" * 9_000 + "}\n",
        "d.jsonl",
    )
    assert deep.used == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n\0", "is a picture, not a table"),
        (b"%PDF-1.7\n", "is a PDF"),
        (bytes(range(256)), "is not text"),
        (b"PAR1 and then nothing", "not a Parquet file that can be read"),
        (parquet({"user": [[1]]}), "needs from 1 to"),
        (b"[1, 2, 3]", "No column"),
        (b'{"a"', "no JSON objects"),
        (b",".join([b"x"] * 2_000), "more than 1,000 columns"),
    ],
)
def test_what_is_no_table_is_explained(content, message):
    with pytest.raises(InputError, match=message):
        bring(content)


STARTS = [
    b"",
    b"user,item,plays\n1,2,3\n",
    b"user\titem\tplays\n",
    b"1::2::3::978300760\n",
    b"\xff\xfeu\0,\0i\0\n\0",
    b'{"user": 1, "item": "x", "plays": 2}\n',
    b'[{"ts": "", "ms_played": 40000, "master_metadata_album_artist_name": "Low"},',
    b"PAR1",
    b"\x1f\x8b\x08\x00",
    parquet(PLAYS.to_dict("list"))[:-40],
    gzip.compress(CSV.encode())[:-9],
]


@given(
    st.binary(max_size=80), st.sampled_from(STARTS), st.sampled_from(["x.csv", "x.gz", "x.zip", "x.jsonl"])
)
@settings(max_examples=400)
def test_no_content_ends_in_another_error(content, start, name):
    with contextlib.suppress(InputError):
        bring(start + content, name, user="1", item="2", value="3")


@given(st.lists(st.text('{}[]",:0123456789aeu\\ \n', max_size=40), max_size=8))
@settings(max_examples=300)
def test_no_json_ends_in_another_error(lines):
    with contextlib.suppress(InputError):
        report = bring('{"user": 1, "item": 2}\n' + "\n".join(lines), "x.jsonl")
        assert report.rows == report.used + report.left_out


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9), st.integers(1, 10**6)),
        min_size=2,
    ),
    st.sampled_from([",", ";", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
@settings(max_examples=200)
def test_what_is_written_is_read(rows, separator, encoding):
    clean = [(user, item, plays) for user, item, plays in rows if user.isalnum() and item.isalnum()]
    if len({user for user, _, _ in clean}) < 2 or len({item for _, item, _ in clean}) < 2:
        return
    table = pd.DataFrame(clean, columns=["user", "item", "plays"])
    text = TextForm(delimiter=separator, header=True)
    known = bring(table.to_csv(index=False, sep=separator).encode(encoding), text=text).dataset.interactions
    summed = table.groupby(["user", "item"])["plays"].sum()
    assert len(known) == len(summed)
    assert known.values.sum(dtype=float) == pytest.approx(summed.sum(), rel=1e-5)
    assert set(known.users.astype(str)) == set(table["user"])


def test_every_format_has_a_name_of_its_own():
    assert len({form.NAME for form in FORMATS}) == len(FORMATS)
