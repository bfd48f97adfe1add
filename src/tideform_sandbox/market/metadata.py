"""What a job on an instance may ask about its machine: the metadata service (IMDSv2), a path for each instance.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html. A job gets the address in
``AWS_EC2_METADATA_SERVICE_ENDPOINT``, the variable that AWS's SDKs read; it works as the link-local one does on AWS,
tokens included, and knows what tideform's runtime asks for: who and where it is, and whether it is being taken back.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tideform.local.control import METADATA_PREFIX
from tideform.local.metadata import secret
from tideform.times import utc

if TYPE_CHECKING:
    from tideform_sandbox.world import World

_GIVEN = "HTTP_X_AWS_EC2_METADATA_TOKEN"
_TTL = "HTTP_X_AWS_EC2_METADATA_TOKEN_TTL_SECONDS"
_MAX_TTL = 21600


class Metadata:
    """The service, as a small WSGI application."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        rest = environ["PATH_INFO"].removeprefix(METADATA_PREFIX)
        instance_id, _, rest = rest.partition("/")
        given, _, path = rest.partition("/")
        credentials = self._world.surroundings.credentials
        token = secret(credentials, instance_id, "token")
        if not hmac.compare_digest(given.encode(), secret(credentials, instance_id, "address").encode()):
            return _answer(start_response, "404 Not Found", "")
        if environ["REQUEST_METHOD"] == "PUT":
            return _token(environ, start_response, path, token)
        if not hmac.compare_digest(str(environ.get(_GIVEN, "")).encode(), token.encode()):
            return _answer(start_response, "401 Unauthorized", "")
        found = self._look_up(instance_id, path.removeprefix("latest/").rstrip("/"))
        return _answer(start_response, "200 OK" if found is not None else "404 Not Found", found or "")

    def _look_up(self, instance_id: str, path: str) -> str | None:
        from tideform_sandbox.market.instances import all_instances

        if path.startswith("meta-data/") and (notice := self._world.market.notices.get(instance_id)):
            told = {
                "spot/instance-action": json.dumps({"action": "terminate", "time": utc(notice.at)}),
                "spot/termination-time": utc(notice.at),
                "events/recommendations/rebalance": json.dumps({"noticeTime": utc(notice.told)}),
            }
            if (found := told.get(path.removeprefix("meta-data/"))) is not None:
                return found
        instance = next((one for one in all_instances() if one.id == instance_id), None)
        return None if instance is None else _facts(instance).get(path)


def _facts(instance: Any) -> dict[str, str]:
    return {
        "meta-data/instance-id": instance.id,
        "meta-data/instance-type": instance.instance_type,
        "meta-data/instance-life-cycle": instance.lifecycle or "on-demand",
        "meta-data/local-ipv4": instance.private_ip or "",
        "meta-data/placement/availability-zone": instance.availability_zone or "",
        "meta-data/placement/region": instance.region_name,
    }


def _token(environ: dict[str, Any], start_response: Callable[..., Any], path: str, token: str) -> Iterable[bytes]:
    ttl = str(environ.get(_TTL, ""))
    if path != "latest/api/token" or not ttl.isdigit() or not 1 <= int(ttl) <= _MAX_TTL:
        return _answer(start_response, "400 Bad Request", "")
    return _answer(start_response, "200 OK", token, ("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", ttl))


def _answer(start_response: Callable[..., Any], status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    body = text.encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *headers])
    return [body]
