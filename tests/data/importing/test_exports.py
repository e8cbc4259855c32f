"""Exports and published sets as people bring them: several files, several people, several services."""

import json

import pytest

from recsys.errors import InputError
from tests.data.importing.bringing import bring, folder, pack, pairs

LISTENS = "".join(
    f"Low,Album,Song,{day:02} Jun 2023 00:00\nCan,Album,Song,{day:02} Jun 2023 01:00\n" for day in (1, 2)
)


def test_exports_of_players_and_services_are_read(tmp_path):
    log = "#AUDIOSCROBBLER/1.1\n#TZ/UTC\n" + "".join(
        f"{artist}\tAlbum\tSong\t1\t200\t{rating}\t16870000{at:02}\t\n"
        for at, (artist, rating) in enumerate([("Low", "L"), ("Can", "L"), ("Can", "S")])
    )
    maloja = {
        "maloja": {"export_time": 1},
        "scrobbles": [{"time": 1, "track": {"artists": [a], "title": "x"}} for a in ("Low", "Can")],
    }
    watched = {
        "header": "YouTube Music",
        "title": "Watched x",
        "titleUrl": "u",
        "time": "2024-01-02T03:04:05Z",
    }
    takeout = [watched | {"subtitles": [{"name": f"{artist} - Topic"}]} for artist in ("Low", "Can")]
    for at, files in enumerate(
        (
            {"ann/.scrobbler.log": log, "bob/.scrobbler.log": log.replace("Low", "Neu")},
            {"ann.json": json.dumps(maloja), "bob.json": json.dumps(maloja).replace("Low", "Neu")},
            {"ann.json": json.dumps(takeout), "bob.json": json.dumps(takeout).replace("Low", "Neu")},
        )
    ):
        report = folder(tmp_path / str(at), files)
        assert pairs(report) == [("ann", "Can", 1), ("ann", "Low", 1), ("bob", "Can", 1), ("bob", "Neu", 1)]


def test_one_person_never_becomes_two_and_two_never_one(tmp_path):
    dots = folder(tmp_path / "dots", {"ann.lee.csv": LISTENS, "ann.poe.csv": LISTENS.replace("Low", "Neu")})
    assert {user for user, *_ in pairs(dots)} == {"ann.lee", "ann.poe"}
    same = folder(
        tmp_path / "same",
        {"ann/x.csv": LISTENS, "bob/x.csv": LISTENS.replace("Low", "Neu"), "cleo/y.csv": LISTENS},
    )
    assert {user for user, *_ in pairs(same)} == {"ann", "bob", "cleo"}
    deep = folder(
        tmp_path / "deep", {"all/ann/x.csv": LISTENS, "all/bob/x.csv": LISTENS.replace("Low", "Neu")}
    )
    assert {user for user, *_ in pairs(deep)} == {"ann", "bob"}


def spotify(artists, year=2023, **more):
    """Return an extended streaming history, a play on each day."""
    return json.dumps(
        [
            {
                "ts": f"{year}-01-{day:02}T00:00:00Z",
                "ms_played": 60_000,
                "master_metadata_album_artist_name": artist,
            }
            | more
            for day, artist in enumerate(artists, 1)
        ]
    )


def lastfm(user, artists, page=1, **attributes):
    """Return a page of user.getRecentTracks."""
    tracks = [
        {
            "artist": {"#text": artist},
            "name": "Song",
            "date": {"uts": str(1_600_000_000 + 1_000 * page + at)},
        }
        for at, artist in enumerate(artists)
    ]
    return {"recenttracks": {"track": tracks, "@attr": {"user": user, "page": str(page)} | attributes}}


def test_several_files_of_a_listener_add_up_unless_they_are_the_same(tmp_path):
    report = folder(
        tmp_path,
        {
            "ann/2022.json": spotify(["Low", "Can"], 2022),
            "ann/2023.json": spotify(["Low", "Can"], 2023),
            "ann/copy.json": spotify(["Low", "Can"], 2023),
            "bob/2022.json": spotify(["Low"]),
        },
    )
    assert pairs(report) == [("ann", "Can", 2), ("ann", "Low", 2), ("bob", "Low", 1)]
    assert any("ann/copy.json has the same content as ann/2023.json" in note for note in report.notes)
    assert any("Put together as one listener: ann (2 files)" in note for note in report.notes)


