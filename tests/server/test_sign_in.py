"""Sign-in without a provider: what is shown, where visitors are led, and whose runs are whose."""

from __future__ import annotations

import tomllib
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route
from streamlit.testing.v1 import AppTest

from server.signing_in import SigningIn
from tests.conftest import ROOT
from tests.server.asgi import Answer, ask

AUTH = {
    "redirect_uri": "http://localhost/oauth2callback",
    "cookie_secret": "0" * 64,
    "client_id": "encore",
    "client_secret": "x",
    "server_metadata_url": "http://localhost/.well-known/openid-configuration",
}


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "pages").glob("*.py")))
def test_no_page_shows_more_than_the_way_in(name):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.secrets["auth"] = AUTH
    app.switch_page(f"pages/{name}")
    app.query_params["listener"] = app.query_params["artist"] = "1"
    app.run()
    assert not app.exception
    assert [title.value for title in app.title] == ["Encore"]
    assert [button.label for button in app.button] == ["Sign in"]
    assert [text.value for text in app.markdown] == ["Please sign in to go on."]
    for shown in (
        app.dataframe,
        app.table,
        app.metric,
        app.caption,
        app.info,
        app.error,
        app.warning,
        app.header,
    ):
        assert not shown


@pytest.mark.parametrize("secret", ["", "short"])
def test_with_a_secret_that_can_be_guessed_nobody_gets_in(secret):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.secrets["auth"] = AUTH | {"cookie_secret": secret}
    app.run()
    assert "`cookie_secret` needs 32 characters" in app.error[0].value
    assert not app.button


def test_each_provider_has_a_button():
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    client = {name: AUTH[name] for name in ("client_id", "client_secret", "server_metadata_url")}
    app.secrets["auth"] = {name: AUTH[name] for name in ("redirect_uri", "cookie_secret")} | {
        "work": client,
        "home": client,
    }
    app.run()
    assert [button.label for button in app.button] == ["Sign in with Work", "Sign in with Home"]


def test_the_example_names_all_that_is_needed_and_lets_nobody_in_as_it_is():
    example = tomllib.loads((ROOT / ".streamlit" / "secrets.example.toml").read_text())["auth"]
    assert set(example) == set(AUTH)
    assert example["cookie_secret"] == ""
    assert ".streamlit/secrets.toml" in (ROOT / ".gitignore").read_text().splitlines()


async def _callback(request: Request) -> RedirectResponse:
    answer = RedirectResponse("/", 302)
    if request.query_params.get("code") == "good":
        answer.set_cookie("_streamlit_user", "signed")
    else:
        answer.delete_cookie("_streamlit_user")
    return answer


async def _login(request: Request) -> RedirectResponse:
    return RedirectResponse("https://provider.example/authorize", 302)


APP = Starlette(
    routes=[Route("/oauth2callback", _callback), Route("/auth/login", _login)],
    middleware=[Middleware(SigningIn)],
)


def come_back(code: str, wanted: str) -> Answer:
    return ask(APP, "/oauth2callback", f"code={code}&state=1", cookie=f"encore_wanted={quote(wanted)}")


def test_the_page_that_was_wanted_is_kept_and_led_to():
    page = "http://encore.example/artist?artist=1&data=sample"
    answer = ask(APP, "/auth/login", "provider=x", host="encore.example", referer=page)
    assert answer.header("location") == "https://provider.example/authorize"
    cookie = answer.header("set-cookie")
    assert cookie.startswith("encore_wanted=/artist%3Fartist%3D1%26data%3Dsample;")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    answer = come_back("good", "/artist?artist=1&data=sample")
    assert answer.header("location") == "/artist?artist=1&data=sample"


@pytest.mark.parametrize("page", ["https://evil.example/", "http://encore.example:81/", "http://[", ""])
def test_a_page_of_another_server_is_not_kept(page):
    assert not ask(APP, "/auth/login", host="encore.example", referer=page).header("set-cookie")


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nSet-Cookie: b=c", "/\t/evil", ""],
)
def test_nobody_is_led_to_another_server(wanted):
    assert come_back("good", wanted).header("location") == "/"


def test_who_is_refused_is_told_and_led_home():
    assert come_back("bad", "/artist").header("location") == "/?sign-in-refused=1"
    assert (
        ask(APP, "/oauth2callback", "error=access_denied&state=1").header("location") == "/?sign-in-refused=1"
    )


def test_who_comes_back_from_signing_out_is_not_called_refused():
    assert ask(APP, "/oauth2callback").header("location") == "/"
