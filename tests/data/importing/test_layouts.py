"""Layouts that people bring: each small file is made up, and what it means was worked out by hand."""

import bz2
import io
import lzma
import tarfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse
import zstandard

from recsys.data.importing.schema import survey
from recsys.data.sources.load import TextForm
from recsys.errors import InputError
from tests.data.importing.bringing import bring, folder, pack, pairs, parquet

ROWS = [("ann", "Low", 10), ("ann", "Can", 5), ("bob", "Low", 20)]
EXPECTED = [("ann", "Can", 5), ("ann", "Low", 10), ("bob", "Low", 20)]
CSV = "user,artist,plays\n" + "".join(f"{user},{artist},{plays}\n" for user, artist, plays in ROWS)


def tarred(files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.bz2", bz2.compress(CSV.encode())),
        ("a.csv.xz", lzma.compress(CSV.encode())),
        ("a.csv.zst", zstandard.compress(CSV.encode())),
        ("a.tar.gz", tarred({"deep/a.csv": CSV})),
        ("outer.zip", pack({"inner.zip": pack({"a.csv": CSV})})),
    ],
)
def test_every_compression_is_unpacked(name, content):
    assert pairs(bring(content, name)) == EXPECTED


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\n" + CSV.replace(",", ";"),
        "# made by x\n# today\n" + CSV,
        "# user,artist,plays\n" + CSV.split("\n", 1)[1],
        CSV.replace(",", "^"),
        CSV.replace(",", "\x01"),
        CSV.replace(",", " "),
        '"user" "artist" "plays"\n'
        + "".join(f'"{at}" "{u}" "{i}" {n}\n' for at, (u, i, n) in enumerate(ROWS)),
        "".join(f'"{u}"\t"{i}"\t"{n}"\n' for u, i, n in [("user", "artist", "plays"), *ROWS]),
        "user:token\tartist:token\tplays:float\n" + "".join(f"{u}\t{i}\t{n}\n" for u, i, n in ROWS),
        "user, artist, plays\n" + "".join(f'{u}, "{i}", {n}\n' for u, i, n in ROWS),
        "user,artist,plays\n" + "".join(f"'{u}','{i}',{n}\n" for u, i, n in ROWS),
        "user,artist,plays,note\nann,Low,10,x\nann,Can,5\nbob,Low,20\n",
        "user,artist,plays\nann,Low,10,\nann,Can,5,\nbob,Low,20,\n",
        "Made on 3 May\n\n" + CSV,
        "Report,,\nOf,3 May,\n" + CSV,
        CSV.replace("user,artist,plays", "User (name),Artist Name(s),Plays (total)"),
        CSV.replace("user,artist,plays", "Benutzer,Künstler,Anzahl"),
        CSV.encode("utf-32"),
    ],
)
def test_every_way_to_write_a_table_gives_the_same(text):
    report = bring(text)
    assert pairs(report) == EXPECTED
    assert report.left_out == 0


@pytest.mark.parametrize(
    "title", ["hours", "listen_count", "n_plays", "Total Plays", "streams", "times_played"]
)
def test_numbers_count_under_every_usual_title(title):
    assert pairs(bring(CSV.replace("plays", title))) == EXPECTED


def test_numbers_that_are_not_used_are_named():
    report = bring(CSV.replace("plays", "loudness"))
    assert "Columns of numbers that are not used: loudness." in report.notes
    assert sum(value for *_, value in pairs(report)) == 3


@pytest.mark.parametrize(
    ("numbers", "separator", "expected", "note"),
    [
        (("1.234", "12", "2.500"), ";", [12, 1234, 2500], "Points in numbers were taken for thousands"),
        (("1.234,5", "12,0", "0,5"), ";", [12, 1234.5, 0.5], "decimal commas"),
        (('"1,234"', "12", '"2,500"'), ",", [12, 1234, 2500], "Commas in numbers were taken for thousands"),
        (("1.5", "12", "0.25"), ";", [12, 1.5, 0.25], ""),
        (("1\u202f234", "12", "2\u202f500"), ";", [12, 1234, 2500], "Blanks or apostrophes in numbers"),
        (("1'234", "12", "2\u2019500.5"), ",", [12, 1234, 2500.5], "Blanks or apostrophes in numbers"),
        (("1 234,5", "12", "2,5"), ";", [12, 1234.5, 2.5], "decimal commas"),
    ],
)
def test_points_and_commas_in_numbers_are_read_as_the_column_shows(numbers, separator, expected, note):
    rows = [("user", "artist", "plays"), *((u, i, n) for (u, i, _), n in zip(ROWS, numbers, strict=True))]
    report = bring("".join(separator.join(row) + "\n" for row in rows))
    assert [value for *_, value in pairs(report)] == expected
    assert not note or any(note in one for one in report.notes)