def test_several_services_are_read_together_and_a_listener_counts_once(tmp_path):
    listen = {"listened_at": 1_700_000_000, "track_metadata": {"artist_name": "Low", "track_name": "x"}}
    ghan = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n1700000000,x,Can,,,,Song,\n"
    report = folder(
        tmp_path,
        {
            "ann/spotify.json": spotify(["Low", "Can"]),
            "ann/lastfm.csv": ghan,
            "bob/listens.jsonl": json.dumps(listen),
            "cleo/lastfm.csv": ghan,
        },
    )
    assert pairs(report) == [("ann", "Can", 1), ("ann", "Low", 1), ("bob", "Low", 1), ("cleo", "Can", 1)]
    assert any("ann/spotify.json may have the same plays" in note for note in report.notes)


def test_pages_of_lastfm_know_their_listener_and_what_is_only_playing(tmp_path):
    first = lastfm("ann", ["Low", "Can"])
    first["recenttracks"]["track"].insert(
        0, {"artist": {"#text": "Neu"}, "name": "Song", "@attr": {"nowplaying": "true"}}
    )
    extended = lastfm("bob", ["Low"])
    extended["recenttracks"]["track"][0]["artist"] = {"name": "Low", "url": "u"}
    report = folder(
        tmp_path / "tracks",
        {
            "1.json": json.dumps(first),
            "2.json": json.dumps(lastfm("ann", ["Low", "Can"], 2)),
            "b.json": json.dumps(extended),
        },
    )
    assert pairs(report) == [("ann", "Can", 2), ("ann", "Low", 2), ("bob", "Low", 1)]
    assert report.dropped.total() == 1
    charts = folder(
        tmp_path / "charts",
        {
            f"{user}.json": json.dumps(
                {
                    "topartists": {
                        "artist": [
                            {"name": artist, "playcount": str(count), "@attr": {"rank": str(count)}}
                            for artist, count in (("Low", 3), ("Can", 2))
                        ],
                        "@attr": {"user": user},
                    }
                }
            )
            for user in ("ann", "bob")
        },
    )
    assert [value for *_, value in pairs(charts)] == [2, 3, 2, 3]


def test_play_activity_of_apple_counts_and_not_the_daily_tracks_beside_it(tmp_path):
    activity = "Artist Name,Event Start Timestamp,Event Type,Play Duration Milliseconds\n" + "".join(
        f"{artist},2023-01-0{day}T10:00:00Z,PLAY_END,60000\n" for day, artist in enumerate(("Low", "Can"), 1)
    )
    daily = "Date Played,Play Count,Track Description\n20230101,7,Low - Song\n"
    report = folder(
        tmp_path, {"ann/Activity.csv": activity, "ann/Daily.csv": daily, "bob/Activity.csv": activity}
    )
    assert [value for *_, value in pairs(report)] == [1, 1, 1, 1]
    assert any("Daily.csv is not of the same form as Activity.csv" in note for note in report.notes)


def test_the_web_page_of_takeout_is_read_or_refused():
    entry = (
        '<div class="outer-cell"><div class="content-cell">Watched <a href="u">Song</a><br>'
        '<a href="c">{} - Topic</a><br>1 Jan 2024<br></div></div>'
    )
    page = "<html><body>{}</body></html>"
    files = {
        f"{user}.html": page.format(entry.format("Low") + entry.format("Can")) for user in ("ann", "bob")
    }
    assert len(pairs(bring(pack(files), "x.zip"))) == 4
    with pytest.raises(InputError, match="a web page without plays"):
        bring('<html><div class="outer-cell">nothing</div></html>', "x.html")


