"""Puts our invocations in the place of moto's, which answer without running anything.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from tideform_sandbox.extension.request import AwsError, put
from tideform_sandbox.not_emulated import NOT_EMULATED
from tideform_sandbox.services.awslambda.function import Function
from tideform_sandbox.services.awslambda.invoker import Invoker, Throttled

if TYPE_CHECKING:
    from tideform_sandbox.world import World


class TooManyRequestsException(AwsError):  # noqa: N818  # Lambda's name
    """What Lambda says of a function that is busy."""

    code = "TooManyRequestsException"
    status_code = 429


def install(world: World) -> None:
    """Change moto's Lambda."""
    from moto.awslambda.models import LambdaFunction
    from moto.awslambda_simple.models import LambdaSimpleBackend

    invoker = Invoker(world)
    world.closers.append(invoker.close)

    def invoke(
        self: Any, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        function = _runnable(self.get_function(function_name, qualifier))
        return answer(invoker, function, body, dict(headers or {}), response_headers)

    def called_by_a_service(self: Any, body: str, request_headers: Any, response_headers: Any) -> bytes:
        later = {**dict(request_headers or {}), "X-Amz-Invocation-Type": "Event"}
        return answer(invoker, _runnable(self), body, later, response_headers)

    put(LambdaSimpleBackend, "invoke", invoke)
    put(LambdaFunction, "invoke", called_by_a_service)


def answer(
    invoker: Invoker, function: Function, body: Any, headers: dict[str, Any], response_headers: dict[str, Any]
) -> bytes:
    """Invoke as the request's headers ask for, and answer in Lambda's headers."""
    kind = {name.lower(): value for name, value in headers.items()}.get("x-amz-invocation-type", "RequestResponse")
    event = _event(body)
    response_headers["x-amz-executed-version"] = "$LATEST"
    if kind == "DryRun":
        return b""
    if kind == "Event":
        invoker.invoke_later(function, event)
        return b""
    try:
        outcome = invoker.invoke(function, event)
    except Throttled as busy:
        raise TooManyRequestsException("Rate Exceeded.") from busy
    if outcome.error:
        response_headers["x-amz-function-error"] = outcome.error
    response_headers["x-amz-log-result"] = base64.b64encode(outcome.log.encode()).decode()
    payload = outcome.payload.encode()
    response_headers["Content-Length"] = str(len(payload))
    return payload


def _event(body: Any) -> Any:
    if not body:
        return {}
    try:
        return json.loads(body)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", message) from error


def _runnable(record: Any) -> Function:
    function = Function(record)
    if obstacle := function.obstacle:
        raise AwsError(NOT_EMULATED, obstacle)
    return function
