"""One door to every kind of data."""

import gzip
import io

import pytest

from recsys.data.sources.load import is_published, load, published_report
from recsys.errors import InputError
from tests.data.sources.test_lastfm import LIKE_PUBLISHED, pack, unpack_to

TABLE = b"user,item,plays\n1,7,10\n2,8,20\n"


def test_the_sample_is_loaded():
    assert load("sample").key == "sample"


def test_a_folder_a_zip_and_a_table_are_told_apart(tmp_path):
    folder = unpack_to(tmp_path / "data")
    packed = tmp_path / "data.ZIP"
    packed.write_bytes(pack(LIKE_PUBLISHED))
    table = tmp_path / "plays.csv"
    table.write_bytes(TABLE)
    fingerprints = [load(str(path)).interactions.fingerprint for path in (folder, packed, table)]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]
    for path in (folder, packed, table):
        assert load(load(str(path)).key).key == str(path)


@pytest.mark.parametrize("data", ["nothing", "no/where.csv", "~nobody-of-this-name/x", "x" * 5000, "a\0b"])
def test_unknown_data_is_answered_with_what_is_possible(data):
    with pytest.raises(
        InputError, match=r"There is no data .* Give sample, lastfm, a folder or zip .* or a table"
    ):
        load(data)


def test_a_folder_without_files_is_explained(tmp_path):
    with pytest.raises(InputError, match="There is no file in"):
        load(str(tmp_path))
    (tmp_path / "user_artists.dat").write_text("")
    with pytest.raises(InputError, match=r"has no artists\.dat"):
        load(str(tmp_path))


def test_columns_can_be_said(tmp_path):
    path = tmp_path / "mine.tsv.gz"
    path.write_bytes(gzip.compress(b"who\twhat\n1\tLow\n2\tCan\n"))
    dataset = load(str(path), {"user": "who", "item": "2"})
    assert (dataset.key, dataset.title) == (str(path), "mine.tsv.gz")
    assert dataset.interactions.names.tolist() == ["Can", "Low"]


def test_what_cannot_be_used_says_why_and_where(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("user,item,plays\n1,7,0\n")
    with pytest.raises(InputError, match=r"bad\.csv: No row can be used.* The first: line 2: plays: zero\."):
        load(str(path))


def test_the_published_zip_is_told_from_others():
    assert is_published([("Published.Zip", io.BytesIO(pack(LIKE_PUBLISHED)))])
    assert not is_published([("my.csv", io.BytesIO(TABLE))])
    report = published_report([("Published.Zip", io.BytesIO(pack(LIKE_PUBLISHED)))])
    assert report.dataset.title == "Last.fm (HetRec 2011)"
    assert report.used == report.rows == len(report.dataset.interactions)
    with pytest.raises(InputError, match=r"my\.zip is not a zip file"):
        is_published([("my.zip", io.BytesIO(TABLE))])
