"""moto's server application, made fit for us: honest errors instead of HTML pages, no request log, no docker."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Callable
from typing import Any

import moto.core.models
from flask import Flask
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)

from tideform_sandbox import extension, not_emulated, one_parse, steady, world
from tideform_sandbox.backends import backends
from tideform_sandbox.market import throttling

log = logging.getLogger(__name__)

_NO_BACKEND = "no such service in moto"
# moto checks and changes without a lock: two of one name could be made in IAM, and AWS promises that each operation on
# an item of DynamoDB happens whole.
_ONE_AT_A_TIME = {"iam", "dynamodb"}


class Dispatcher(DomainDispatcherApplication):
    """moto's choice of a service's application, with one for the services that it does not know at all."""

    def get_backend_for_host(self, host: str | None) -> Any:
        """As moto's; where a host leads nowhere, our own answer instead of a crash."""
        backend = super().get_backend_for_host(host)
        return _NO_BACKEND if backend is None and host is not None else backend


class QuietHandler(MotoRequestHandler):  # moto has no types
    """Logs no requests: presigned addresses carry keys."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def create(shared: world.World) -> Dispatcher:
    """The WSGI application for all AWS services, each made when it is first asked for."""
    config: dict[str, Any] = moto.core.models.default_user_config  # type: ignore[attr-defined, assignment]
    for service in ("batch", "lambda"):
        config.setdefault(service, {})["use_docker"] = False
    steady.install()
    one_parse.install()
    return Dispatcher(lambda service: _service_app(service, shared))


def issued(access_key: str) -> bool:
    """Whether the sandbox's own STS or IAM handed the access key out, to someone who had a key already."""
    keys = [role.access_key_id for backend in backends("sts") for role in list(backend.assumed_roles)]
    keys += [
        key.access_key_id
        for backend in backends("iam")
        for user in list(backend.users.values())
        for key in list(user.access_keys)
    ]
    return any(hmac.compare_digest(access_key.encode(), key.encode()) for key in keys)


def _service_app(service: Any, shared: world.World) -> Flask:
    if service == _NO_BACKEND:
        return not_emulated.unknown_service()
    world.install(service, shared)
    extension.install(service)
    app = create_backend_app(service)
    app.debug = False
    not_emulated.install(app, service)
    throttling.install(app, service, shared.market)
    if service in _ONE_AT_A_TIME:
        app.wsgi_app = _one_at_a_time(app.wsgi_app)  # type: ignore[method-assign]  # as Flask's manual has it
    return app


def _one_at_a_time(serve: Callable[..., Any]) -> Callable[..., Any]:
    lock = threading.Lock()

    def serve_one(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with lock:
            return serve(environ, start_response)

    return serve_one
