"""API calls that AWS refuses for a while, because there were too many: each service's own word for it.

https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tideform.sandbox.not_emulated import error_response

if TYPE_CHECKING:
    from flask import Flask, Response

    from tideform.sandbox.market.market import Market

_CODES = {"ec2": ("RequestLimitExceeded", 503), "s3": ("SlowDown", 503), "awslambda": ("TooManyRequestsException", 429)}
_QUERY = ("autoscaling", "cloudwatch", "iam", "sns", "sqs", "sts")


def install(app: Flask, service: str, market: Market) -> None:
    """Let one service's application refuse what the market throttles."""
    other = ("Throttling", 400) if service in _QUERY else ("ThrottlingException", 400)
    code, status = _CODES.get(service, other)

    def throttle() -> Response | None:
        return error_response(service, code, "Rate exceeded", status) if market.throttled(service) else None

    app.before_request(throttle)
