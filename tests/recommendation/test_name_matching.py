"""Names as people write them."""

import pytest

from recsys.recommendation.name_matching import NameIndex, normalize

NAMES = [
    "The Beatles",
    "Björk",
    "Beyoncé",
    "Simon & Garfunkel",
    "AC/DC",
    "Sigur Rós",
    "Queen",
    "queen",
    "Die Ärzte",
    "!!!",
]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("beatles", "The Beatles"),
        ("Beatles, The", "The Beatles"),
        ("bjork", "Björk"),
        ("Beyoncé feat. Jay-Z", "Beyoncé"),
        ("BEYONCE (ft. Shakira)", "Beyoncé"),
        ("Simon and Garfunkel", "Simon & Garfunkel"),
        ("ACDC", "AC/DC"),
        ("Sigur Ro\u0301s", "Sigur Rós"),
        ("die arzte", "Die Ärzte"),
        ("!!!", "!!!"),
    ],
)
def test_case_accents_articles_and_guests_do_not_count(written, meant):
    matches = NameIndex(NAMES, [1] * len(NAMES)).match({written: 3.0})
    assert [NAMES[code] for code in matches.found] == [meant]


def test_of_two_with_one_name_the_better_known_is_meant_and_plays_add_up():
    matches = NameIndex(NAMES, [1, 1, 1, 1, 1, 1, 5, 50, 1, 1]).match({"Queen": 3.0, "QUEEN": 4.0})
    assert matches.found == {7: 7.0}


def test_what_is_not_found_is_listed_with_the_nearest_names():
    matches = NameIndex(NAMES, [1] * len(NAMES)).match({"Beatls": 1.0, "Zzyzx": 1.0})
    assert not matches.found
    assert [NAMES[code] for code in matches.missing["Beatls"]] == ["The Beatles"]
    assert matches.missing["Zzyzx"] == []


def test_a_guest_is_a_word_of_its_own():
    assert normalize("Lift") == "lift"
    assert normalize("Feather") == "feather"
