"""The sandbox's own endpoints under ``/tideform/``, as a small WSGI application; `control` calls them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tideform.local.control import PREFIX
from tideform_sandbox.backends import backends
from tideform_sandbox.market import script
from tideform_sandbox.providers.kubernetes.store import ObjectStore
from tideform_sandbox.services.eks import address
from tideform_sandbox.world import World

if TYPE_CHECKING:
    from tideform_sandbox.server import Life

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class Endpoints:
    """``ping``, ``status``, ``idle``, ``shutdown``, ``clock``, ``market``, ``brakes``, ``bill``; JSON in and out."""

    def __init__(self, life: Life, boot_id: str, world: World) -> None:
        self._life, self._boot_id, self._world = life, boot_id, world
        self._objects = ObjectStore(world.clock)
        self._handlers: dict[tuple[str, str], Handler] = {
            ("GET", "ping"): lambda _: {"boot_id": boot_id},
            ("GET", "idle"): lambda _: {"seconds": life.idle},
            ("GET", "status"): self._status,
            ("POST", "shutdown"): self._shutdown,
            ("GET", "clock"): lambda _: {"now": world.clock.now(), "offset": world.clock.offset},
            ("POST", "clock"): lambda body: {"now": world.timeline.advance(float(body["advance"]))},
            ("POST", "kubernetes"): self._kubernetes,
            ("POST", "clusters"): lambda body: address.move(**body),
            ("GET", "market"): lambda _: script.describe(world.market, world.clock.now()),
            ("POST", "market"): lambda body: script.apply(world, body),
            ("POST", "brakes"): self._brakes,
            ("GET", "bill"): lambda _: world.ledger.bill(),
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
            "clock_offset": self._world.clock.offset,
            "instances": running_instances(),
            "jobs": self._world.jobs(),
        }

    def _kubernetes(self, request: dict[str, Any]) -> dict[str, Any]:
        self._life.touch()
        return self._objects.answer(request)

    def _brakes(self, body: dict[str, Any]) -> dict[str, Any]:
        self._world.switch(str(body["name"]), broken=bool(body["broken"]))
        return {"broken": sorted(self._world.broken)}

    def _shutdown(self, _: dict[str, Any]) -> dict[str, Any]:
        self._life.end()
        return {"boot_id": self._boot_id}


def running_instances() -> list[dict[str, Any]]:
    """The instances of all accounts and regions that have not ended."""
    return [
        {
            "id": instance.id,
            "type": instance.instance_type,
            "state": instance.state,
            "region": backend.region_name,
        }
        for backend in backends("ec2")
        for reservation in list(backend.reservations.values())
        for instance in reservation.instances
        if instance.state not in ("terminated", "shutting-down")
    ]


def _answer(start_response: Callable[..., Any], status: str, content: dict[str, Any]) -> Iterable[bytes]:
    body = json.dumps(content).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
