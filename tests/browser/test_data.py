"""The Data page in a real browser: from a file of one's own to the other pages."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.steps import WIDER_THAN_THE_PAGE, choose, go, menu, rows, settled, table, upload
from tests.data.importing.bringing import pack


def odd_columns() -> bytes:
    """Make up 40 listeners of 12 artists each, under odd titles, with three rows that are wrong."""
    lines = ["Who;What;How often"]
    lines += [
        f"u{user};Artist {(user + at * 7) % 50} é;{1 + at * 10}" for user in range(40) for at in range(12)
    ]
    lines[5], lines[9], lines[12] = "u1;;3", "u2;x;-4", "u3;=cmd();many"
    return "\n".join(lines).encode("cp1252")


def pick(page: Page, label: str, option: str) -> None:
    """Choose an option of a select box."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.scroll_into_view_if_needed()
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def metric(page: Page, label: str) -> Locator:
    found = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return found.get_by_test_id("stMetricValue")


def test_a_table_with_odd_columns_is_seen_mapped_checked_and_used(page: Page, address: str) -> None:
    go(page, address, "data")
    upload(page, "odd columns.csv", odd_columns())
    expect(
        page.get_by_text("text in Windows-1252 (Western European), separated by semicolons")
    ).to_be_visible()
    settled(page)
    assert rows(table(page))[0] == ["u0", "Artist 0 é", "1"]
    expect(page.get_by_text("Choose the column of the artist to go on.")).to_be_visible()
    expect(page.get_by_role("button", name="Use this data")).to_have_count(0)

    for label, title in (("Listener", "Who"), ("Artist", "What"), ("Plays", "How often")):
        pick(page, label, title)
    for label, number in (("Rows read", "480"), ("Rows used", "477"), ("Refused", "3")):
        expect(metric(page, label)).to_have_text(number)
    settled(page)
    refused = [
        ["odd columns.csv", "6", "", "no artist"],
        ["odd columns.csv", "10", "-4", "plays: below zero"],
        ["odd columns.csv", "13", "many", "plays: not a number"],
    ]
    shown = [[cell.removeprefix("\u2060") for cell in row] for row in rows(table(page, 2))]
    assert shown == refused
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    written = list(csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert written[1:] == [[*row[:2], row[2].replace("-4", "'-4"), *row[3:]] for row in refused]

    assert menu(page)[-1] == "Generated sample"
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_role("heading", name="In use: odd columns.csv")).to_be_visible()
    expect(page.get_by_role("heading", name="Uploaded:")).to_have_count(0)
    choose(page, "Explore")
    expect(metric(page, "Listeners")).to_have_text("40")
    assert all(row[1].startswith("Artist ") for row in rows(table(page)))
    choose(page, "Train")
    page.get_by_text("Hold-out", exact=True).click()
    expect(page.get_by_role("spinbutton", name="Minimum items per user")).to_have_value("12")
    expect(page.get_by_role("spinbutton", name="Held-out items per user")).to_have_value("5")


def test_ratings_of_movies_are_called_so_and_nobody_else_sees_them(
    page: Page, address: str, browser: Browser
) -> None:
    ratings = "".join(
        f"{user}::{movie}::{1 + movie % 5}::978300760\n" for user in range(1, 31) for movie in range(1, 41)
    )
    movies = "".join(f"{movie}::Movie {movie} (19{movie:02})::Drama\n" for movie in range(1, 41))
    go(page, address, "data")
    upload(page, "ml-1m.zip", pack({"ml-1m/ratings.dat": ratings, "ml-1m/movies.dat": movies}))
    expect(page.get_by_text("separated by double colons")).to_be_visible()
    expect(page.get_by_text("Names of movies were read from ml-1m/movies.dat.")).to_be_visible()
    expect(page.get_by_text("The numbers in 'Column 3' were taken for ratings.")).to_be_visible()
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_role("heading", name="In use: ml-1m.zip")).to_be_visible()
    settled(page)
    choose(page, "Explore")
    expect(metric(page, "Users")).to_have_text("30")
    expect(metric(page, "Movies")).to_have_text("40")
    assert rows(table(page))[0][1].startswith("Movie ")
    expect(page.get_by_label("Find a movie")).to_be_visible()
    choose(page, "You")
    expect(page.get_by_text("Name a few movies")).to_be_visible()

    other = browser.new_page()
    other.goto(page.url)
    settled(other)
    assert menu(other)[-1] == "Generated sample"
    other.close()


def test_a_folder_is_brought_whole_but_for_what_is_no_table(page: Page, address: str, tmp_path: Path) -> None:
    folder = tmp_path / "MyData"
    (folder / "more").mkdir(parents=True)
    for at, place in enumerate((folder / "one.csv", folder / "more" / "two.csv")):
        lines = [f"u{at}-{user},a{user % 7 + item},{item + 1}" for user in range(20) for item in range(9)]
        place.write_text("user,artist,plays\n" + "\n".join(lines))
    (folder / "picture.png").write_bytes(b"\x89PNG")
    go(page, address, "data")
    page.get_by_text("A whole folder").click()
    page.locator("input[type=file][webkitdirectory]").set_input_files(folder)
    expect(metric(page, "Rows used")).to_have_text("360")
    page.get_by_role("button", name="Use this data").click()
    expect(metric(page, "Listeners")).to_have_text("40")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "a.csv is empty."),
        ("a.csv", b"user,artist\n1,Low\n1,Can\n", "All rows are of a single listener."),
        (
            "a.zip",
            pack({"../a.csv": b"user,artist\n"}),
            "has a path that points outside of the zip. Pack it again.",
        ),
    ],
)
def test_what_cannot_be_used_is_explained(
    page: Page, address: str, name: str, content: bytes, said: str
) -> None:
    go(page, address, "data")
    upload(page, name, content)
    expect(page.get_by_role("alert")).to_contain_text(said)
    expect(page.get_by_role("button", name="Use this data")).to_have_count(0)


def test_the_check_fits_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    go(page, address, "data")
    upload(page, "odd columns.csv", odd_columns())
    expect(page.get_by_text("Looks like a table")).to_be_visible()
    settled(page)
    pick(page, "Listener", "Who")
    pick(page, "Artist", "What")
    expect(page.get_by_role("button", name="Use this data")).to_be_visible()
    assert page.evaluate(WIDER_THAN_THE_PAGE) == []


def test_a_file_dropped_anywhere_on_a_page_is_opened_for_what_it_is(page: Page, address: str) -> None:
    drop = """([name, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text], name));
      for (const kind of ['dragenter', 'dragover', 'drop'])
        document.querySelector('h1').dispatchEvent(
          new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    go(page, address, "explore")
    expect(page.locator(".drop-anywhere")).to_contain_text("Drop it")  # it listens from then on
    page.evaluate(drop, ["mine.csv", "artist,plays\nMetallica,40\nIron Maiden,30\n"])
    expect(page.get_by_role("heading", level=1, name="You")).to_be_visible()
    expect(page.get_by_text("2 of 2 artists")).to_be_visible()
    settled(page)
    lines = "".join(
        f"u{user},Artist {user * item % 17},{item}\n" for user in range(30) for item in range(1, 13)
    )
    page.evaluate(drop, ["all.csv", f"user,artist,plays\n{lines}"])
    expect(page.get_by_role("heading", name="Uploaded: all.csv")).to_be_visible()
