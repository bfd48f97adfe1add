"""The sandbox's own endpoints under ``/tideform/``, as a small WSGI application; `control` calls them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tideform.sandbox.control import PREFIX

if TYPE_CHECKING:
    from tideform.sandbox.server import Life

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Endpoints:
    """``ping``, ``status``, ``idle``, ``shutdown``, ``clock``; JSON in and out."""

    def __init__(self, life: Life, boot_id: str) -> None:
        self._life, self._boot_id = life, boot_id
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "ping"): lambda _: {"boot_id": boot_id},
            ("GET", "idle"): lambda _: {"seconds": life.idle},
            ("GET", "status"): self._status,
            ("POST", "shutdown"): self._shutdown,
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        name = environ["PATH_INFO"].removeprefix(PREFIX)
        handler = self._handlers.get((environ["REQUEST_METHOD"], name))
        if handler is None:
            return _answer(start_response, "404 NOT FOUND", {"error": f"no such endpoint: {name}"})
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            answer = handler(json.loads(environ["wsgi.input"].read(length) or b"{}"))
        except (ValueError, TypeError, KeyError) as error:
            return _answer(start_response, "400 BAD REQUEST", {"error": str(error)})
        return _answer(start_response, "200 OK", answer)

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "boot_id": self._boot_id,
            "uptime": time.monotonic() - self._life.started,
            "idle": self._life.idle,
        }

    def _shutdown(self, _: dict[str, Any]) -> dict[str, Any]:
        self._life.end()
        return {"boot_id": self._boot_id}


def _answer(start_response: Callable[..., Any], status: str, content: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
