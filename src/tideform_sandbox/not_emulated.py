"""What moto cannot do becomes an AWS error that says so, in the protocol of the request, with status 400.

moto answers HTML with 404 or 500 there, which SDKs retry and then report as nonsense. Two codes: ``NotEmulated`` for
an operation that nobody wrote, ``EmulationFailed`` for one that crashed (its traceback goes to the server's log).
"""

from __future__ import annotations

import json
import logging
import re
from xml.sax.saxutils import escape

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)

NOT_EMULATED = "NotEmulated"
FAILED = "EmulationFailed"
_REST_XML = {"s3", "s3control", "route53", "cloudfront"}
# Subresources that moto does not look at: it would list the bucket instead, or delete it.
_S3_UNKNOWN = {
    *("abac", "analytics", "annotation", "intelligent-tiering", "metrics", "renameObject", "requestPayment"),
    *("metadataAnnotationTable", "metadataConfiguration", "metadataInventoryTable", "metadataJournalTable"),
    *("metadataTable", "select-type", "session", "torrent"),
}
_JSON_TYPE = "application/json"


def install(app: Flask, service: str) -> None:
    """Answer for one service's application."""

    def unrouted(error: HTTPException) -> Response | HTTPException:
        is_ours = request.routing_exception is error
        return error_response(service, NOT_EMULATED, _not_emulated(service)) if is_ours else error

    def missing(_: NotImplementedError) -> Response:
        return error_response(service, NOT_EMULATED, _not_emulated(service))

    def crashed(error: Exception) -> Response | HTTPException:
        if isinstance(error, HTTPException):
            return error
        log.exception("%s failed", operation_name(service, request))
        message = f"the emulation of {operation_name(service, request)} failed: {type(error).__name__}: {error}"
        return error_response(service, FAILED, message)

    def overlooked() -> Response | None:
        known = service != "s3" or _S3_UNKNOWN.isdisjoint(request.args)
        return None if known else error_response(service, NOT_EMULATED, _not_emulated(service))

    app.before_request(overlooked)
    app.register_error_handler(404, unrouted)
    app.register_error_handler(405, unrouted)
    app.register_error_handler(NotImplementedError, missing)
    app.register_error_handler(Exception, crashed)


def unknown_service() -> Flask:
    """The application of every service that moto does not have."""
    app = Flask("tideform-unknown-service")

    def answer(_: HTTPException) -> Response:
        scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", request.headers.get("Authorization", ""))
        service = scope.group(1) if scope else "unknown"
        return error_response(service, NOT_EMULATED, _not_emulated(service))

    app.register_error_handler(404, answer)  # it has no routes: everything ends here
    return app


def error_response(service: str, code: str, message: str, status: int = 400) -> Response:
    """An error in the protocol that the current request speaks."""
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _cbor(code, message, status)
    if "X-Amz-Target" in request.headers:
        return Response(_json(code, message), status, content_type="application/x-amz-json-1.1")
    if service == "ec2":
        return Response(_ec2_xml(code, message), status, content_type="text/xml")
    if _action(request):
        return Response(_query_xml(code, message), status, content_type="text/xml")
    if service in _REST_XML:
        return Response(_rest_xml(code, message), status, content_type="application/xml")
    return Response(_json(code, message), status, {"x-amzn-ErrorType": code}, content_type=_JSON_TYPE)


def operation_name(service: str, asked: Request) -> str:
    """``SERVICE.OPERATION`` of a request; for REST services that moto does not know, its method and path."""
    if target := asked.headers.get("X-Amz-Target"):
        return f"{service}.{target.rpartition('.')[2]}"
    if action := _action(asked):
        return f"{service}.{action}"
    return f"{service}.{_rest_operation(service, asked) or f'{asked.method} {asked.path}'}"


def _not_emulated(service: str) -> str:
    return f"not emulated: {operation_name(service, request)}"


def _action(asked: Request) -> str | None:
    return asked.form.get("Action") or asked.args.get("Action")


def _rest_operation(service: str, asked: Request) -> str | None:
    """The operation that botocore's model has for this method and path."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.responses import boto3_service_name
    from moto.core.routing import get_service_router

    try:
        operation, _ = get_service_router(boto3_service_name.get(service, service)).match(asked)  # type: ignore[arg-type]  # moto's app makes it moto's own request
    except (UnknownServiceError, HTTPException, NotImplementedError, LookupError, ValueError):
        return None
    return str(operation.name)


def _json(code: str, message: str) -> str:
    return json.dumps({"__type": code, "message": message})


def _cbor(code: str, message: str, status: int) -> Response:
    """A CBOR map of two text strings: ``A2`` then key and value of each."""
    pairs = (("__type", code), ("message", message))
    body = b"\xa2" + b"".join(_cbor_text(key) + _cbor_text(value) for key, value in pairs)
    return Response(body, status, {"smithy-protocol": "rpc-v2-cbor"}, content_type="application/cbor")


def _cbor_text(text: str) -> bytes:
    encoded = text.encode()
    return b"\x79" + len(encoded).to_bytes(2, "big") + encoded


def _ec2_xml(code: str, message: str) -> str:
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return f"<Response><Errors>{error}</Errors><RequestID>tideform</RequestID></Response>"


def _query_xml(code: str, message: str) -> str:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>tideform</RequestId></ErrorResponse>"


def _rest_xml(code: str, message: str) -> str:
    return f"<Error><Code>{code}</Code><Message>{escape(message)}</Message><RequestId>tideform</RequestId></Error>"
