"""An instance metadata service on loopback that says what a test puts into it, to those who show a token."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def served(said: dict[str, str]) -> Iterator[str]:
    """The endpoint; ``said`` maps what stands after ``/latest/meta-data/`` to the answer, at any moment."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:  # the base class' name
            self._answer(200, "token" if self.headers["X-aws-ec2-metadata-token-ttl-seconds"] else "")

        def do_GET(self) -> None:
            if self.headers["X-aws-ec2-metadata-token"] != "token":
                return self._answer(401, "")
            answer = said.get(self.path.removeprefix("/latest/meta-data/"))
            return self._answer(404 if answer is None else 200, answer or "")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
