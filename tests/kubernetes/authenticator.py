"""What EKS puts before an API server: tokens that are signed requests to STS, and who their signer is: the reaper.

It looks at a token's form and at the cluster that it was made for; the signature only AWS could check.
https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tideform.components.kubernetes.reaper_access import REAPER

_PREFIX = "k8s-aws-v1."


class Authenticator:
    """A token review webhook on loopback, as long as it is not closed."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Reviews)
        self._thread = threading.Thread(target=self._server.serve_forever, name="authenticator", daemon=True)
        self._thread.start()

    def configuration(self) -> dict[str, Any]:
        """For ``--authentication-token-webhook-config-file``: the form of a kubeconfig."""
        host, port = self._server.server_address[:2]
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "aws", "cluster": {"server": f"http://{host!s}:{port}/"}}],
            "users": [{"name": "api-server", "user": {}}],
            "contexts": [{"name": "aws", "context": {"cluster": "aws", "user": "api-server"}}],
            "current-context": "aws",
        }

    def close(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Reviews(BaseHTTPRequestHandler):
    def do_POST(self) -> None:  # the name is the base class's
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status: dict[str, Any] = {"authenticated": False}
        if signed_for(review["spec"]["token"]):
            status = {"authenticated": True, "user": {"username": "reaper", "groups": [REAPER]}}
        answer = json.dumps({"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Tokens are no matter for a log."""


def signed_for(token: str) -> bool:
    """Whether this is a request for the signer's identity, signed together with the name of a cluster."""
    if not token.startswith(_PREFIX):
        return False
    encoded = token.removeprefix(_PREFIX)
    try:
        address = urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError):
        return False
    query = {key: values[0] for key, values in parse_qs(address.query).items()}
    return (
        address.scheme == "https"
        and (address.hostname or "").startswith("sts.")
        and query.get("Action") == "GetCallerIdentity"
        and "x-k8s-aws-id" in query.get("X-Amz-SignedHeaders", "").split(";")
        and int(query.get("X-Amz-Expires", "0")) <= 900
    )