PUBLISHED = {
    "LFM-1b": (
        {
            "LFM-1b_LEs.txt": "31\t1\t4\t4\t1385212958\n31\t2\t4\t4\t1385212959\n5\t1\t4\t4\t1385212960\n",
            "LFM-1b_artists.txt": "1\tLow\n2\tCan\n",
        },
        [(5, "Low", 1), (31, "Low", 1), (31, "Can", 1)],
    ),
    "MLHD": (
        {
            f"{user}.txt": f"{1_100_000_000 + user}\t0123abcd-0000-4000-8000-00000000000{user}\t\tx\n" * 2
            for user in (1, 2)
        },
        [(user, f"0123abcd-0000-4000-8000-00000000000{user}", 2) for user in (1, 2)],
    ),
    "LightGCN": ({"train.txt": "0 3 4 5\n1 3\n", "test.txt": "0 6\n1 4\n"}, 6),
    "Netflix": (
        {
            "combined_data_1.txt": "1:\n8,3,2005-09-06\n9,5,2005-05-13\n",
            "combined_data_2.txt": "2:\n8,4,2005-09-06\n",
            "movie_titles.csv": "1,2003,Dinosaur Planet\n2,2004,Isle of Man\n",
        },
        [(8, "Dinosaur Planet", 3), (8, "Isle of Man", 4), (9, "Dinosaur Planet", 5)],
    ),
    "Yelp": (
        {
            "review.json": "".join(
                json.dumps({"user_id": user, "business_id": place, "stars": stars}) + "\n"
                for user, place, stars in (("u1", "b1", 4.0), ("u2", "b1", 1.0), ("u2", "b2", 5.0))
            ),
            "business.json": "".join(
                json.dumps({"business_id": place, "name": name, "stars": 3.5}) + "\n"
                for place, name in (("b1", "Cafe"), ("b2", "Bar"))
            ),
        },
        [("u1", "Cafe", 4), ("u2", "Cafe", 1), ("u2", "Bar", 5)],
    ),
    "Amazon with names": (
        {
            "reviews.json": "".join(
                json.dumps({"reviewerID": user, "asin": item, "overall": stars, "summary": "Great"}) + "\n"
                for user, item, stars in (("A1", "B1", 5.0), ("A1", "B2", 3.0), ("A2", "B1", 1.0))
            ),
            "meta.json": "".join(
                json.dumps({"asin": f"B{at}", "title": f"Album {at}"}) + "\n" for at in (1, 2)
            ),
        },
        [("A1", "Album 1", 5), ("A1", "Album 2", 3), ("A2", "Album 1", 1)],
    ),
    "Gorse": (
        {
            "feedback.jsonl": "".join(
                json.dumps({"FeedbackType": "read", "UserId": user, "ItemId": item, "Value": 0}) + "\n"
                for user, item in (("ann", "x"), ("ann", "y"), ("bob", "x"))
            )
        },
        [("ann", "x", 1), ("ann", "y", 1), ("bob", "x", 1)],
    ),
    "Jester as Surprise has it": (
        {"jester.dat": "1\t\t5\t\t.5\n1\t\t7\t\t-9.25\n2\t\t5\t\t8.75\n2\t\t8\t\t9.5\n"},
        [(1, "5", 0.5), (2, "5", 8.75), (2, "8", 9.5)],
    ),
    "Jester as published": (
        {"jester.csv": "2,99,8.5,1\n1,99,99,3\n2,4.25,-2,99\n"},
        [(1, "2", 8.5), (1, "3", 1), (2, "3", 3), (3, "1", 4.25)],
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_sets_open_by_themselves(name, tmp_path):
    files, expected = PUBLISHED[name]
    found = pairs(folder(tmp_path, files))
    assert found == expected or len(found) == expected


def test_a_list_of_products_is_nobodys_plays(tmp_path):
    with pytest.raises(AssertionError, match="single"):
        pairs(
            folder(
                tmp_path,
                {
                    "order_products.csv": "order_id,product_id,reordered\n1,3,1\n1,2,1\n2,3,0\n",
                    "products.csv": "product_id,product_name\n3,Eggs\n2,Tea\n",
                },
            )
        )
