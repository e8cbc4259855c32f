"""The published Last.fm files: reading them, packed and unpacked, downloading them from a local server."""

import contextlib
import hashlib
import http.server
import io
import random
import socket
import struct
import threading
import time
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from recsys.data.sources import lastfm
from recsys.data.sources.load import load
from recsys.errors import InputError

LIKE_PUBLISHED = {
    "artists.dat": (
        "id\tname\turl\tpictureURL\n"
        '51\tBjörk\thttp://x/51\thttp://y/51\n52\t"Weird Al" Yankovic\thttp://x/52\thttp://y/52\n'
        "53\t\thttp://x/53\thttp://y/53\n54\tNA\thttp://x/54\thttp://y/54\n99\tUnheard\thttp://x\thttp://y\n"
    ).encode(),
    "user_artists.dat": (
        b"userID\tartistID\tweight\r\n2\t51\t13883\r\n2\t52\t1\r\n3\t51\t7\r\n3\t53\t352698\r\n4\t54\t5\r\n"
    ),
    "user_friends.dat": b"userID\tfriendID\r\n2\t3\r\n3\t2\r\n4\t2\r\n4\t77\r\n",
    "tags.dat": "tagID\ttagValue\r\n1\tmetal\r\n2\tfußball\r\n".encode("latin-1"),
    "user_taggedartists.dat": (
        b"userID\tartistID\ttagID\tday\tmonth\tyear\r\n"
        b"2\t51\t2\t1\t4\t2009\r\n3\t51\t2\t1\t4\t2009\r\n3\t51\t1\t1\t4\t2009\r\n3\t99\t1\t1\t4\t2009\r\n"
    ),
    "user_taggedartists-timestamps.dat": b"userID\tartistID\ttagID\ttimestamp\r\n2\t51\t2\t1238536800000\r\n",
    "readme.txt": b"non-commercial use",
}


def pack(files, inside="", **how):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", **{"compression": zipfile.ZIP_DEFLATED, **how}) as archive:
        for file, text in files.items():
            archive.writestr(inside + file, text)
    return content.getvalue()


def unpack_to(folder, files=LIKE_PUBLISHED, **changed):
    folder.mkdir(exist_ok=True)
    for file, content in (files | changed).items():
        if content is not None:
            (folder / file).write_bytes(content)
    return folder


def read_packed(content):
    return lastfm.read_zip(io.BytesIO(content), "it.zip")


# Reading


def test_the_files_are_read_as_published(tmp_path):
    dataset = lastfm.read_folder(unpack_to(tmp_path / "data"))
    interactions = dataset.interactions
    assert interactions.users.tolist() == [2, 3, 4]
    assert interactions.items.tolist() == [51, 52, 53, 54]
    assert interactions.names.tolist() == ["Björk", '"Weird Al" Yankovic', "53", "NA"]
    assert interactions.values.tolist() == [13883, 1, 7, 352698, 5]
    assert dataset.key == str(tmp_path / "data")
    assert dataset.title == "Last.fm (HetRec 2011)"
    assert "GroupLens" in dataset.origin
    assert "non-commercial" in dataset.licence


def test_tags_are_counted_for_artists_that_are_played(tmp_path):
    tags = lastfm.read_folder(unpack_to(tmp_path / "data")).tags
    assert tags.to_numpy().tolist() == [[51, "fußball", 2], [51, "metal", 1]]
    assert tags.columns.tolist() == ["item", "tag", "count"]
    assert tags["count"].dtype == "int64"


def test_friends_are_listed_in_both_directions(tmp_path):
    friends = lastfm.read_folder(unpack_to(tmp_path / "data")).friends
    assert friends.columns.tolist() == ["user", "friend"]
    assert friends.to_numpy().tolist() == [[2, 3], [2, 4], [3, 2], [4, 2]]


@pytest.mark.parametrize("missing", ["user_taggedartists.dat", "tags.dat"])
def test_tags_are_optional(tmp_path, missing):
    dataset = lastfm.read_folder(unpack_to(tmp_path / "data", **{missing: None}))
    assert dataset.tags is None
    assert dataset.friends is not None


