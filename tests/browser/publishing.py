"""A small web server in the place of the one that publishes the Last.fm data."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class Publisher:
    """Serves `content` in pieces and waits for `go_on` in the middle; without content, it hangs up."""

    def __init__(self) -> None:
        self.content: bytes | None = None
        self.go_on = threading.Event()
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = publisher.content
                if content is None:
                    self.close_connection = True
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                middle = len(content) // 2
                self.wfile.write(content[:middle])
                self.wfile.flush()
                publisher.go_on.wait(60)
                self.wfile.write(content[middle:])

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hetrec2011-lastfm-2k.zip"

    def __enter__(self) -> Publisher:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
