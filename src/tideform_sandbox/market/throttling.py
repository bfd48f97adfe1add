"""API calls that AWS refuses for a while: because there were too many, in each service's own word, or as scripted.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from tideform_sandbox.not_emulated import error_response, operation_name

if TYPE_CHECKING:
    from flask import Flask, Response

    from tideform_sandbox.market.market import Market

_CODES = {"ec2": ("RequestLimitExceeded", 503), "s3": ("SlowDown", 503), "awslambda": ("TooManyRequestsException", 429)}
_DENIED = 400
_QUERY = ("autoscaling", "cloudwatch", "iam", "sns", "sqs", "sts")


def install(app: Flask, service: str, market: Market) -> None:
    """Let one service's application refuse what the market throttles."""
    other = ("Throttling", 400) if service in _QUERY else ("ThrottlingException", 400)
    code, status = _CODES.get(service, other)

    def throttle() -> Response | None:
        refused = market.refused(service, operation_name(service, request).partition(".")[2])
        if refused is None:
            return None
        if refused:
            return error_response(service, refused, "The sandbox's market refuses this call", _DENIED)
        return error_response(service, code, "Rate exceeded", status)

    app.before_request(throttle)
