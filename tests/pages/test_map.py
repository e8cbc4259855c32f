"""The Map page and what the Artist page says by the model, without a browser."""

import time

import pytest

from pages.components.map.panel import LISTENER
from tests.pages.test_pages import listed, open_page, trained

pytestmark = pytest.mark.usefixtures("fresh_server")


@pytest.fixture
def run():
    return trained("svd").session_state.run


def mapped(**query):
    app = open_page("map.py", **query)
    for _ in range(400):
        assert not app.exception
        if any(box.key == "map-colour" for box in app.selectbox):
            return app
        time.sleep(0.1)
        app.run()
    raise AssertionError("there is no map")


def test_it_opens_with_a_map_of_the_recommended_model():
    assert mapped().selectbox(key="map-colour")


def test_a_model_without_features_says_so():
    app = open_page("map.py", run=trained("popular").session_state.run)
    assert not app.exception
    assert all("has no latent features" in error.value.replace("\\", "") for error in app.error)
    assert app.error


def test_the_map_is_made_once_and_can_be_searched_and_lit(run):
    app = mapped(run=run, listener="7")
    assert app.selectbox(key="map-who").value == LISTENER
    app.text_input(key="map-search").input("metallica").run()
    assert "Metallica" in next(group.options for group in app.button_group if "Metallica" in group.options)
    app = mapped(run=run, artist="1")
    near = listed(app, "Similar to " + app.header[0].value.replace("\\", ""))
    assert len(near) == 8
    assert all(row["listen"] for row in near)
    app.button(key="map-all").click().run()
    assert not app.exception
    assert "artist" not in app.query_params


def test_an_unknown_artist_in_a_link_is_explained(run):
    app = mapped(run=run, artist="nobody")
    assert "Nothing in this data has the id 'nobody'" in app.error[0].value.replace("\\", "")


def test_features_are_told_by_artists_and_tags(run):
    app = mapped(run=run)
    app.session_state["map-part"] = "What the latent features mean"
    app.run()
    first = app.selectbox(key="feature-Main directions").options[0]
    assert first.startswith("1. ")
    shares = next(table.value for table in app.dataframe if "share" in table.value)["share"]
    assert shares.is_monotonic_decreasing
    assert shares.sum() == pytest.approx(100)
    assert any("violet-badge" in markdown.value for markdown in app.markdown)


def test_an_artist_shows_its_tags_and_what_the_model_takes_for_alike(run):
    app = open_page("artist.py", run=run, artist="1")
    assert not app.exception
    assert "Similar by the model" in [heading.value for heading in app.subheader]
    alike = next(table.value for table in app.dataframe if "cosine" in table.value)
    assert alike["cosine"].is_monotonic_decreasing
    assert alike["cosine"].between(0, 1.0001).all()
    assert any("violet-badge" in markdown.value for markdown in app.markdown)
