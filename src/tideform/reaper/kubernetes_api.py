"""The Kubernetes API of an EKS cluster with the standard library alone: a token that STS signs, and HTTPS.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-auth.html
"""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from tideform.reaper.base import Clients, Handle
from tideform.reaper.fence import leave

# Method, path with query, body; the answer, or None where there is no such thing. Raises `OSError` out of reach.
Call = Callable[[str, str, Mapping[str, Any] | None], "dict[str, Any] | None"]
_SECONDS = 4.0  # a private cluster does not answer from outside of its network, and nothing may wait for that
_TOKEN_SECONDS = 60


def connect(clients: Clients, handle: Handle) -> Call | None:
    """A way to the API of the handle's cluster; None where it is not ours, not there, or not to be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    name = handle.get("cluster")
    if not name:
        return None
    try:
        found = clients.client("eks").describe_cluster(name=name)["cluster"]
        return caller(found["endpoint"], found["certificateAuthority"]["data"], token(clients, name))
    except (BotoCoreError, ClientError, KeyError, ValueError, ssl.SSLError):
        return None


def token(clients: Clients, cluster: str) -> str:
    """Who we are, as EKS wants to hear it: a signed request to STS that it will make itself; good for a minute."""
    sts = clients.client("sts")
    region = sts.meta.region_name
    request = {
        "method": "GET",
        "url": f"https://sts.{region}.{_domain(region)}/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    url = sts._request_signer.generate_presigned_url(
        request, region_name=region, expires_in=_TOKEN_SECONDS, operation_name=""
    )
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def caller(endpoint: str, authority: str, bearer: str) -> Call:
    """Calls with a bearer token; ``authority`` is the cluster's certificate in base64."""
    trusted = ssl.create_default_context(cadata=base64.b64decode(authority).decode())

    def call(method: str, path: str, body: Mapping[str, Any] | None) -> dict[str, Any] | None:
        request = urllib.request.Request(  # noqa: S310  # the address is the cluster's own, always HTTPS
            endpoint + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {bearer}",
                "Accept": "application/json",
                "Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json",
            },
        )
        leave(method)
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS, context=trusted) as answer:  # noqa: S310
                found: dict[str, Any] = json.loads(answer.read() or b"{}")
                return found
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    return call


def _domain(region: str) -> str:
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
