"""What begins bursts by itself, switched off: a function that may not run even once at a time begins nothing.

Schedules and rules call it in vain then, whichever of them there are. `tideform apply` gives it its place back.
https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
"""

from __future__ import annotations

from collections.abc import Iterable

from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.components.launchers import STARTER
from tideform.spec.deployment import Deployment


def switch_off(cloud: Cloud, deployment: Deployment, pools: Iterable[str]) -> list[str]:
    """Keep the starters of these pools from running, and return the names of those that are off now.

    Raises `CloudError` where a service refuses: what may begin again at any moment is not to be taken down.
    """
    with cloud_errors("what begins bursts by itself was switched off"):
        names = [deployment.physical_name(f"{pool}-{STARTER}", limit=64) for pool in pools]
        return [name for name in names if _off(cloud, name)]


def _off(cloud: Cloud, name: str) -> bool:
    """Whether there is such a function."""
    api = cloud.client("lambda")
    try:
        api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    except api.exceptions.ResourceNotFoundException:
        return False
    return True
