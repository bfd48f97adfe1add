"""Calls to the sandbox's own endpoints under ``/tideform/``: who are you, what runs, shut down, move the clock.

They take the workspace's secret key in a header; AWS requests never carry it, so the two cannot be confused even
where a bucket is called ``tideform``.
"""

from __future__ import annotations

import http.client
import json
from typing import Any

from tideform.local.description import Description

KEY_HEADER = "X-Tideform-Key"
PREFIX = "/tideform/"
METADATA_PREFIX = "/tideform-metadata/"


class Refused(ConnectionError):  # noqa: N818  # what the sandbox says, not a failure of the call
    """The sandbox understood the request and refuses it."""


def call(server: Description, method: str, name: str, body: object = None, *, timeout: float = 10) -> dict[str, Any]:
    """Call one endpoint. ``timeout`` in seconds.

    Raises `OSError` if nobody answers, or not as we would, and its subclass `Refused` if the request made no sense.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)
    try:
        connection.request(
            method,
            PREFIX + name,
            body=None if body is None else json.dumps(body),
            headers={KEY_HEADER: server.secret_key, "Content-Type": "application/json"},
        )
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (http.client.HTTPException, ValueError) as error:
        raise ConnectionError(f"not a sandbox: {error}") from error
    finally:
        connection.close()
    if response.status == 400 and isinstance(answer, dict):
        raise Refused(str(answer.get("error")))
    if response.status != 200 or not isinstance(answer, dict):
        raise ConnectionError(f"the sandbox answered {response.status}: {answer}")
    return answer
