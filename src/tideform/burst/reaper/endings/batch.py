"""How capacity of AWS Batch ends: the queue is closed, jobs are terminated, environments held at zero, machines ended.

The handle's ``job_queue`` leads to the compute environments. Batch refuses to change what it is still changing, and
brings a machine back for as long as an environment wants one: hence 'not yet', and another step later.
https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tideform.burst.reaper import instances
from tideform.burst.reaper.base import Clients, Handle, Node
from tideform.burst.reaper.claims import Claim
from tideform.burst.reaper.reserved import look

NEEDS = ("job_queue",)
_LINKED = "/aws-service-role/"
BUSY = ("CREATING", "UPDATING", "DELETING", "DELETED")
_AT_WORK = ("STARTING", "RUNNING")
_MOST_DESCRIBED = 100  # https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html
_UNFINISHED = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")


def stop(clients: Clients, handle: Handle, *, machines: bool = True) -> bool:
    """One step towards nothing. Without ``machines`` the instances are left to Batch, which ends idle ones itself.

    What Batch refuses because somebody else is changing it just now is asked again at the next step; machines go first.
    """
    queues = _queues(clients, handle)
    closed = _unless_changing(lambda: set_queues(clients, queues, "DISABLED"))
    working = _unfinished(clients, handle) if queues else []
    for job in working:
        terminate(clients, job["jobId"])
    whole = handle.get("max_vcpus")
    held = [
        _unless_changing(lambda one=environment: hold_at_zero(clients, one, whole))  # type: ignore[misc]
        for environment in _environments(clients, queues)
    ]
    left = instances.standing(nodes(clients, handle))
    if machines:
        instances.end(clients, left)
    return closed and not working and all(held) and not left


def _unless_changing(step: Callable[[], bool]) -> bool:
    """Whether the step is done; not yet, where Batch refuses a change in the middle of another one."""
    from botocore.exceptions import ClientError

    try:
        return step()
    except ClientError as error:
        if error.response["Error"]["Code"] != "ClientException":
            raise
        return False


def nodes(clients: Clients, handle: Handle) -> list[Node]:
    """The pool's instances by their tags, which Batch takes from the compute environment."""
    return instances.tagged(clients, handle["tags"])


def tend(clients: Clients, handle: Handle, now: float) -> list[str]:
    """See `burst.reaper.batch_rungs`."""
    from tideform.burst.reaper import batch_rungs  # which knows how environments end

    return batch_rungs.tend(clients, handle, now)


def busy(clients: Clients, handle: Handle, now: float) -> bool:  # noqa: ARG001  # every backend is asked alike
    """Whether a job runs or starts, or a member of an array, which itself only waits."""
    found = jobs(clients, handle)
    if any(job["status"] in _AT_WORK for job in found):
        return True
    arrays = [job["jobId"] for job in found if job.get("arrayProperties")][:_MOST_DESCRIBED]
    described = clients.client("batch").describe_jobs(jobs=arrays)["jobs"] if arrays else []
    counts = [job.get("arrayProperties", {}).get("statusSummary", {}) for job in described]
    return any(count.get(status) for count in counts for status in _AT_WORK)


def end_jobs(clients: Clients, handle: Handle, lease: str) -> None:
    """Terminate the unfinished jobs of one lease."""
    for job in jobs(clients, handle):
        if lease_of(job) == lease:
            terminate(clients, job["jobId"])


