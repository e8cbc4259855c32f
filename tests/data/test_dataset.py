"""Whether data is public follows from where it came from."""

import io

import pytest

from recsys.data.dataset import UPLOAD, Dataset
from recsys.data.importing.schema import survey
from recsys.data.importing.validation import validate
from recsys.data.sources.load import load

ROWS = b"user,artist,plays\n1,Low,3\n2,Can,4\n"


@pytest.mark.parametrize("name", ["server-anything.csv", "sample", "lastfm", "kept-0123456789ab"])
def test_an_upload_is_private_whatever_it_is_called(name):
    found = survey([(name, io.BytesIO(ROWS))])
    dataset = validate(found, found.choose({}), key=UPLOAD).dataset
    assert not dataset.is_public
    assert dataset.key == UPLOAD


def test_a_file_is_private_and_the_sample_public(tmp_path):
    path = tmp_path / "server-mine.csv"
    path.write_bytes(ROWS)
    assert not load(str(path)).is_public
    assert load("sample").is_public


def test_a_key_alone_makes_nothing_public(checkerboard):
    assert not Dataset("sample", "Sample", "", "", checkerboard).is_public