def test_a_column_in_two_notations_is_read_in_none_and_the_row_refused():
    report = bring("user;artist;plays\nann;Low;1.5\nann;Can;2\nbob;Low;2,5\nbob;Can;4\n")
    assert [value for *_, value in pairs(report)] == [2, 1.5, 4]
    assert report.examples == [("mine.csv", 4, "2,5", "plays: not a number")]


def test_stray_quotation_marks_swallow_no_lines():
    text = (
        'user,artist,plays\nann,"Heroes,3\nbob,Blur,4\nbob,Low,2\ncleo,"Oasis,9\ncleo,"Weird Al" Yankovic,1\n'
    )
    report = bring(text)
    assert [name for _, name, _ in pairs(report)] == [
        '"Heroes',
        "Blur",
        "Low",
        '"Oasis',
        '"Weird Al" Yankovic',
    ]
    assert any("stray quotation marks" in note for note in report.notes)


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1251", ("Кино", "Аквариум")),
        ("cp932", ("椎名林檎", "宇多田ヒカル")),
        ("mac_roman", ("Björk", "Sigur Rós")),
        ("iso8859_2", ("Żółć", "Łąki Łan")),
        ("cp1250", ("Źrebię", "Łąki Śpią")),
    ],
)
def test_an_encoding_is_guessed_and_said(encoding, names):
    text = f"user,artist,plays\nann,{names[0]},1\nann,{names[1]},2\nbob,{names[0]},3\n"
    report = bring(text.encode(encoding))
    assert {name for _, name, _ in pairs(report)} == set(names)
    assert any("Its encoding was guessed" in note for note in report.notes)
    assert {name for _, name, _ in pairs(bring(text.encode(encoding), text=TextForm(encoding)))} == set(names)


def test_names_are_the_same_in_every_form_of_unicode_and_it_is_said():
    report = bring("user,artist\nann,Beyonc\u00e9\nbob,Beyonce\u0301\nbob,Low\n")
    assert pairs(report) == [("ann", "Beyoncé", 1), ("bob", "Beyoncé", 1), ("bob", "Low", 1)]
    assert any("put together: 1" in note for note in report.notes)


def test_people_and_artists_called_like_missing_values_stay_themselves():
    report = bring("user,artist\nNA,None\n007,nan\nTrue,NULL\n\\N,Low\n,Can\n")
    assert pairs(report) == [("007", "nan", 1), ("NA", "None", 1), ("True", "NULL", 1)]
    assert report.refused == {"no listener": 2}


def test_ids_with_a_point_are_ids_without_one():
    report = bring("user_id,item_id,plays\n12.0,5.0,3\n13.0,6.0,4\n12,5,2\n")
    assert pairs(report) == [(12, "5", 5), (13, "6", 4)]
    assert any("12.0 were taken for 12" in note for note in report.notes)
    floats = parquet(
        {"user": pa.array([76561190001.0, 2.0, float("nan")]), "item": pa.array([5.0, 6.0, 6.0])}
    )
    assert pairs(bring(floats)) == [(2, "6", 1), (76561190001, "5", 1)]


def test_a_first_row_that_comes_again_below_is_none_of_titles():
    assert len(pairs(bring("ann,Low\nann,Can\nbob,Low\n", user="1", item="2"))) == 3
    guessed = bring("who,what\nann,Low\nbob,Can\n", user="who", item="what")
    assert any("The first row was taken for titles: who, what" in note for note in guessed.notes)
    assert (
        len(pairs(bring("who,what\nann,Low\nbob,Can\n", text=TextForm(header=False), user="1", item="2")))
        == 3
    )


def test_titles_between_the_rows_are_left_out():
    report = bring("user,artist\nann,Low\nuser,artist\nbob,Can\n")
    assert len(pairs(report)) == 2
    assert report.dropped == {"the titles again": 1}


@pytest.mark.parametrize(
    ("rows", "item", "user"),
    [
        ([("a" * 40, "3bd73256-3905-4f3a-97e2-8b341527f805", "Low", "2137")], "Column 2", "Column 1"),
        ([("b" * 40, "SOAKIMP12A8C130995", "1")], "Column 2", "Column 1"),
        ([("31435741", "2", "4", "4", "1385212958")], "Column 2", "Column 1"),
        ([("B000A12345", "A1ZZ1234567890", "5.0", "1394496000")], "Column 1", "Column 2"),
        ([("0", "2010-10-19T23:55:27Z", "30.23", "-97.79", "22847")], "Column 5", "Column 1"),
        ([("151603712", "Nightjar", "play", "75.0", "0")], "Column 2", "Column 1"),
    ],
)
def test_tables_without_titles_are_known_by_the_shape_of_their_columns(rows, item, user):
    text = "".join(",".join(row) + "\n" for row in rows * 2)
    found = survey([("it.csv", io.BytesIO(text.encode()))])
    assert (found.columns.item, found.columns.user, found.columns.guessed) == (item, user, True)


