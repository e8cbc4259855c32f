"""Roles of columns by their titles: the words that are usual in published data sets and exports."""

from __future__ import annotations

import re
from collections.abc import Sequence

ROLES = ("user", "item", "value", "name", "time")
REPEATS = {"sum": "Add them up", "last": "Keep the last"}  # several rows of a pair

# in order of preference; compared in lower case and without blanks, _, - and a suffix such as :token
_WORDS = {
    "user": (
        "userid user username userkey listenerid listener listenername visitorid customerid "
        "customer reviewerid memberid member uid accountid personid person useridhash msnoid msno "
        "profileid subscriberid readerid playerid viewerid benutzer benutzername nutzer hörer "
        "utilisateur usuario utente"
    ),
    "item": (
        "artistid itemid item artist artistname artistmbid mainartist albumartist "
        "grandparenttitle containerartistname movieid movie trackid track songid song bookid book "
        "isbn isbn13 parentasin asin productid product gameid game appid animeid anime businessid "
        "articleid article videoid albumid album showid podcastid recipeid placeid locationid "
        "newsid jokeid iid recordingmsid recordingmbid trackname songname tracktitle "
        "mastermetadatatrackname künstler interpret artiste artista"
    ),
    "value": (
        "plays playcount playscount totalplays timesplayed numplays nplays numberofplays "
        "listencount listeningcount listens scrobbles streams streamcount weight count counts "
        "playtimeforever playtime hours hoursplayed quantity qty frequency freq interactions "
        "views clicks value rating ratings score stars overall bookrating userrating userscore "
        "myscore ratingscore howoften times anzahl wiedergaben écoutes ecoutes reproducciones ascolti"
    ),
    "name": (
        "artistname itemname name artist movietitle moviename booktitle title productname "
        "producttitle prodname gamename animename businessname"
    ),
    "time": (
        "timestamp time uts ts datetime date utctime listenedat playedat scrobbledat createdat "
        "created listenedatiso endtime eventstarttimestamp dateplayed listeningtime timems "
        "unixreviewtime entrydate tdat eventtime when dateuts dateadded ratedat unixtime "
        "unixtimestamp datecreated stopped started lastplayed year month timehuman"
    ),
}
_RATINGS = "bookrating myscore overall rating ratings ratingscore score stars userrating userscore"
_EVENTS = "action activity behavior behaviortype behaviour event eventtype feedbacktype type"
# nouns of ids that are neither a user nor an item
_OTHERS = (
    "category client comment device event genre index list order playlist query request review "
    "row saleschannel session transaction user"
)
_THINGS = "movie track song book game product article anime business video album recording joke"
WORDS = {role: tuple(words.split()) for role, words in _WORDS.items()}
RATINGS, EVENTS, NO_ITEMS = (frozenset(words.split()) for words in (_RATINGS, _EVENTS, _OTHERS))
# what an item is called, by the beginning of its title
THINGS = {thing: thing for thing in _THINGS.split()} | {
    "isbn": "book",
    "app": "game",
    "asin": "product",
    "parentasin": "product",
}
ADDED = re.compile(r"(?<=\S)(\s*\(.*\)|#.*)$")  # plays (total), Date#name
SUFFIX = re.compile(r":(token|float|token_seq|float_seq)$")


def plain(title: str) -> str:
    """Return a title as it is compared: in lower case, without what is in brackets, suffix, blanks, _ and -."""
    title = ADDED.sub("", SUFFIX.sub("", title.strip().lstrip("\ufeff")))
    return re.sub(r"[\s_.-]", "", title).lower()


def find(titles: Sequence[str], known: Sequence[str]) -> str:
    """Return the title that is the first of those known, or nothing."""
    given = {plain(title): title for title in reversed(titles)}
    return next((given[title] for title in known if title in given), "")


def find_item(titles: Sequence[str]) -> str:
    """Return the title of the item: a known one, or any other noun with `_id`."""
    known = find(titles, WORDS["item"])
    if known:
        return known
    users = set(WORDS["user"])
    for title in titles:
        noun = re.fullmatch(r"(\w+?)[\s_-]?id", SUFFIX.sub("", title.strip()), re.IGNORECASE)
        if noun and plain(title) not in users and plain(noun[1]) not in NO_ITEMS and len(noun[1]) > 2:
            return title
    return ""


def is_known(title: str) -> bool:
    """Say whether a title is one that is usual for some role."""
    word = plain(title)
    return any(word in words for words in WORDS.values()) or word in EVENTS or bool(find_item([title]))
