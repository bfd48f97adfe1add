"""CloudWatch Logs: another key for a log group that stands.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
"""

from __future__ import annotations

from typing import Any

from moto.logs.responses import LogsResponse

from tideform_sandbox.extension.nouns import Store
from tideform_sandbox.extension.request import AwsError, put


def install(_: Store) -> None:
    """Extend moto's CloudWatch Logs."""
    put(LogsResponse, "associate_kms_key", lambda self: _set_key(self, self._get_param("kmsKeyId")))
    put(LogsResponse, "disassociate_kms_key", lambda self: _set_key(self, None))


def _set_key(response: Any, key: str | None) -> str:
    name = response._get_param("logGroupName")
    group = response.logs_backend.groups.get(name)
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    group.kms_key_id = key
    return "{}"
