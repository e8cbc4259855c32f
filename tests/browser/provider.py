"""A small OpenID Connect provider: it lets everybody in, and lies where it is told to."""

from __future__ import annotations

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "encore"


class Provider:
    """Answers discovery, authorization, token, keys and sign-out.

    Attributes
    ----------
    url : str
    claims : dict
        What the next token says otherwise than it should.
    forged : bool
        Whether the next token is signed with another key than the one that is published.
    refuses : bool
        Whether the person says no.
    """

    def __init__(self) -> None:
        self.claims: dict[str, object] = {}
        self.forged = self.refuses = False
        self._key, self._other = (RSAKey.generate_key(2048, {"kid": "one"}) for _ in range(2))
        self._asked: dict[str, dict[str, str]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/.well-known/openid-configuration":
                    self._json(provider.metadata)
                elif parts.path == "/keys":
                    self._json({"keys": [provider._key.as_dict(private=False)]})
                elif parts.path == "/authorize":
                    self._to(query["redirect_uri"], provider._decide(query))
                elif parts.path == "/leave":
                    self._to(query["post_logout_redirect_uri"], {})
                else:
                    self.send_error(404)

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._json(provider._token(provider._asked.pop(form["code"][0])))

            def _json(self, content: object) -> None:
                body = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _to(self, url: str, query: dict[str, str]) -> None:
                self.send_response(302)
                self.send_header("Location", f"{url}?{urlencode(query)}" if query else url)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def metadata(self) -> dict[str, object]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/leave",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def secrets_file(self, folder: Path, **more: str) -> Path:
        """Write the secrets that let the app sign people in here."""
        auth = {
            "redirect_uri": "http://127.0.0.1:{port}/oauth2callback",
            "cookie_secret": secrets.token_hex(32),
            "client_id": CLIENT,
            "client_secret": "not a secret",
            "server_metadata_url": f"{self.url}/.well-known/openid-configuration",
        } | more
        file = folder / "secrets.toml"
        file.write_text("[auth]\n" + "".join(f'{name} = "{value}"\n' for name, value in auth.items()))
        return file

    def _decide(self, asked: dict[str, str]) -> dict[str, str]:
        if self.refuses:
            return {"error": "access_denied", "state": asked["state"]}
        code = secrets.token_hex(8)
        self._asked[code] = asked
        return {"code": code, "state": asked["state"]}

    def _token(self, asked: dict[str, str]) -> dict[str, object]:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": asked["client_id"],
            "sub": "17",
            "name": "Wilma <b>Wren</b>",
            "email": "wilma@example.org",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 600,
        } | self.claims
        key = self._other if self.forged else self._key
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": token, "expires_in": 600}

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