def test_friends_are_optional(tmp_path):
    dataset = lastfm.read_folder(unpack_to(tmp_path / "data", **{"user_friends.dat": None}))
    assert dataset.friends is None
    assert dataset.tags is not None


@pytest.mark.parametrize("missing", ["artists.dat", "user_artists.dat"])
def test_a_missing_file_is_named(tmp_path, missing):
    folder = unpack_to(tmp_path / "data", **{missing: None})
    with pytest.raises(InputError, match=f"has no {missing}"):
        lastfm.read_folder(folder)
    with pytest.raises(InputError, match=f"it.zip has no {missing}"):
        read_packed(pack({file: text for file, text in LIKE_PUBLISHED.items() if file != missing}))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InputError, match=r"There is no folder .*nowhere"):
        lastfm.read_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("user_artists.dat", b"", "user_artists.dat is not a tab-separated table"),
        (
            "user_artists.dat",
            b"userID,artistID,weight\n2,51,3\n",
            "with the columns userID, artistID, weight",
        ),
        ("user_artists.dat", b"userID\tartistID\tweight\n", "user_artists.dat: The table has no rows"),
        ("user_artists.dat", b"userID\tartistID\tweight\n2\t51\t3\n2\tx\t3\n", "Row 2: artistID .* not 'x'"),
        (
            "user_artists.dat",
            b"userID\tartistID\tweight\n2\n",
            "Row 1: artistID must be a whole number, not ''",
        ),
        (
            "user_artists.dat",
            b"userID\tartistID\tweight\n2\t51\tmany\n",
            "Row 1: the value must .* not 'many'",
        ),
        (
            "user_artists.dat",
            b"userID\tartistID\tweight\n2\t51\t0\n",
            "Row 1: the value must be a number above 0",
        ),
        (
            "user_artists.dat",
            b"userID\tartistID\tweight\n2\t51\t1\n3\t52\t1\n2\t51\t2\n",
            "2 and 51 stand together in two rows",
        ),
        ("artists.dat", b"id\tname\n51\tBj\xf6rk\n", "artists.dat is not text in UTF-8"),
        ("artists.dat", b"name\nLow\n", "artists.dat is not a tab-separated table"),
        ("user_friends.dat", b"userID\tfriendID\n2\t3.5\n", "user_friends.dat: Row 1: friendID"),
        ("tags.dat", b"tagID\ttagValue\n\t\n", "tags.dat: Row 1: tagID"),
        ("user_taggedartists.dat", b"\x00\x01\x02", "user_taggedartists.dat is not"),
    ],
)
def test_a_malformed_file_is_explained(tmp_path, file, content, message):
    folder = unpack_to(tmp_path / "data", **{file: content})
    with pytest.raises(InputError, match=message):
        lastfm.read_folder(folder)


# Zips


@pytest.mark.parametrize("inside", ["", "hetrec2011-lastfm-2k/", "a\\b\\", "../../../tmp/", "/etc/"])
def test_a_zip_gives_the_same_as_its_folder_wherever_the_files_stand_in_it(tmp_path, inside):
    packed = read_packed(pack(LIKE_PUBLISHED, inside))
    unpacked = lastfm.read_folder(unpack_to(tmp_path / "data"))
    assert packed.interactions.fingerprint == unpacked.interactions.fingerprint
    assert packed.key == "it.zip"
    pd.testing.assert_frame_equal(packed.tags, unpacked.tags)


def test_a_zip_is_read_from_its_path(tmp_path):
    (tmp_path / "it.zip").write_bytes(pack(LIKE_PUBLISHED))
    dataset = lastfm.read_zip(tmp_path / "it.zip")
    assert dataset.key == str(tmp_path / "it.zip")
    assert [entry.name for entry in tmp_path.iterdir()] == ["it.zip"]
    with pytest.raises(InputError, match=r"There is no file .*none\.zip"):
        lastfm.read_zip(tmp_path / "none.zip")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<html>Sorry</html>", pack(LIKE_PUBLISHED)[:-300]])
def test_what_is_not_a_zip_is_refused(content):
    with pytest.raises(InputError, match=r"it\.zip is not a zip file, or it is damaged"):
        read_packed(content)


