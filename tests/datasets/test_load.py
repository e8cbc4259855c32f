"""One door to every kind of data."""

import io

import pytest

from recsys.datasets import load, read_upload
from recsys.errors import InputError
from tests.datasets.test_lastfm import LIKE_PUBLISHED, pack, unpack_to

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


def test_a_folder_without_the_files_is_explained(tmp_path):
    with pytest.raises(InputError, match=r"has no artists\.dat"):
        load(str(tmp_path))


def test_an_upload_is_read_by_its_name():
    assert read_upload("my.csv", io.BytesIO(TABLE)).key == "my.csv"
    assert read_upload("Published.Zip", io.BytesIO(pack(LIKE_PUBLISHED))).title == "Last.fm (HetRec 2011)"
    with pytest.raises(InputError, match=r"my\.zip is not a zip file"):
        read_upload("my.zip", io.BytesIO(TABLE))
