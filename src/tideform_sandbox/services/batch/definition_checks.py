"""What Batch refuses of a job definition, and of the variables of a job, which moto takes.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""

from __future__ import annotations

import json
from typing import Any

from tideform_sandbox.services.batch.call import client_error

_LARGEST = 24 * 1024  # bytes


def check_definition(body: dict[str, Any]) -> None:
    """Raise what RegisterJobDefinition would."""
    ranges = (body.get("nodeProperties") or {}).get("nodeRangeProperties") or []
    for container in (body.get("containerProperties"), *(one.get("container") for one in ranges)):
        for key in ("environment", "secrets"):
            check_variables((container or {}).get(key) or [])
    if len(json.dumps(body)) > _LARGEST:
        raise client_error("The job definition is larger than 24 KiB.")


def check_variables(found: list[dict[str, Any]]) -> None:
    """https://docs.aws.amazon.com/batch/latest/APIReference/API_KeyValuePair.html"""
    for one in found:
        if str(one.get("name", "")).startswith("AWS_BATCH"):
            raise client_error("Environment variables cannot start with AWS_BATCH, which Batch keeps for its own.")
