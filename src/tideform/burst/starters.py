"""What begins bursts by itself, switched off: a function that may not run even once at a time begins nothing.

Schedules and rules call it in vain then, whichever of them there are. `tideform apply` gives it its place back.
https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
"""

from __future__ import annotations

from collections.abc import Iterable

from tideform.burst.runner import cloud_errors
from tideform.cloud import Cloud
from tideform.components.reaper.launchers import starter_name, starters
from tideform.components.scope import Scope
from tideform.spec.deployment import Deployment


def switch_off(cloud: Cloud, deployment: Deployment, pools: Iterable[str]) -> list[str]:
    """Keep the starters of these pools from running, and return the names of those that are off now.

    Raises `CloudError` where a service refuses: what may begin again at any moment is not to be taken down.
    """
    with cloud_errors("what begins bursts by itself was switched off"):
        names = [starter_name(Scope(deployment, "training"), pool) for pool in pools]
        return [name for name in names if _off(cloud, name)]


def switched_off(cloud: Cloud, deployment: Deployment) -> dict[str, str]:
    """Of the pools that begin by themselves those whose function is switched off, each with its function's name.

    Raises `CloudError` where a service refuses to tell.
    """
    with cloud_errors("what begins bursts by itself was looked at"):
        known = starters(Scope(deployment, "training"))
        return {pool: name for pool, name in known.items() if _is_off(cloud, name)}


def _is_off(cloud: Cloud, name: str) -> bool:
    api = cloud.client("lambda")
    try:
        return bool(api.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions") == 0)
    except api.exceptions.ResourceNotFoundException:
        return False


def _off(cloud: Cloud, name: str) -> bool:
    """Whether there is such a function."""
    api = cloud.client("lambda")
    try:
        api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    except api.exceptions.ResourceNotFoundException:
        return False
    return True
