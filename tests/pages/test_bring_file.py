"""A file brought on any page through the app, without a browser."""

import pytest

from tests.pages.test_pages import open_page, said, trained

pytestmark = pytest.mark.usefixtures("fresh_server")

MINE = b"artist,plays\nMetallica,40\nIron Maiden,30\nNever Heard Of,2\n"
OF_MANY = "user,artist,plays\n" + "".join(
    f"u{user},Artist {user * item % 17},{item}\n" for user in range(30) for item in range(1, 13)
)


def bring(app, content, name="history.csv", place="chosen"):
    app.file_uploader(key=f"{place}-0").set_value((name, content, "text/csv")).run()
    assert not app.exception
    return app


@pytest.mark.parametrize("place", ["chosen", "dropped"])
def test_ones_own_history_leads_to_a_list(place):
    app = open_page("explore.py", run=trained("svd").session_state.run)
    bring(app, MINE, place=place)
    assert app.title[0].value == "You"
    assert any("found **2** of 3 artists" in caption.value for caption in app.caption)
    assert len([button for button in app.button if (button.key or "").startswith("open-")]) == 10


def test_a_table_of_many_people_is_offered_as_a_dataset():
    app = bring(open_page("explore.py"), OF_MANY.encode())
    assert app.title[0].value == "Data"
    assert any(header.value.replace("\\", "") == "Uploaded: history.csv" for header in app.header)
    app.switch_page("pages/data.py").run()  # as a browser does, and AppTest does not by itself
    app.button(key="use-own").click().run()
    assert not app.exception
    assert any(header.value.replace("\\", "") == "In use: history.csv" for header in app.header)
    assert not any(header.value.startswith("Uploaded") for header in app.header)


def test_what_is_no_table_is_explained_and_can_be_put_away():
    app = bring(open_page("explore.py"), b"\x89PNG\r\n\x1a\n" + bytes(200), "photo.png")
    assert app.title[0].value == "Data"
    assert "photo.png" in said(app)
    app.button(key="put-away").click().run()
    assert not app.error
