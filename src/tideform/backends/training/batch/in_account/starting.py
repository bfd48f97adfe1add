"""AWS Batch: the queue is opened and the job submitted; Batch brings machines for it and lets them go after it.

The plan's ``parameter`` is the job's ``containerOverrides`` or ``nodeOverrides``; ``overrides`` and ``array`` may be
missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tideform.backends.training.batch.in_account import ending, rungs
from tideform.reaper.base import Clients, Handle
from tideform.reaper.batch_states import ENDED, FAILED, SUCCEEDED
from tideform.reaper.job_name import job_name
from tideform.reaper.starting.base import Again, Start, StartError, Turn


def begin(clients: Clients, start: Start) -> str:
    """Open what the last end closed, unless others have, and submit the job with the lease as its time-out."""
    open_up(clients, start)
    return _submit(clients, start)


def open_up(clients: Clients, start: Start) -> None:
    """Let the queue take jobs, and one way of buying bring machines for them. Raises `StartError` if it takes long."""
    if not ending.open_queue(clients, start.handle):
        _open(clients, start)
    while not ending.set_queue(clients, start.handle, "ENABLED"):
        start.wait("its queue does not open")


def _open(clients: Clients, start: Start) -> None:
    """The first way of buying; its machines say whose they are before it may have any."""
    settled = _settled(clients, start)
    usable, _ = ending.usable(clients, start.handle, settled, start.deadline - start.rest)
    rungs.arrange(clients, settled, usable, start.claim)
    if not usable:
        return
    all_ = _settled(clients, start)
    first = ending.environment_now(clients, start.handle, usable[0])
    if ending.whose(first, start.claim):
        raise StartError(f"{first['computeEnvironmentName']} does not take the tags of the lease")
    rungs.open_up(clients, start.handle, first, all_)


def _settled(clients: Clients, start: Start) -> list[dict[str, Any]]:
    """The environments, once Batch is done with what it is changing."""
    while True:
        found = ending.environments(clients, start.handle)
        if not any(one["status"] in ending.BUSY for one in found):
            return found
        start.wait("its compute environments are being changed")


def working(clients: Clients, handle: Handle) -> set[str]:
    """Those of the queue's unfinished jobs; one of several nodes that has lost one does not go on."""
    found = [job for job in ending.jobs(clients, handle) if _broken(clients, job) is None]
    return {ending.lease_of(one) for one in found}


def again(clients: Clients, handle: Handle, turn: Turn) -> Again:  # noqa: ARG001  # every backend is asked alike
    """Nothing: Batch tries a job again by itself, as its definition says."""
    return Again()


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
    if job["status"] not in ("RUNNING", *ENDED):
        return None
    ends = sorted((dict(one) for one in nodes if one["status"] in ENDED), key=lambda one: one.get("stoppedAt", 0))
    fresh = [one for one in ends if one.get("stoppedAt", 0) >= job.get("startedAt", 0)]
    at = next((at for at, one in enumerate(fresh) if str(one["jobId"]).endswith("#0")), None)
    main = None if at is None else fresh[at]
    if main is not None and lost_machine(main):
        return None
    before = fresh if at is None else fresh[: at + 1]
    lost = next((one for one in (before if main and main["status"] == SUCCEEDED else fresh) if lost_machine(one)), None)
    return lost or next((one for one in before if one["status"] == FAILED), None)


def lost_machine(node: Mapping[str, Any]) -> bool:
    """Whether a node ended because its machine did."""
    return str(node.get("statusReason", "")).startswith("Host EC2")


def _broken(clients: Clients, job: Mapping[str, Any]) -> dict[str, Any] | None:
    """The node by whose failure a job of several is lost, though Batch lets the others go on."""
    if not job.get("nodeProperties"):
        return None
    return failed_first(job, ending.listed(clients, ENDED, multiNodeJobId=job["jobId"]))


def _submit(clients: Clients, start: Start) -> str:
    plan, handle = start.plan, start.handle
    variables = {**plan.get("environment", {}), **start.variables, "TIDEFORM_LEASE": start.lease}
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    asked: dict[str, Any] = {**plan.get("overrides", {}), "environment": environment}
    if plan["parameter"] == "nodeOverrides":
        asked = {"nodePropertyOverrides": [{"targetNodes": "0:", "containerOverrides": asked}]}
    more = {"arrayProperties": {"size": plan["array"]}} if plan.get("array", 0) > 1 else {}
    answer = clients.client("batch").submit_job(
        jobName=job_name(handle["pool"], start.lease),
        jobQueue=handle["job_queue"],
        jobDefinition=handle["job_definition"],
        timeout={"attemptDurationSeconds": max(60, start.rest)},
        tags=start.tags,
        propagateTags=True,
        **{plan["parameter"]: asked},
        **more,
    )
    return str(answer["jobId"])
