"""moto's server application, made fit for us: honest errors instead of HTML pages, no request log, no docker."""

from __future__ import annotations

import hmac
import logging
from typing import Any

from flask import Flask
from moto.core.models import default_user_config
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)

from tideform.sandbox import not_emulated

log = logging.getLogger(__name__)

_NO_BACKEND = "no such service in moto"


class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]
    """moto's choice of a service's application, with one for the services that it does not know at all."""

    def get_backend_for_host(self, host: str | None) -> Any:
        """As moto's; where a host leads nowhere, our own answer instead of a crash."""
        backend = super().get_backend_for_host(host)
        return _NO_BACKEND if backend is None and host is not None else backend


class QuietHandler(MotoRequestHandler):  # type: ignore[misc]  # moto has no types
    """Logs no requests: presigned addresses carry keys."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def create() -> Dispatcher:
    """The WSGI application for all AWS services."""
    for service in ("batch", "lambda"):
        default_user_config.setdefault(service, {})["use_docker"] = False
    return Dispatcher(_service_app)


def issued(access_key: str) -> bool:
    """Whether the sandbox's own STS or IAM handed the access key out, to someone who had a key already."""
    from moto.iam.models import iam_backends
    from moto.sts.models import sts_backends

    keys = [
        role.access_key_id
        for account in list(sts_backends.values())
        for backend in list(account.values())
        for role in list(backend.assumed_roles)
    ]
    keys += [
        key.access_key_id
        for account in list(iam_backends.values())
        for backend in list(account.values())
        for user in list(backend.users.values())
        for key in list(user.access_keys)
    ]
    return any(hmac.compare_digest(access_key.encode(), key.encode()) for key in keys)


def _service_app(service: Any) -> Flask:
    if service == _NO_BACKEND:
        return not_emulated.unknown_service()
    app = create_backend_app(service)
    app.debug = False
    not_emulated.install(app, service)
    return app