def environments(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    """The queue's compute environments in the order in which it uses them; none if there is no queue."""
    return _environments(clients, _queues(clients, handle))


def _environments(clients: Clients, queues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = [entry for queue in queues for entry in queue["computeEnvironmentOrder"]]
    names = [e["computeEnvironment"] for e in sorted(order, key=lambda e: int(e["order"]))]
    if not names:
        return []
    found = clients.client("batch").describe_compute_environments(computeEnvironments=names)["computeEnvironments"]
    by_name = {e[key]: e for e in found for key in ("computeEnvironmentArn", "computeEnvironmentName")}
    return [by_name[name] for name in names if name in by_name]


def usable(
    clients: Clients, handle: Handle, environments: list[dict[str, Any]], now: float
) -> tuple[list[dict[str, Any]], list[str]]:
    """The environments that a burst may open now, and why not the others.

    One whose capacity block has not begun, is full or is over would keep jobs waiting that others could run.
    """
    found = {one.id: one for one in look(clients, handle.get("blocks", ()), {})}
    closed = {
        environment["computeEnvironmentName"]: f"capacity block {identity}: {why}"
        for environment in environments
        for identity, block in found.items()
        if f"-{identity}-" in environment["computeEnvironmentName"] and (why := block.closed(now))
    }
    return [e for e in environments if e["computeEnvironmentName"] not in closed], list(closed.values())


def update(clients: Clients, environment: dict[str, Any], *, state: str | None = None, **resources: Any) -> None:
    """Change an environment's state, or members of its ``computeResources``: how many vCPUs it holds."""
    changes: dict[str, Any] = {"computeResources": resources} if resources else {}
    if state is not None:
        changes["state"] = state
    name = environment["computeEnvironmentName"]
    clients.client("batch").update_compute_environment(computeEnvironment=name, **changes)


def whose(environment: dict[str, Any], claim: Claim) -> dict[str, Any]:
    """The part of ``computeResources`` by which machines say at launch whose they are; see `tagged`."""
    return tagged(environment, claim.over(environment["computeResources"].get("tags") or {}))


def tagged(environment: dict[str, Any], wanted: Mapping[str, str]) -> dict[str, Any]:
    """The part of ``computeResources`` by which its machines get these tags; nothing where they do already.

    Batch takes new tags together with a new size, replaces machines that stand, and takes none at all where it places
    by BEST_FIT, as for capacity blocks, or works under a role of one's own.
    https://docs.aws.amazon.com/batch/latest/userguide/infrastructure-updates.html
    """
    resources = environment["computeResources"]
    best_fit = resources.get("allocationStrategy", "BEST_FIT") == "BEST_FIT"
    fixed = best_fit or _LINKED not in environment.get("serviceRole", "")
    return {} if fixed or wanted == (resources.get("tags") or {}) else {"tags": dict(wanted)}


def environment_now(clients: Clients, handle: Handle, environment: dict[str, Any]) -> dict[str, Any]:
    """An environment as it is by now."""
    name = environment["computeEnvironmentName"]
    return next((e for e in environments(clients, handle) if e["computeEnvironmentName"] == name), environment)


def set_queue(clients: Clients, handle: Handle, state: str) -> bool:
    """Open or close the queue; whether it was so already (or there is none)."""
    return set_queues(clients, _queues(clients, handle), state)


def set_queues(clients: Clients, queues: list[dict[str, Any]], state: str) -> bool:
    for queue in queues:
        if queue["state"] != state and queue["status"] not in BUSY:
            clients.client("batch").update_job_queue(jobQueue=queue["jobQueueName"], state=state)
    return all(queue["state"] == state for queue in queues)


def open_queue(clients: Clients, handle: Handle) -> bool:
    """Whether the queue takes jobs: while a burst goes on."""
    return any(queue["state"] == "ENABLED" for queue in _queues(clients, handle))


def jobs(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    """The summaries of the jobs that have not finished; none where there is no queue."""
    return _unfinished(clients, handle) if _queues(clients, handle) else []


def listed(clients: Clients, statuses: Iterable[str], **where: str) -> list[dict[str, Any]]:
    """The summaries of the jobs in these states; ``where`` names a queue or a job of several nodes."""
    listing = clients.client("batch").get_paginator("list_jobs")
    pages = [page for status in statuses for page in listing.paginate(jobStatus=status, **where)]
    return [entry for page in pages for entry in page["jobSummaryList"]]


def _unfinished(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    found = {entry["jobId"]: entry for entry in listed(clients, _UNFINISHED, jobQueue=handle["job_queue"])}
    return list(found.values())  # one that moved on between two lists is still one job


def terminate(clients: Clients, job_id: str, *, reason: str = "its burst is over") -> None:
    """End a job in whatever state; one that never started is cancelled."""
    clients.client("batch").terminate_job(jobId=job_id, reason=reason)


def lease_of(job: dict[str, Any]) -> str:
    """The lease that a job was submitted under: the last part of its name."""
    return str(job["jobName"]).rpartition("-")[2]


def _queues(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = clients.client("batch").describe_job_queues(jobQueues=[handle["job_queue"]])[
        "jobQueues"
    ]
    return found


def hold_at_zero(clients: Clients, environment: dict[str, Any], whole: int | None = None) -> bool:
    """Batch lowers ``desiredvCpus`` by itself and refuses to be told; an updating environment comes later.

    What a burst had made of its bound becomes the ``whole`` pool's again, as the definitions have it.
    """
    now = environment.get("computeResources", {})
    at_zero = environment["state"] == "DISABLED" and not int(now.get("minvCpus", 0))
    if at_zero and whole in (None, now.get("maxvCpus")):
        return True
    if environment["status"] not in BUSY:
        change = {"maxvCpus": int(whole)} if at_zero and whole is not None else {"minvCpus": 0}
        update(clients, environment, state="DISABLED", **change)
    return False