def test_a_log_of_ones_is_no_table_of_ratings():
    events = "".join(
        f"{user}\t{item}\t1\t{1476000000 + user * 9 + item}\n" for user in (1, 2) for item in (5, 6, 5)
    )
    report = bring(events)
    assert sum(value for *_, value in pairs(report)) == 6
    rated = bring("1\t5\t3\t1476000000\n1\t6\t4\t1476000001\n2\t5\t1\t1476000002\n")
    assert any("were taken for ratings" in note for note in rated.notes)


def test_of_several_ratings_the_latest_by_time_counts():
    report = bring("user,movie_id,rating,timestamp\n1,7,5,2000000000\n1,7,2,1500000000\n2,8,3,1500000000\n")
    assert [value for *_, value in pairs(report)] == [5, 3]
    assert "of which the last by time counts: 1" in report.dataset.origin
    without = bring("user,movie_id,rating\n1,7,5\n1,7,2\n2,8,3\n")
    assert [value for *_, value in pairs(without)] == [2, 3]


@pytest.mark.parametrize(
    "text",
    [
        '"User-ID";"ISBN";"Book-Rating"\n"1";"034545104X";"0"\n"1";"0155061224";"5"\n"2";"052165615X";"9"\n',
        "user_id,anime_id,rating\n1,20,-1\n1,24,7\n2,20,9\n",
    ],
)
def test_no_rating_is_none(text):
    report = bring(text)
    assert report.dropped == {"no rating": 1}
    assert len(pairs(report)) == 2


def test_names_of_songs_and_of_reviews_are_no_names_of_artists_and_products():
    songs = bring("user,artist,title,plays\nann,Low,Words,3\nbob,Can,Vitamin C,2\n")
    assert {name for _, name, _ in pairs(songs)} == {"Low", "Can"}
    reviews = bring(
        "user_id,product_id,rating,title\nA1,p1,5,Five Stars\nA2,p1,2,Meh\nA2,p2,4,Great\nA1,p2,3,OK\nA1,p3,3,OK\n"
    )
    assert {name for _, name, _ in pairs(reviews)} == {"p1", "p2", "p3"}
    assert any("was not taken for the name" in note for note in reviews.notes)


def test_matrices_netflix_and_lists_of_items_become_rows(tmp_path):
    numbers = bring("user,101,102,103\n1,3,,12\n2,,40,5\n")
    assert pairs(numbers) == [(1, "101", 3), (1, "103", 12), (2, "102", 40), (2, "103", 5)]
    wide = bring("user,Low,Can,Neu\nann,3,0,1\nbob,,2,5\n")
    assert pairs(wide) == [("ann", "Low", 3), ("ann", "Neu", 1), ("bob", "Can", 2), ("bob", "Neu", 5)]
    assert any("is a matrix" in note for note in wide.notes)
    netflix = bring("1:\n88,3,2005-09-06\n99,5,2005-05-13\n2:\n88,4,2005-09-06\n", "combined_data_1.txt")
    assert pairs(netflix) == [(88, "1", 3), (88, "2", 4), (99, "1", 5)]
    lists = bring("0 3 17\n1 3 4 5\n", "train.txt")
    assert [name for _, name, _ in pairs(lists)] == ["3", "17", "3", "4", "5"]
    scipy.sparse.save_npz(tmp_path / "m.npz", scipy.sparse.csr_array(np.array([[1, 0], [2, 3]])))
    assert pairs(bring((tmp_path / "m.npz").read_bytes(), "m.npz")) == [(0, "0", 1), (1, "0", 2), (1, "1", 3)]
    market = "%%MatrixMarket matrix coordinate integer general\n2 2 3\n1 1 1\n2 1 2\n2 2 3\n"
    assert [value for *_, value in pairs(bring(market, "m.mtx"))] == [1, 2, 3]
    nested = parquet({"uid": [1, 2], "item_id": [[5, 6], [5]], "timestamp": [[10, 20], [30]]})
    assert pairs(bring(nested)) == [(1, "5", 1), (1, "6", 1), (2, "5", 1)]


