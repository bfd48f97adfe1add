"""AWS Batch: the queue is opened and the job submitted; Batch brings machines for it and lets them go after it.

The plan's ``parameter`` is the job's ``containerOverrides`` or ``nodeOverrides``; ``overrides`` and ``array`` may be
missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tideform.burst.reaper import batch_rungs as rungs
from tideform.burst.reaper.base import Clients, Handle
from tideform.burst.reaper.endings import batch as ending
from tideform.burst.reaper.starting.base import Start

_ENDED = ("SUCCEEDED", "FAILED")


def begin(clients: Clients, start: Start) -> str:
    """Open what the last end closed, unless others have, and submit the job with the lease as its time-out."""
    if not ending.open_queue(clients, start.handle):
        environments = ending.environments(clients, start.handle)
        while any(one["status"] in ending.BUSY for one in environments):
            start.wait("its compute environments are being changed")
            environments = ending.environments(clients, start.handle)
        usable, _ = ending.usable(clients, start.handle, environments, start.deadline - start.rest)
        rungs.arrange(clients, start.handle, environments, usable, start.claim)
    while not ending.set_queue(clients, start.handle, "ENABLED"):
        start.wait("its queue does not open")
    return _submit(clients, start)


def working(clients: Clients, handle: Handle) -> set[str]:
    """Those of the queue's unfinished jobs; one of several nodes that has lost one does not go on."""
    found = [job for job in ending.jobs(clients, handle) if _broken(clients, job) is None]
    return {ending.lease_of(one) for one in found}


def failed(clients: Clients, handle: Handle, job: str) -> str:
    """Which node's failure is the end of a job that has not ended by itself; of others Batch tells by an event."""
    for one in ending.jobs(clients, handle):
        if one["jobId"] == job and (node := _broken(clients, one)) is not None:
            code = node.get("container", {}).get("exitCode")
            place = str(node["jobId"]).rpartition("#")[2]
            return f"its job failed on node {place}: {node.get('statusReason') or f'exit code {code}'}"
    return ""


def failed_first(job: Mapping[str, Any], nodes: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The node whose failure is that of a job of several; None where none failed, or Batch tries all of them again.

    Both as Batch describes or lists them. When the main node ends, Batch ends the others: their ends tell nothing. A
    node's end from before the job's present attempt tells nothing either. A lost machine goes before what the loss has
    made of the other nodes.
    """
    if job["status"] not in ("RUNNING", *_ENDED):
        return None
    ends = sorted((dict(one) for one in nodes if one["status"] in _ENDED), key=lambda one: one.get("stoppedAt", 0))
    fresh = [one for one in ends if one.get("stoppedAt", 0) >= job.get("startedAt", 0)]
    at = next((at for at, one in enumerate(fresh) if str(one["jobId"]).endswith("#0")), None)
    main = None if at is None else fresh[at]
    if main is not None and lost_machine(main):
        return None
    before = fresh if at is None else fresh[: at + 1]
    lost = next(
        (one for one in (before if main and main["status"] == "SUCCEEDED" else fresh) if lost_machine(one)), None
    )
    return lost or next((one for one in before if one["status"] == "FAILED"), None)


def lost_machine(node: Mapping[str, Any]) -> bool:
    """Whether a node ended because its machine did."""
    return str(node.get("statusReason", "")).startswith("Host EC2")


def _broken(clients: Clients, job: Mapping[str, Any]) -> dict[str, Any] | None:
    """The node by whose failure a job of several is lost, though Batch lets the others go on."""
    if not job.get("nodeProperties"):
        return None
    return failed_first(job, ending.listed(clients, _ENDED, multiNodeJobId=job["jobId"]))


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
        tags=start.tags,
        propagateTags=True,
        **{plan["parameter"]: asked},
        **more,
    )
    return str(answer["jobId"])
