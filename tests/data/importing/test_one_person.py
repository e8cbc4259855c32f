"""One person's own history, in the forms that services export."""

import io
import json

import pytest

from recsys.data.importing.one_person import read_names, read_one_person
from recsys.errors import InputError


def read(name, content):
    return read_one_person([(name, io.BytesIO(content.encode()))])


def test_a_spotify_account_export_is_added_up_by_artist():
    rows = [
        {"endTime": f"2024-01-0{day} 10:00", "artistName": artist, "trackName": "a", "msPlayed": 200_000}
        for day, artist in ((1, "Björk"), (2, "Björk"), (3, "Queen"))
    ]
    assert read("StreamingHistory_music_0.json", json.dumps(rows)).plays == {"Björk": 2.0, "Queen": 1.0}


def test_a_spotify_extended_export_is_added_up_by_artist():
    rows = [
        {
            "ts": f"2024-01-0{day}T10:00:00Z",
            "ms_played": 200_000,
            "master_metadata_track_name": "a",
            "master_metadata_album_artist_name": artist,
            "master_metadata_album_album_name": "b",
            "spotify_track_uri": "spotify:track:1",
        }
        for day, artist in ((1, "Björk"), (2, "Björk"), (3, "Queen"))
    ]
    assert read("Streaming_History_Audio_2024.json", json.dumps(rows)).plays == {"Björk": 2.0, "Queen": 1.0}


def test_ages_are_months_from_the_last_play_to_the_newest():
    rows = "artist,time\nBjörk,2024-01-01T00:00:00\nQueen,2024-03-01T10:30:00\nBjörk,2024-01-31T00:00:00\nMuse,\n"
    person = read("plays.csv", rows)
    month = 30.436875
    assert person.ages == pytest.approx({"Björk": (30 + 10.5 / 24) / month, "Queen": 0})
    assert set(person.plays) == {"Björk", "Queen", "Muse"}


def test_a_history_without_times_has_no_ages():
    assert read("top.csv", "artist,plays\nQueen,3\nBjörk,7\n").ages == {}
    assert read_names("Queen, 3\nBjörk, 7").ages == {}


def test_a_table_of_artists_and_plays_is_taken():
    assert read("top.csv", "artist,plays\nQueen,3\nBjörk,7\nMuse,1\n").plays == {
        "Björk": 7.0,
        "Queen": 3.0,
        "Muse": 1.0,
    }


def test_the_web_page_of_google_takeout_is_read_as_its_json_is():
    def entry(header, artist):
        return (
            f'<div class="outer-cell mdl-cell"><p class="mdl-typography--title">{header}<br></p>'
            '<div class="content-cell mdl-cell--6-col">Watched\N{NO-BREAK SPACE}'
            f'<a href="https://music.youtube.com/watch?v=1">A song</a><br>{artist}'
            "May 1, 2024, 10:00:00 AM UTC<br></div></div>"
        )

    def channel(name):
        return f'<a href="https://www.youtube.com/channel/1">{name} - Topic</a><br>'

    page = "<html><body>" + entry("YouTube Music", channel("Simon &amp; Garfunkel")) * 3
    page += (
        entry("YouTube", channel("Cats"))
        + entry("YouTube Music", "")
        + entry("YouTube Music", channel("Muse"))
    )
    found = read("watch-history.html", page + "</body></html>")
    assert found.plays == {"Simon & Garfunkel": 3, "Muse": 1}
    assert any("times on the web page were not read" in note for note in found.notes)


def test_several_people_are_sent_to_the_data_page():
    with pytest.raises(InputError, match="of 2 people: import it as a dataset"):
        read("all.csv", "user,artist,plays\na,Queen,3\nb,Queen,4\na,Muse,1\n")


@pytest.mark.parametrize(
    ("text", "plays"),
    [
        ("Radiohead\nBjörk\n\nMuse", {"Radiohead": 0, "Björk": 0, "Muse": 0}),
        ("Radiohead, Björk,Muse", {"Radiohead": 0, "Björk": 0, "Muse": 0}),
        ("Artist\tPlays\nRadiohead\t1,234\nBjörk\t980", {"Radiohead": 1234, "Björk": 980}),
        (
            "Massive Attack \u2013 120\nBlink-182\nSum 41",
            {"Massive Attack": 120, "Blink-182": 0, "Sum 41": 0},
        ),
        ("1. Radiohead (12)\n2) Björk, 40\n- Muse: 3", {"Björk": 40, "Radiohead": 12, "Muse": 3}),
    ],
)
def test_a_pasted_list_may_have_numbers_and_plays(text, plays):
    assert read_names(text).plays == plays


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Queen, Earth, Wind & Fire, Muse", ["Queen", "Earth, Wind & Fire", "Muse"]),
        ("Queen, Muse and Björk", ["Queen", "Muse", "Björk"]),
        ("Muse, Belle and Sebastian", ["Muse", "Belle and Sebastian"]),
        ("Muse, Nobody and Never Heard", ["Muse", "Nobody and Never Heard"]),
    ],
)
def test_names_with_commas_and_the_word_and_are_told_by_the_catalogue(text, names):
    known = {"Earth, Wind & Fire", "Belle and Sebastian", "Björk", "Sebastian", "Queen", "Muse"}
    assert list(read_names(text, known.__contains__).plays) == names


def test_an_empty_list_is_refused():
    with pytest.raises(InputError, match="no name"):
        read_names(" \n ")