def test_the_same_rows_twice_count_once_and_it_is_said(tmp_path):
    rows = CSV.split("\n", 1)[1].splitlines(keepends=True)
    title = CSV.split("\n", 1)[0] + "\n"
    report = folder(
        tmp_path,
        {"all.csv": CSV, "train.csv": title + "".join(rows[:2]), "copy.csv.bz2": bz2.compress(CSV.encode())},
    )
    assert pairs(report) == EXPECTED
    assert any("All rows of train.csv stand in other files, too" in note for note in report.notes)
    assert any("copy.csv.bz2 has the same content as all.csv" in note for note in report.notes)


def test_parts_of_a_file_that_was_cut_have_its_titles(tmp_path):
    report = folder(tmp_path, {"part-0.csv": CSV, "part-1.csv": "cleo,Low,4\ncleo,Can,1\n"})
    assert len(pairs(report)) == 5
    assert any("has no titles: those of part-0.csv were taken" in note for note in report.notes)


def test_first_and_last_plays_and_plays_by_month_are_kept():
    report = bring(
        "user,artist,timestamp\nann,Low,2023-01-05T10:00:00Z\nann,Low,2023-03-01T00:00:00Z\n"
        "ann,Low,2023-03-31T23:59:59Z\nbob,Can,1999-12-31T23:00:00Z\nbob,Low,\n"
    )
    history = report.dataset.history
    assert history.first.astype(str).tolist() == ["2023-01-05T10:00:00", "1999-12-31T23:00:00", "NaT"]
    assert history.last.astype(str).tolist()[:2] == ["2023-03-31T23:59:59", "1999-12-31T23:00:00"]
    months = (history.months.astype("datetime64[M]")).astype(str).tolist()
    assert list(zip(history.users.tolist(), months, history.values.tolist(), strict=True)) == [
        (0, "2023-01", 1),
        (0, "2023-03", 2),
        (1, "1999-12", 1),
    ]


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("1683000000", "2023-05-02"),
        ("1683000000000", "2023-05-02"),
        ("02 May 2023 10:11", "2023-05-02"),
        ("2023-05-02 10:11", "2023-05-02"),
        ("20230502", "2023-05-02"),
        ("13/05/2023 10:11", "2023-05-13"),
        ("5/13/2023", "2023-05-13"),
    ],
)
def test_times_are_read_in_every_usual_form(when, day):
    report = bring(f"user,artist,date\nann,Low,{when}\nbob,Can,{when}\n")
    assert set(report.dataset.history.first.astype("datetime64[D]").astype(str).tolist()) == {day}


def test_what_cannot_be_opened_is_called_by_its_name():
    for content, name in (
        (b"<html><body><table>", "a web page"),
        (b"RDX3\n\0\0", "an R data file"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"MATLAB 5.0 MAT-file" + b" " * 99 + b"\0\1IM", "a MATLAB file"),
        (b"\x80\2}q\0X\4\0\0\0", "a Python pickle"),
        (pack({"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"}), "an office document"),
        (b"user,artist\nann,Lo\0w\n", "NUL character in line 2"),
    ):
        with pytest.raises(InputError, match=name):
            bring(content, "x.csv")


def test_titles_with_commas_can_be_given_by_number_and_unknown_words_are_found_with_those_given():
    text = 'who,"artist, main",3\nann,Low,10\nann,Can,5\nbob,Low,20\n'
    assert (
        pairs(bring(text, text=TextForm(header=True), user="who", item="artist, main", value="3")) == EXPECTED
    )
    stars = bring("reviewerID,thing,overall\nann,x,5\nann,x,4\nbob,y,3\n", item="thing")
    assert [value for *_, value in pairs(stars)] == [4, 3]


def test_a_table_of_pandas_without_names_has_no_titles():
    text = pd.DataFrame(ROWS).to_csv()
    assert pairs(bring(text, user="2", item="3", value="4")) == EXPECTED


def test_no_line_is_lost_because_it_is_long_or_a_quotation_mark_is_open():
    long = "user,artist,plays\nann,Low,1\nbob," + "x" * (5 << 20) + ",2\ncleo,Can,3\n"
    with pytest.raises(InputError, match="has a line of more than 4 MB"):
        bring(long)
    with pytest.raises(InputError, match="a quotation mark is not closed"):
        bring('user,artist,plays\nann,Low,1\n"' + "bob,Can,2\n" * 600_000)
    texts = bring("user,artist,plays\n" + 'ann,"Low,1\nbob,"Can,2\n' * 40)
    assert pairs(texts) == [("ann", '"Low', 40), ("bob", '"Can', 80)]


def test_kinds_of_events_are_named_where_all_of_them_count():
    report = bring("timestamp,visitorid,event,itemid\n1433221332,1,view,7\n1433221333,2,addtocart,8\n")
    assert any("event says addtocart, view" in note for note in report.notes)
