"""Files, folders and zips: what is opened, and what is refused."""

import gzip
import io
import zipfile

import pytest

from recsys.data.importing.archives import Upload
from recsys.data.importing.schema import survey
from recsys.errors import InputError
from tests.data.importing.bringing import bring, pack, pairs

TABLE = "user,artist,plays\n1,Low,3\n2,Can,4\n"


def names(*sources):
    return [part.name for part in Upload(list(sources)).files]


def test_a_folder_is_read_without_links_and_hidden_files(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.csv").write_text(TABLE)
    (tmp_path / "nothing").mkdir()
    (tmp_path / ".hidden").write_text(TABLE)
    (tmp_path / "link.csv").symlink_to("/etc/passwd")
    assert names(("mine", tmp_path)) == ["deep/a.csv"]
    with pytest.raises(InputError, match="There is no file in nothing"):
        Upload([("nothing", tmp_path / "nothing")])


def test_several_zips_are_told_apart_by_their_names():
    content = pack({"history/1.csv": TABLE, "__MACOSX/x": b"x"})
    assert names(("a.zip", io.BytesIO(content)), ("b.zip", io.BytesIO(content))) == [
        "a.zip/history/1.csv",
        "b.zip/history/1.csv",
    ]


def test_a_file_can_be_opened_again_and_again():
    (file,) = Upload([("a.csv", io.BytesIO(TABLE.encode()))]).files
    for _ in range(2):
        with file.open() as stream:
            assert stream.read() == TABLE.encode()
    assert file.path.read_bytes() == TABLE.encode()


def encrypted() -> bytes:
    content = bytearray(pack({"a.csv": TABLE}))
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + flags] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 no zip at all", "not a zip file, or it is damaged"),
        (pack({}), "There is no file in mine.zip"),
        (encrypted(), "'a.csv' in mine.zip is protected by a password"),
        (pack({"a.csv": "/etc/passwd"}, link="a.csv"), "is a link. Pack the file itself"),
        (pack({"../a.csv": TABLE}), "has a path that points outside of the zip"),
        (pack({"x/../../a.csv": TABLE}), "points outside"),
        (pack({"/etc/a.csv": TABLE}), "points outside"),
        (pack({"C:\\a.csv": TABLE}), "points outside"),
        (pack({"a.csv": TABLE}, method=zipfile.ZIP_BZIP2), "packed in an unusual way"),
        (
            pack({"[Content_Types].xml": "", "xl/workbook.xml": ""}),
            "looks like an office document, and has no sheet that can be read. Save the sheet as CSV",
        ),
        (pack({"a.csv": bytes(70 << 20)}), "would unpack to 73 MB, more than 200 times its size"),
    ],
)
def test_what_is_wrong_with_a_zip_is_said(content, message):
    with pytest.raises(InputError, match=message.replace(".", r"\.")):
        bring(content, "mine.zip")


def test_too_much_is_refused_while_it_is_read(monkeypatch):
    monkeypatch.setattr("recsys.data.importing.archives.MAX_BYTES", 5_000)
    many = f"{TABLE}{'1,Low,3' * 1_000}"
    for name, content in (("a.csv", many.encode()), ("a.gz", gzip.compress(many.encode()))):
        with pytest.raises(InputError, match=r"holds more than 0 GB\. Use a part of it"):
            bring(content, name)
    with pytest.raises(InputError, match="unpacks to more than"):
        bring(pack({"a.csv": many}), "a.zip")
    monkeypatch.setattr("recsys.data.importing.archives.MAX_FILES", 3)
    with pytest.raises(InputError, match="There are more than 3 files"):
        bring(pack({f"{number}.csv": TABLE for number in range(5)}), "a.zip")


def test_a_damaged_file_is_named():
    whole = gzip.compress(TABLE.encode() * 100)
    with pytest.raises(InputError, match=r"a\.gz is not a whole file, or it is damaged"):
        bring(whole[:-30], "a.gz")
    torn = bytearray(pack({"a.csv": TABLE}, method=zipfile.ZIP_STORED))
    torn[torn.index(b"Low")] ^= 1
    with pytest.raises(InputError, match=r"a\.csv is not a whole file, or it is damaged"):
        bring(bytes(torn), "a.zip")


def test_what_is_no_table_is_left_aside_and_said():
    report = bring(pack({"a.csv": TABLE, "cover.png": b"\x89PNG", "notes.txt": "some words\n"}), "mine.zip")
    assert pairs(report) == [(1, "Low", 3), (2, "Can", 4)]
    assert any("Files that were not read: 2. cover.png is a picture" in note for note in report.notes)
    with pytest.raises(InputError, match=r"None of the 2 files of mine\.zip is a table"):
        survey([("mine.zip", io.BytesIO(pack({"a.png": b"\x89PNG", "b.pdf": b"%PDF"})))])
