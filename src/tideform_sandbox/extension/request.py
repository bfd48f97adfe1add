"""A request's parameters and the class that answers it, whatever protocol the service speaks."""

from __future__ import annotations

import json
import re
from importlib import import_module
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.utils import camelcase_to_underscores


def parameters(response: Any) -> dict[str, Any]:
    """The parsed input of the operation that moto's response object is answering, in AWS's names."""
    if response.service_name == "batch":  # moto knows its operations by their paths, not by their names
        return dict(json.loads(response.body or "{}"))
    response.parse_parameters(response.normalized_request)
    return dict(response.params)


def response_class(path: str) -> Any:
    """moto's response class, by ``module:Class``."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def put(owner: Any, name: str, method: Any) -> None:
    """Give one of moto's classes another method, or a new one."""
    setattr(owner, name, method)


def method_name(operation: str) -> str:
    """moto's method for an operation: ``CreateMlflowTrackingServer`` is ``create_mlflow_tracking_server``."""
    return re.sub(r"_+", "_", str(camelcase_to_underscores(operation)))


class AwsError(ServiceException):
    """An AWS error, by code and message; moto puts it into the protocol of the request.

    A class of our own, because moto looks in the service that an exception's module belongs to.
    """
