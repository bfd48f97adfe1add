"""Where a job or a shell on an instance of the sandbox finds the metadata service: a path for each instance."""

from __future__ import annotations

import hashlib
import hmac

from tideform.cloud import Credentials
from tideform.local.control import METADATA_PREFIX


def variables(credentials: Credentials, instance_id: str) -> dict[str, str]:
    """The variables by which a job's command on an instance finds the service; merge them into its environment."""
    return {
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": address(credentials, instance_id),
        "AWS_EC2_METADATA_DISABLED": "false",
    }


def address(credentials: Credentials, instance_id: str) -> str:
    """Where one instance asks about itself; ends with a slash, so that ``latest/…`` can be put behind it."""
    found = secret(credentials, instance_id, "address")
    return f"{credentials.endpoint}{METADATA_PREFIX}{instance_id}/{found}/"


def secret(credentials: Credentials, instance_id: str, purpose: str) -> str:
    """What opens one instance's service, for a purpose (``address``, ``token``): nobody else's works there."""
    key = credentials.secret_key.encode()
    return hmac.new(key, f"{purpose}/{instance_id}".encode(), hashlib.sha256).hexdigest()[:32]
