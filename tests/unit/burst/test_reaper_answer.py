"""The reaper's function is asked in bounded time, whatever it does."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tideform.burst import reaper_answer
from tideform.burst.reaper_answer import BUSY, OTHER_CODE, SILENT, Question
from tideform.cloud import Cloud, Credentials


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaper_answer, "SECONDS", 0.2)
    monkeypatch.setattr(reaper_answer, "_PAUSE", 0.0)


def cloud_at(port: int) -> Cloud:
    return Cloud("us-east-1", "123456789012", Credentials("key", "secret", f"http://127.0.0.1:{port}"))


@pytest.fixture
def answering() -> Iterator[Callable[..., Cloud]]:
    """A service that answers every invocation with this status, body and headers; ``asked`` gets what it is sent."""
    servers = []

    def serve(status: int, body: bytes, asked: list[bytes] | None = None, **headers: str) -> Cloud:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                ([] if asked is None else asked).append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return cloud_at(server.server_port)

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_one_that_says_nothing_is_given_up_after_two_short_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        assert Question(cloud_at(mute.getsockname()[1]), "reaper").ask("fit") == SILENT
    assert time.monotonic() - began < 10


def test_one_at_work_is_waited_for_as_long_as_the_caller_has_patience(answering: Callable[..., Cloud]) -> None:
    busy = answering(429, b"{}", X_Amzn_ErrorType="TooManyRequestsException")
    assert Question(busy, "reaper", patience=0.1).ask("fit") == BUSY


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"nonsense"])
def test_whatever_is_no_answer_to_a_dry_run_is_other_code(body: bytes, answering: Callable[..., Cloud]) -> None:
    assert Question(answering(200, body), "reaper").ask("fit") == OTHER_CODE


def test_one_that_fails_tells_what_it_fails_for(answering: Callable[..., Cloud]) -> None:
    failing = answering(200, b"no module", X_Amz_Function_Error="Unhandled")
    assert Question(failing, "reaper").ask("fit") == "it fails when it is asked: no module"


THROTTLED = b'{"errorMessage": "An error occurred (ThrottlingException) when calling the Scan operation"}'


@pytest.mark.parametrize(("fails_with", "times"), [(THROTTLED, 3), (b"no module", 1)])
def test_one_whose_table_is_throttled_is_asked_again_and_one_that_cannot_work_is_not(
    fails_with: bytes, times: int, answering: Callable[..., Cloud]
) -> None:
    asked: list[bytes] = []
    cloud = answering(200, fails_with, asked, X_Amz_Function_Error="Unhandled")
    assert Question(cloud, "reaper").ask("fit") == f"it fails when it is asked: {fails_with.decode()}"
    assert len(asked) == times


def test_an_answer_is_read(answering: Callable[..., Cloud]) -> None:
    assert Question(answering(200, b'{"code": "ours"}'), "reaper").ask("fit") == {"code": "ours"}
