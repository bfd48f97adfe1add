"""The door of the sandbox: nobody gets to moto, or to the job commands it runs, without the workspace's key.

It takes requests whose ``Host`` is loopback (so a rebound DNS name is refused), that no browser sent, and that are
signed with a key of this workspace. The signature itself is not verified: who knows the random key id has read the
0600 file that holds the secret as well.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from tideform.local.control import KEY_HEADER, METADATA_PREFIX, PREFIX

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")
_BROWSER = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "HTTP_SEC_FETCH_MODE")
_ENVIRON_KEY = "HTTP_" + KEY_HEADER.upper().replace("-", "_")


class Gate:
    """A WSGI application in front of three others: ``control`` for our own endpoints, ``metadata`` for what an
    instance may ask about itself (its address holds a secret of its own), ``aws`` for the rest.

    ``issued`` tells whether an access key was handed out by the sandbox's own STS or IAM. ``inner_key`` is what the
    sandbox's schedules and functions use: it opens the same doors, but is no use that keeps the sandbox alive.
    """

    def __init__(
        self,
        aws: WsgiApp,
        control: WsgiApp,
        *,
        access_key: str,
        secret_key: str,
        issued: Callable[[str], bool],
        metadata: WsgiApp | None = None,
        inner_key: str = "",
        on_request: Callable[[], None] = lambda: None,
    ) -> None:
        self._aws, self._control, self._metadata = aws, control, metadata
        self._inner_key = inner_key
        self._access_key, self._secret_key = access_key, secret_key
        self._issued = issued
        self._on_request = on_request

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if reason := self._refusal(environ):
            return _refuse(start_response, reason)
        if self._is_control(environ):
            return self._control(environ, start_response)
        if self._metadata is not None and is_metadata(environ):
            return self._metadata(environ, start_response)
        if not self._is_inner(access_key(environ)):
            self._on_request()
        return self._aws(environ, start_response)

    def _refusal(self, environ: Environ) -> str | None:
        if not is_loopback(environ.get("HTTP_HOST", "")):
            return "the Host header is not loopback"
        if any(environ.get(header) for header in _BROWSER):
            return "requests of a browser are refused"
        if self._is_control(environ):
            given = environ[_ENVIRON_KEY]
            return None if _same(given, self._secret_key) else "wrong key"
        if environ.get("PATH_INFO", "").split("/")[1:2] == ["moto-api"]:
            return "moto's own API would change the state behind our back"
        if self._metadata is not None and is_metadata(environ):
            return None
        key = access_key(environ)
        if key is None or not (_same(key, self._access_key) or self._is_inner(key) or self._issued(key)):
            return "not signed with the key of this workspace"
        return None

    def _is_inner(self, key: str | None) -> bool:
        return bool(self._inner_key) and key is not None and _same(key, self._inner_key)

    def _is_control(self, environ: Environ) -> bool:
        return _ENVIRON_KEY in environ and environ.get("PATH_INFO", "").startswith(PREFIX)


def is_metadata(environ: Environ) -> bool:
    """Whether an instance asks about itself: unsigned, so that no bucket of that name is meant."""
    return environ.get("PATH_INFO", "").startswith(METADATA_PREFIX) and access_key(environ) is None


def is_loopback(host: str) -> bool:
    """Whether a ``Host`` header names this machine by a name that nobody else can hand out."""
    name, _, port = host.rpartition(":") if re.search(r":\d+$", host) else (host, "", "")
    return name.lower() in _LOOPBACK and (not port or port.isdigit())


def access_key(environ: Environ) -> str | None:
    """The access key id of a signed or presigned request (SigV4, or the older S3 query form)."""
    if found := _CREDENTIAL.search(str(environ.get("HTTP_AUTHORIZATION", ""))):
        return found.group(1)
    query = parse_qs(str(environ.get("QUERY_STRING", "")))
    if credential := query.get("X-Amz-Credential"):
        return credential[0].split("/")[0]
    return query["AWSAccessKeyId"][0] if "AWSAccessKeyId" in query else None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _refuse(start_response: StartResponse, reason: str) -> Iterable[bytes]:
    body = f"403 the sandbox refuses: {reason}\n".encode()
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Connection", "close")]
    start_response("403 FORBIDDEN", headers)
    return [body]
