"""The check for known vulnerabilities: it fails where there is one, and says so where no database could be reached."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.project.audit import ROOT, audit, installed, wanted

KNOWN = {
    "id": "GHSA-462w-v97r-4m45",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
            "versions": ["2.4.1"],
        }
    ],
}


class Answers(BaseHTTPRequestHandler):
    """Answers as https://api.osv.dev does, and knows of one vulnerability."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        bad = asked["package"]["name"] == "jinja2" and asked["version"] == "2.4.1"
        content = json.dumps({"vulns": [KNOWN]} if bad else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def osv() -> Iterator[tuple[str, ...]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield ("osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/query")
        server.shutdown()


def test_a_known_vulnerability_fails_and_says_what_mends_it(osv):
    fine, words = audit(["jinja2==2.4.1", "numpy==2.4.6"], [osv])
    assert not fine
    assert "jinja2 2.4.1: GHSA-462w-v97r-4m45 (mended in 2.10.1)" in words


def test_without_one_the_number_of_checked_packages_is_told(osv):
    assert audit(["jinja2==3.1.6", "numpy==2.4.6"], [osv]) == (
        True,
        "No vulnerability is known of 2 packages that the app installs (osv).",
    )


def test_that_nobody_could_be_asked_is_said_and_does_not_fail():
    fine, words = audit(["jinja2==2.4.1"], [("osv", "--osv-url", "http://127.0.0.1:9/query")])
    assert fine
    assert words.startswith("Not checked: ")


def test_what_is_audited_is_what_the_app_installs_with_all_that_it_needs():
    pins = installed(wanted(ROOT / "requirements.txt"))
    names = {pin.split("==")[0] for pin in pins}
    assert {"streamlit", "starlette", "numpy", "pyarrow", "protobuf"} <= names
    assert not names & {"pytest", "playwright", "mypy"}
