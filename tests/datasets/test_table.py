"""A reader's own table: what is recognised, and what is explained."""

import contextlib
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.datasets.table import read_table
from recsys.errors import InputError

PLAYS = pd.DataFrame(
    {"user": [1, 1, 2, 2], "item": [7, 8, 7, 9], "plays": [10, 5, 20, 1], "name": ["Low", "Can", "Low", "NA"]}
)


def read(text, name="mine.csv"):
    return read_table(io.BytesIO(text if isinstance(text, bytes) else text.encode()), name)


def parquet(table):
    content = io.BytesIO()
    pq.write_table(pa.table(table), content)
    return content.getvalue()


def pairs(dataset):
    known = dataset.interactions
    return [
        (known.users[user], known.names[item], value)
        for user, item, value in zip(
            known.user_codes.tolist(), known.item_codes.tolist(), known.values.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize("form", ["csv", "tsv", "semicolons", "parquet", "bom", "crlf", "cr"])
def test_every_form_gives_the_same(form):
    content = {
        "csv": PLAYS.to_csv(index=False),
        "tsv": PLAYS.to_csv(index=False, sep="\t"),
        "semicolons": PLAYS.to_csv(index=False, sep=";"),
        "parquet": parquet(PLAYS.to_dict("list")),
        "bom": "\ufeff" + PLAYS.to_csv(index=False),
        "cr": PLAYS.to_csv(index=False, lineterminator="\r"),
        "crlf": PLAYS.to_csv(index=False, lineterminator="\r\n"),
    }[form]
    dataset = read(content)
    assert pairs(dataset) == [(1, "Low", 10), (1, "Can", 5), (2, "Low", 20), (2, "NA", 1)]
    assert dataset.interactions.items.tolist() == [7, 8, 9]
    assert dataset.title == "mine.csv"
    assert dataset.origin == "Read from mine.csv."


@pytest.mark.parametrize(
    "header",
    [
        "userID,artistID,weight,name",
        "user_id,item_id,count,artist_name",
        "Listener,Artist ID,Play Count,Artist",
        "username,item-id,rating,itemName",
    ],
)
def test_common_titles_are_recognised(header):
    rows = PLAYS.to_csv(index=False, header=False)
    assert pairs(read(f"{header}\n{rows}")) == pairs(read(PLAYS.to_csv(index=False)))


def test_other_columns_and_any_order_do_not_matter():
    table = PLAYS.assign(when="x,y")[["name", "plays", "when", "item", "user"]]
    assert pairs(read(table.to_csv(index=False))) == pairs(read(PLAYS.to_csv(index=False)))


def test_text_labels_are_kept_as_they_are():
    dataset = read('user,artist,plays\n007,None,3\nann, Björk ,4\n007,"Tyler, the Creator",5\n')
    assert pairs(dataset) == [
        ("007", "None", 3),
        ("007", "Tyler, the Creator", 5),
        ("ann", "Björk", 4),
    ]


def test_quotation_marks_in_tab_separated_values_stand_for_themselves():
    dataset = read('user\tartist\tplays\n1\t"Weird Al" Yankovic\t3\n2\t12" Mix\t4\n')
    assert dataset.interactions.names.tolist() == ['"Weird Al" Yankovic', '12" Mix']


def test_repeated_rows_are_added_up():
    dataset = read("user,item,plays,name\n1,7,2,\n1,8,1,Can\n2,7,1,Low\n1,7,3.5,Low\n")
    assert pairs(dataset)[0][2] == 5.5
    assert len(dataset.interactions) == 3
    assert dataset.origin == "Read from mine.csv. Repeated rows added up: 1."


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("3,9,many", "Row 3: plays must be a number above 0, not 'many'"),
        ("3,9,", "Row 3: plays must be a number above 0, not ''"),
        ("3,9,0", "Row 3: plays .* not '0'"),
        ("3,9,-1", "Row 3: plays .* not '-1'"),
        ("3,9,nan", "Row 3: plays .* not 'nan'"),
        ("3,9,1e999", "Row 3: plays .* not '1e999'"),
        (",9,1", "Row 3: the listener is missing"),
        ("3, ,1", "Row 3: the artist is missing"),
        ("3,Tyler, the Creator,1", "Row 3 has 4 columns where the header has 3: '3,Tyler, the Creator,1'"),
        ("3,9", "Row 3 has 2 columns where the header has 3: '3,9'"),
    ],
)
def test_a_bad_row_is_named(row, message):
    with pytest.raises(InputError, match=message):
        read(f"user,item,plays\n1,7,1\n2,8,1\n{row}\n3,7,1\n")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("who,item,plays", "no column for the listener, only 'who, item, plays'. Call it 'userid' or one of"),
        ("user,what,plays", "no column for the artist"),
        ("user,item,much", "no column for the play count"),
        ("", "no column for the listener"),
    ],
)
def test_a_missing_column_is_named(header, message):
    with pytest.raises(InputError, match=message):
        read(f"{header}\n1,2,3\n")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\xff\xfe",
        "user,artist,plays\n1,Björk,3\n".encode("latin-1"),
        b"PAR1 and then nothing",
        b"user,item,plays," + b"x" * 200_000,
        parquet({"user": [1], "item": [[1]], "plays": [1]}),
    ],
)
def test_what_cannot_be_read_is_explained(content):
    with pytest.raises(InputError, match="neither Parquet nor a table in UTF-8 text"):
        read(content)


@pytest.mark.parametrize("content", ["", "user,item,plays", "user,item,plays\n", "user,item,plays\n1,2,3\n"])
def test_too_little_is_explained(content):
    with pytest.raises(InputError):
        read(content)


def test_missing_values_in_parquet_are_named():
    with pytest.raises(InputError, match="Row 2: the listener is missing"):
        read(parquet({"user": [1, None], "item": [1, 2], "plays": [1, 2]}))
    with pytest.raises(InputError, match="Row 1: plays must be a number above 0, not ''"):
        read(parquet({"user": [1, 2], "item": [1, 2], "plays": [None, 2.5]}))


def test_columns_of_other_types_in_parquet_will_do():
    users = pa.array(["ann", "bob", "ann"]).dictionary_encode()
    items = pa.array([1.0, 2.0, 2.0])
    dataset = read(parquet({"user": users, "item": items, "plays": pa.array([1, 2, 3], pa.uint8())}))
    assert dataset.interactions.users.tolist() == ["ann", "bob"]
    assert dataset.interactions.items.tolist() == [1, 2]


def test_two_columns_of_one_title_in_parquet_are_explained():
    both = pa.table([[1, 2], [3, 4], [1, 2], [1, 2]], names=["user", "user", "item", "plays"])
    with pytest.raises(InputError, match="two columns"):
        read(parquet(both))


def test_a_table_is_read_from_its_path(tmp_path):
    path = tmp_path / "mine.tsv"
    PLAYS.to_csv(path, sep="\t", index=False)
    dataset = read_table(path)
    assert (dataset.key, dataset.title) == (str(path), "mine.tsv")
    with pytest.raises(InputError, match=r"none\.csv cannot be read: No such file"):
        read_table(tmp_path / "none.csv")


def test_a_file_may_be_read_twice():
    file = io.BytesIO(PLAYS.to_csv(index=False).encode())
    assert read_table(file).interactions.fingerprint == read_table(file).interactions.fingerprint


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"user,item,plays\n1,2,3\n", b"user\titem\tplays\n", b"PAR1"]),
)
def test_no_content_ends_in_another_error(content, start):
    with contextlib.suppress(InputError):
        read(start + content)