def test_a_damaged_zip_never_ends_in_another_error():
    whole = pack(LIKE_PUBLISHED)
    random_places = random.Random(0)
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(random_places.randint(1, 4)):
            damaged[random_places.randrange(len(damaged))] = random_places.randrange(256)
        with contextlib.suppress(InputError):
            read_packed(bytes(damaged))


def test_an_encrypted_zip_is_refused():
    content = bytearray(pack(LIKE_PUBLISHED))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.find(signature)
        flags = struct.unpack_from("<H", content, at + offset)[0]
        struct.pack_into("<H", content, at + offset, flags | 1)
    with pytest.raises(InputError, match=r"artists\.dat in it\.zip is encrypted"):
        read_packed(bytes(content))


def test_a_link_in_a_zip_is_refused():
    link = zipfile.ZipInfo("artists.dat")
    link.create_system = 3
    link.external_attr = 0o120777 << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InputError, match=r"artists\.dat in it\.zip is a link"):
        read_packed(content.getvalue())


def test_a_file_that_unpacks_to_far_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(lastfm, "LARGEST_FILE", lastfm.MEGABYTE)
    bomb = pack({"artists.dat": bytes(lastfm.MEGABYTE + 1)})
    assert len(bomb) < 5000
    with pytest.raises(InputError, match=r"artists\.dat in it\.zip unpacks to more than 1 MB"):
        read_packed(bomb)


def test_a_file_that_lies_about_its_size_is_refused():
    content = bytearray(pack({"artists.dat": bytes(50 * lastfm.MEGABYTE)}))
    struct.pack_into("<I", content, content.find(b"PK\x01\x02") + 24, 100)
    tracemalloc.start()
    with pytest.raises(InputError, match="damaged"):
        read_packed(bytes(content))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5 * lastfm.MEGABYTE


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_without_bound_are_refused(method):
    with pytest.raises(InputError, match="Pack it with deflate"):
        read_packed(pack(LIKE_PUBLISHED, compression=method))


def test_a_file_that_is_there_twice_is_refused():
    with pytest.raises(InputError, match=r"it\.zip holds artists\.dat twice"):
        read_packed(pack({"a/artists.dat": b"", "b/artists.dat": b""}))


# Downloading


class Server:
    """Answers each request with `content`, cut after `cut` bytes, under a status."""

    def __init__(self):
        self.content = pack(LIKE_PUBLISHED)
        self.status = 200
        self.cut = None
        self.announce = True
        self.more = 0
        self.pause = 0.0
        self.requests = 0
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests += 1
                self.send_response(server.status)
                if server.announce:
                    self.send_header("Content-Length", str(len(server.content) + server.more))
                self.end_headers()
                for place in range(0, len(server.content[: server.cut]), 500):
                    with contextlib.suppress(OSError):  # the client has given up
                        self.wfile.write(server.content[: server.cut][place : place + 500])
                    time.sleep(server.pause)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/hetrec2011-lastfm-2k.zip"


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give an empty cache folder, no variable set, and the test's files as those that are published."""
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RECSYS_LASTFM", raising=False)
    checksums = {file: hashlib.sha256(LIKE_PUBLISHED[file]).hexdigest() for file in lastfm.SHA256}
    monkeypatch.setattr(lastfm, "SHA256", checksums)
    monkeypatch.setattr(lastfm, "ZIP_SHA256", hashlib.sha256(pack(LIKE_PUBLISHED)).hexdigest())
    return tmp_path / "cache"


def assert_nothing_was_kept(cache):
    assert not cache.exists() or not list(cache.iterdir())
    assert lastfm.find_lastfm() is None


def test_a_download_is_kept_and_loaded(server, cache):
    assert lastfm.find_lastfm() is None
    place = lastfm.download(url=server.url)
    assert lastfm.find_lastfm() == place
    assert [entry.name for entry in cache.iterdir()] == [place.name]
    assert {entry.name for entry in place.iterdir()} == set(lastfm.FILES)
    dataset = load("lastfm")
    assert dataset.key == "lastfm"
    assert len(dataset.interactions) == 5
    assert len(dataset.tags) == 2


def test_what_is_there_is_not_downloaded_again(server):
    lastfm.download(url=server.url)
    lastfm.download(url=server.url)
    assert server.requests == 1


