"""Whether an endpoint has come to run what it was asked to: SageMaker rolls updates back, and calls that a success.

Asked inside the program, behind the update and before the engine deletes what was replaced: a program that fails lets
nothing be deleted, so the configuration in use stays.
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from tideform.connect import cloud_for
from tideform.errors import CloudError, RefusedError, TideformError
from tideform.spec.deployment import Deployment

_MOVING = ("Creating", "Updating", "SystemUpdating", "RollingBack")
_LOOKS = 3  # in a row that have to say the same: what SageMaker describes lags behind what it does
_PAUSE = 1.5  # seconds
_PATIENCE = 3600.0  # seconds; the longest bake is half an hour


def require_moved(
    deployment: Deployment,
    endpoint: str,
    configuration: str,
    alarms: Sequence[str],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Return once the endpoint runs this configuration; one of ``alarms`` may have rolled it back.

    Raises `RefusedError` TD637 where it settles on another one, `CloudError` TD611 where SageMaker does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    sagemaker = cloud_for(deployment).client("sagemaker")
    started, same = time.monotonic(), 0
    try:
        while same < _LOOKS:
            found = sagemaker.describe_endpoint(EndpointName=endpoint)
            moving = found["EndpointStatus"] in _MOVING and time.monotonic() - started < _PATIENCE
            if not moving and found["EndpointConfigName"] != configuration:
                raise _rolled_back(endpoint, configuration, alarms, found)
            same = 0 if moving else same + 1
            pause(_PAUSE)
    except (BotoCoreError, ClientError) as error:
        detail = f"While {endpoint} was looked at after its update: {error}"
        fix = (
            "Look at what it says, and apply again: both configurations are kept, and the endpoint is looked at again."
        )
        raise CloudError.of("TD611", "A cloud service refused", detail=detail, fix=fix) from error


def _rolled_back(endpoint: str, configuration: str, alarms: Sequence[str], found: dict[str, Any]) -> TideformError:
    watched = f"one of its alarms may have gone off ({', '.join(alarms)})" if alarms else "it does not say why"
    why = found.get("FailureReason") or watched
    return RefusedError.of(
        "TD637",
        "The endpoint was rolled back",
        detail=f"{endpoint} was to run {configuration} and runs {found['EndpointConfigName']}: {why}. "
        "Both configurations are kept.",
        fix="Look at the endpoint's log and alarms, mend the model or the machine, and apply again.",
    )
