"""Whether AWS is about to take this machine: the spot notice, and the hint that comes before it.

IMDSv2 alone, as our launch templates want it.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
"""

from __future__ import annotations

import http.client
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
_DEFAULT = "http://169.254.169.254"
_PLACES = ("spot/instance-action", "events/recommendations/rebalance")
_TIMEOUT = 1.0  # seconds; the service is on the same machine
_LIFE = "21600"  # seconds that a token is good for: the most there is


@dataclass
class Metadata:
    """The instance metadata service at an endpoint; an empty one answers nothing."""

    endpoint: str
    _token: str = field(default="", init=False)

    @classmethod
    def of(cls, environ: Mapping[str, str] | None = None) -> Metadata:
        """As the AWS SDKs find it."""
        given = os.environ if environ is None else environ
        if given.get(ENDPOINT):
            return cls(given[ENDPOINT].rstrip("/"))
        return cls("" if given.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true" else _DEFAULT)

    def notice(self) -> str:
        """What the service says of this machine's end, as its name; empty while it says nothing, or nobody answers."""
        if not self.endpoint:
            return ""
        try:
            return next((said for place in _PLACES if (said := self._read(place))), "")
        except (OSError, http.client.HTTPException):
            return ""

    def _read(self, place: str) -> str:
        if not self._token:
            self._token = self._call("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": _LIFE})
        said = self._call("GET", f"/latest/meta-data/{place}", {"X-aws-ec2-metadata-token": self._token})
        return f"{place}: {said}" if said else ""

    def _call(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        """The answer's text; empty for 'not found'. A token that is good no more is fetched anew the next time."""
        at = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=_TIMEOUT)
        try:
            connection.request(method, f"{at.path}{path}", headers=dict(headers))
            response = connection.getresponse()
            text = response.read(4096).decode("utf-8", "replace")
        finally:
            connection.close()
        if response.status == 401:
            self._token = ""
        return text.strip() if response.status == 200 else ""
