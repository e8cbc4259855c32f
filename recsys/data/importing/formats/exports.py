"""Listening histories as services and players export them.

References
----------
Spotify: https://support.spotify.com/article/understanding-my-data/
ListenBrainz: https://listenbrainz.readthedocs.io/en/latest/users/json.html
Last.fm: https://lastfm.ghan.nl/export/ and https://www.last.fm/api/show/user.getRecentTracks
Maloja: https://github.com/krateng/maloja
"""

from __future__ import annotations

from dataclasses import replace

from recsys.data.importing.formats.layout import Layout

PODCAST = "no music: a podcast, an audiobook or a video"

SPOTIFY = Layout(
    "Spotify streaming history",
    needs=("ts", "ms_played", "master_metadata_album_artist_name"),
    item=("master_metadata_album_artist_name",),
    user=("username",),
    time=("ts",),
    least=("ms_played",),
    no_item=PODCAST,
)
SPOTIFY_ACCOUNT = Layout(
    "Spotify account data",
    needs=("endTime", "msPlayed", "artistName"),
    item=("artistName",),
    time=("endTime",),
    least=("msPlayed",),
    no_item=PODCAST,
)
YOUTUBE = Layout(
    "YouTube history",
    needs=("titleUrl", "subtitles.0.name"),
    item=("subtitles.0.name",),
    time=("time",),
    only=("header", ("youtube music",), "not of YouTube Music"),
    no_item="no channel: a video that was taken down, or an advertisement",
    pattern=r"^(.*?)(?: - Topic)?$",
)
SERVICES = (
    SPOTIFY,
    SPOTIFY_ACCOUNT,
    Layout(
        "ListenBrainz listens",
        needs=("track_metadata.artist_name",),
        item=("track_metadata.artist_name",),
        user=("user_name", "user_id"),
        time=("listened_at", "timestamp", "listened_at_iso"),
    ),
    Layout(
        "log of a player",
        needs=("number", "length", "mbid"),
        item=("artist",),
        time=("timestamp",),
        only=("played", ("l",), "skipped"),
    ),
    Layout(
        "Apple Music play activity",
        needs=("Event Start Timestamp", "Play Duration Milliseconds"),
        item=("Artist Name", "Container Artist Name"),
        time=("Event Start Timestamp",),
        least=("Play Duration Milliseconds",),
        only=("Event Type", ("play_end",), "not the end of a play"),
        no_item="no artist stands there",
    ),
    Layout(
        "Apple Music daily tracks",
        needs=("Track Description", "Date Played"),
        item=("Track Description",),
        time=("Date Played",),
        value="Play Count",
        pattern=r"^(.*?) - ",
    ),
    YOUTUBE,
    replace(YOUTUBE, NAME="YouTube history (web page)", time=()),
    Layout(
        "Deezer listening history",
        needs=("Song Title", "Artist", "Listening Time"),
        item=("Artist",),
        time=("Date",),
    ),
    Layout(
        "Tidal history", needs=("artist_name", "track_title"), item=("artist_name",), time=("entry_date",)
    ),
    Layout("Maloja scrobbles", needs=("track.artists.0", "time"), item=("track.artists.0",), time=("time",)),
    Layout(
        "Pano Scrobbler",
        needs=("timeHuman", "artist", "track"),
        item=("artist",),
        time=("timeMs",),
        only=("event", ("scrobble",), "not a play but another event"),
    ),
    Layout(
        "Last.fm answers",
        needs=("name", "date.uts"),
        item=("artist.#text", "artist.name"),
        user=("recenttracks.@attr.user", "@attr.user"),
        time=("date.uts",),
        only=("@attr.nowplaying", (), "playing at that moment, and not played yet"),
    ),
    Layout(
        "Last.fm charts of a listener",
        needs=("name", "playcount", "@attr.rank"),
        item=("artist.name", "name"),
        user=("@attr.user",),
        value="playcount",
    ),
    Layout("Last.fm scrobbles (ghan)", needs=("uts", "track"), item=("artist",), time=("uts",)),
    Layout("Libre.fm scrobbles", needs=("Track", "Album"), item=("Artist",), time=("Time",)),
    Layout(
        "Last.fm scrobbles (lastfmstats)",
        needs=("track", "artist", "album", "date", "username"),
        item=("artist",),
        user=("username",),
        time=("date",),
    ),
)
