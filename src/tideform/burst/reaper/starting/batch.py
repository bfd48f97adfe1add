"""AWS Batch: the queue is opened and the job submitted; Batch brings machines for it and lets them go after it.

The plan's ``parameter`` is the job's ``containerOverrides`` or ``nodeOverrides``; ``overrides`` and ``array`` may be
missing.
"""

from __future__ import annotations

from typing import Any

from tideform.burst.reaper.base import Clients, Handle
from tideform.burst.reaper.endings import batch as ending
from tideform.burst.reaper.starting.base import Start


def begin(clients: Clients, start: Start) -> str:
    """Open what the last end closed, and submit the job with the lease as its time-out."""
    environments = ending.environments(clients, start.handle)
    usable, _ = ending.usable(clients, start.handle, environments, start.deadline - start.rest)
    for environment in environments:
        state = "ENABLED" if environment in usable else "DISABLED"
        if environment["state"] != state:
            ending.update(clients, environment, state=state)
    while not ending.set_queue(clients, start.handle, "ENABLED"):
        start.wait("its queue does not open")
    return _submit(clients, start)


def working(clients: Clients, handle: Handle) -> set[str]:
    """Those of the queue's unfinished jobs."""
    return {ending.lease_of(job) for job in ending.jobs(clients, handle)}


def failed(clients: Clients, handle: Handle, job: str) -> str:  # noqa: ARG001  # every backend is asked alike
    """Nothing: Batch tells of failed jobs by an event."""
    return ""


def _submit(clients: Clients, start: Start) -> str:
    plan, handle = start.plan, start.handle
    variables = {**plan.get("environment", {}), **start.variables, "TIDEFORM_LEASE": start.lease}
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    asked: dict[str, Any] = {**plan.get("overrides", {}), "environment": environment}
    if plan["parameter"] == "nodeOverrides":
        asked = {"nodePropertyOverrides": [{"targetNodes": "0:", "containerOverrides": asked}]}
    more = {"arrayProperties": {"size": plan["array"]}} if plan.get("array", 0) > 1 else {}
    answer = clients.client("batch").submit_job(
        jobName=f"{handle['pool']}-{start.lease}",
        jobQueue=handle["job_queue"],
        jobDefinition=handle["job_definition"],
        timeout={"attemptDurationSeconds": max(60, start.rest)},
        tags={"tideform:lease": start.lease},
        propagateTags=True,
        **{plan["parameter"]: asked},
        **more,
    )
    return str(answer["jobId"])