def test_progress_is_told_up_to_the_whole_size(server, monkeypatch):
    monkeypatch.setattr(lastfm, "CHUNK", 100)
    told = []
    lastfm.download(lambda done, whole: told.append((done, whole)), server.url)
    size = len(server.content)
    assert told[0] == (0, size)
    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert len(told) >= 1 + -(-size // 100)


def test_a_server_that_does_not_tell_the_size_will_do(server):
    server.announce = False
    told = []
    lastfm.download(lambda done, whole: told.append((done, whole)), server.url)
    assert told[-1] == (len(server.content), 0)


def test_a_missing_page_is_explained(server, cache):
    server.status = 404
    with pytest.raises(
        InputError, match=r"answered 404 Not Found\. Try again, or .* drop it onto the Data page"
    ):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)


@pytest.mark.parametrize("cut", [0, 1, 700])
def test_a_cut_download_leaves_nothing_behind(server, cache, cut):
    server.cut = cut
    with pytest.raises(InputError, match=f"The download broke off after {cut} of"):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)


def test_a_cut_download_of_unknown_size_leaves_nothing_behind(server, cache):
    server.cut, server.announce = 700, False
    with pytest.raises(InputError, match="The download is not a zip file, or it is damaged"):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)


@pytest.mark.parametrize("file", list(lastfm.SHA256))
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_download_with_another_file_leaves_nothing_behind(server, cache, file, how):
    changed = LIKE_PUBLISHED | {file: LIKE_PUBLISHED[file] + b"\n"}
    server.content = pack(changed if how == "changed" else {k: v for k, v in changed.items() if k != file})
    with pytest.raises(InputError, match=f"was not kept: its {file} is not the published one"):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)


def test_tag_assignments_without_a_known_checksum_are_left_out(server):
    server.content = pack(LIKE_PUBLISHED | {lastfm.TAGGED: b"userID\tartistID\ttagID\n2\t51\t1\n"})
    lastfm.download(url=server.url)
    assert load("lastfm").tags is None


def test_a_download_that_never_ends_is_stopped(server, cache, monkeypatch):
    monkeypatch.setattr(lastfm, "LARGEST_ZIP", 1000)
    with pytest.raises(InputError, match=r"far larger than the Last\.fm data"):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)


def test_a_server_that_falls_silent_is_given_up(cache, monkeypatch):
    monkeypatch.setattr(lastfm, "TIMEOUT", 0.2)
    silent = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{silent.getsockname()[1]}/it.zip"
    with silent, pytest.raises(InputError, match=r"broke off .*timed out"):
        lastfm.download(url=url)
    assert_nothing_was_kept(cache)


def test_a_download_that_stops_half_way_is_given_up_and_can_be_begun_again(server, cache, monkeypatch):
    monkeypatch.setattr(lastfm, "TIMEOUT", 0.2)
    server.pause = 0.6
    with pytest.raises(InputError, match=r"broke off .*timed out.*Try again, or get the zip another way"):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)
    server.pause = 0.0
    assert lastfm.download(url=server.url) == lastfm.find_lastfm()


def test_a_download_that_only_drips_is_given_up(server, cache, monkeypatch):
    monkeypatch.setattr(lastfm, "MAX_DOWNLOAD_SECONDS", 0.1)
    server.pause = 0.15
    with pytest.raises(InputError, match=r"was given up: only [0-9,]+ bytes came in"):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)


@pytest.mark.parametrize(
    ("more", "message"), [(-300, "not a zip file, or it is damaged"), (300, "broke off after")]
)
def test_a_server_that_tells_the_wrong_size_leaves_nothing_behind(more, message, server, cache):
    server.more = more
    with pytest.raises(InputError, match=message):
        lastfm.download(url=server.url)
    assert_nothing_was_kept(cache)


@pytest.mark.parametrize("cut", [0, 700])
def test_a_download_that_fails_leaves_the_data_that_is_there(cut, server, cache):
    place = lastfm.download(url=server.url)
    (place / "tags.dat").unlink()
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    server.cut = cut
    with pytest.raises(InputError, match="broke off"):
        lastfm.download(url=server.url)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    server.cut = None
    lastfm.download(url=server.url)
    assert {path.name for path in place.iterdir()} == set(lastfm.FILES)


