"""The check is part of the sending: whatever happens between a look and a request, the request does not leave."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tideform.cloud import Cloud, Credentials
from tideform.kube import Kube
from tideform.reaper.fence import STARTS, FencedError, fenced
from tideform.reaper.kubernetes_api import caller


class Received(BaseHTTPRequestHandler):
    """Notes what arrives, and answers with nothing."""

    paths: list[str]

    def do_POST(self) -> None:
        self.paths.append(self.path)
        body = json.dumps({}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def paths() -> list[str]:
    return []


@pytest.fixture
def cloud(paths: list[str]) -> Iterator[Cloud]:
    server = HTTPServer(("127.0.0.1", 0), type("Noting", (Received,), {"paths": paths}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    yield Cloud("us-east-1", "123456789012", Credentials("key", "secret", endpoint))
    server.shutdown()
    server.server_close()


def refuse() -> None:
    raise FencedError


def submit(cloud: Cloud) -> None:
    cloud.client("batch").submit_job(jobName="a", jobQueue="b", jobDefinition="c")


def test_a_request_leaves_while_the_check_holds(cloud: Cloud, paths: list[str]) -> None:
    with fenced(lambda: None):
        submit(cloud)
    assert paths == ["/v1/submitjob"]


def test_a_request_does_not_leave_once_the_check_fails(cloud: Cloud, paths: list[str]) -> None:
    with fenced(refuse), pytest.raises(FencedError):
        submit(cloud)
    assert paths == []


def test_the_check_comes_after_whatever_happens_before_the_sending(cloud: Cloud, paths: list[str]) -> None:
    """As for a process that is stopped between its own last look and boto3's request."""
    over: list[bool] = []

    def check() -> None:
        if over:
            raise FencedError

    client = cloud.client("batch")
    client.meta.events.register("before-call", lambda **_: over.append(True))
    with fenced(check), pytest.raises(FencedError):
        submit(cloud)
    assert paths == []


def test_looking_is_always_allowed(cloud: Cloud, paths: list[str]) -> None:
    with fenced(refuse):
        cloud.client("batch").describe_job_queues()
    assert paths == ["/v1/describejobqueues"]


def test_only_what_starts_capacity_is_asked_about_where_that_is_wanted(cloud: Cloud, paths: list[str]) -> None:
    with fenced(refuse, STARTS):
        cloud.client("batch").terminate_job(jobId="a", reason="over")
        with pytest.raises(FencedError):
            submit(cloud)
    assert paths == ["/v1/terminatejob"]


def test_the_table_itself_is_not_asked_about(cloud: Cloud, paths: list[str]) -> None:
    with fenced(refuse):
        cloud.client("dynamodb").update_item(TableName="leases", Key={"pk": {"S": "pool#fit"}})
    assert paths == ["/"]


def test_nothing_is_checked_afterwards(cloud: Cloud, paths: list[str]) -> None:
    with fenced(refuse):
        pass
    submit(cloud)
    assert paths == ["/v1/submitjob"]


class Answering:
    """The official client of an API that answers with nothing."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    def call_api(self, _path: str, method: str, **_call: Any) -> Any:
        self.methods.append(method)
        return SimpleNamespace(data=b"{}")


@pytest.mark.parametrize(
    ("only", "leave"), [(None, ["GET"]), (STARTS, ["GET", "DELETE"])], ids=["every-change", "what-starts"]
)
def test_requests_to_kubernetes_pass_the_same_check(only: frozenset[str] | None, leave: list[str]) -> None:
    api = Answering()
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        with suppress(FencedError), fenced(refuse, only):
            Kube(cast(Any, api)).request(method, "/apis")
    assert api.methods == leave


def test_the_reapers_own_way_to_kubernetes_passes_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def opened(request: Any, **_: Any) -> Any:
        asked.append(request.method)
        return BytesIO(b"{}")

    monkeypatch.setattr("ssl.create_default_context", lambda **_: None)
    monkeypatch.setattr("urllib.request.urlopen", opened)
    call = caller("https://cluster", "", "token")
    with fenced(refuse):
        call("GET", "/apis", None)
        with pytest.raises(FencedError):
            call("DELETE", "/apis", None)
    assert asked == ["GET"]