@pytest.mark.parametrize(
    "url", ["nonsense", "http://[", "http://a b/", "http://127.0.0.1:x/", "gopher://a/b"]
)
def test_an_address_that_is_none_is_explained(url, cache):
    with pytest.raises(InputError, match=r"RECSYS_LASTFM_URL|cannot be reached"):
        lastfm.download(url=url)


def test_being_offline_is_explained(cache):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(InputError, match=r"cannot be reached .* Try again"):
        lastfm.download(url=f"http://127.0.0.1:{port}/it.zip")
    assert_nothing_was_kept(cache)


def test_a_reader_who_leaves_during_the_download_leaves_nothing_behind(server, cache):
    def leave(done, whole):
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        lastfm.download(leave, server.url)
    assert_nothing_was_kept(cache)


def test_several_downloads_at_once_do_not_disturb_each_other(server, cache):
    together = threading.Barrier(8)

    def download(_):
        return lastfm.download(lambda done, whole: done or together.wait(10), server.url)

    with ThreadPoolExecutor(8) as pool:
        places = set(pool.map(download, range(8)))
    assert places == {lastfm.find_lastfm()}
    assert len(list(cache.iterdir())) == 1


def test_a_damaged_copy_is_downloaded_again(server):
    place = lastfm.download(url=server.url)
    (place / "artists.dat").write_bytes(b"")
    assert lastfm.find_lastfm() is None
    assert lastfm.download(url=server.url) == place
    assert load("lastfm").interactions.n_users == 3


def test_a_cache_that_cannot_be_written_to_is_explained(server, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match="set RECSYS_CACHE to a folder that can be written to"):
        lastfm.download(url=server.url)


# Finding


def test_without_the_data_the_way_to_it_is_told():
    with pytest.raises(InputError, match="Press the download button on the Data page, or set RECSYS_LASTFM"):
        lastfm.load_lastfm()


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_the_variable_takes_the_place_of_a_download(tmp_path, monkeypatch, server, form):
    place = unpack_to(tmp_path / "own")
    if form == "zip":
        place = tmp_path / "own.zip"
        place.write_bytes(pack(LIKE_PUBLISHED))
    monkeypatch.setenv("RECSYS_LASTFM", str(place))
    assert lastfm.find_lastfm() == place
    assert lastfm.download(url=server.url) == place
    assert server.requests == 0
    assert lastfm.load_lastfm().key == "lastfm"


def test_a_variable_that_names_nothing_is_explained(monkeypatch, tmp_path):
    monkeypatch.setenv("RECSYS_LASTFM", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"RECSYS_LASTFM names .*nowhere, which is not there"):
        lastfm.load_lastfm()


# The real data


def test_the_published_files_hold_what_their_readme_says(lastfm_folder):
    dataset = lastfm.read_folder(lastfm_folder)
    interactions = dataset.interactions
    assert (interactions.n_users, interactions.n_items, len(interactions)) == (1892, 17632, 92834)
    assert interactions.value_range == (1, 352698)
    assert (interactions.values == 1).sum() == 636
    assert (interactions.user_counts >= 35).sum() == 1848
    assert (interactions.item_counts == 1).sum() == 10679
    assert round(interactions.density, 4) == 0.0028
    assert interactions.names[interactions.item_code(707)] == "Metallica"
    assert len(set(interactions.names)) == 17632
    assert sum(name.count('"') for name in interactions.names) > 0
    assert len(dataset.friends) == 2 * 12717
    turned = dataset.friends.rename(columns={"user": "friend", "friend": "user"})
    assert len(dataset.friends.merge(turned[["user", "friend"]])) == 2 * 12717


def test_the_known_checksums_are_those_of_the_published_files(lastfm_folder, monkeypatch):
    monkeypatch.undo()
    assert lastfm._is_whole(lastfm_folder)


def test_the_real_files_survive_packing(lastfm_folder):
    files = {file: (lastfm_folder / file).read_bytes() for file in ("artists.dat", "user_artists.dat")}
    unpacked = lastfm.read_folder(lastfm_folder)
    assert read_packed(pack(files)).interactions.fingerprint == unpacked.interactions.fingerprint
