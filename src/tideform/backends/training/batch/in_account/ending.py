"""How capacity of AWS Batch ends: the queue is closed, jobs are terminated, environments held at zero, machines ended.

The handle's ``job_queue`` leads to the compute environments. Batch refuses to change what it is still changing, and
brings a machine back for as long as an environment wants one: hence 'not yet', and another step later.
https://docs.aws.amazon.com/batch/latest/APIReference/API_UpdateComputeEnvironment.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from tideform.reaper import instances, job_name, longest, members
from tideform.reaper.base import Clients, Handle, Node
from tideform.reaper.batch_states import (
    AT_WORK,
    MOST_DESCRIBED,
    UNFINISHED,
    describable,
    lists_jobs,
)
from tideform.reaper.claims import LEASE, Claim
from tideform.reaper.reserved import look
from tideform.reaper.steps import Steps

NEEDS = ("job_queue",)
LONGEST = longest.LONGEST
BURST_OVER = "its burst is over"
_LINKED = "/aws-service-role/"
BUSY = ("CREATING", "UPDATING", "DELETING", "DELETED")


def stop(clients: Clients, handle: Handle, *, machines: bool = True) -> bool:
    """One step towards nothing. Without ``machines`` the instances are left to Batch, which ends idle ones itself.

    What Batch refuses because it is being changed just now is asked again at the next step. An environment that is
    being updated takes no smaller size, for as long as that takes: its machines are ended by EC2, whoever asks, and so
    they are where anything else is refused. Raises the first refusal at the end.
    """
    with Steps() as steps:
        queues = steps.find(lambda: _queues(clients, handle))
        closed = steps.take(partial(_unless_changing, lambda: set_queues(clients, queues, "DISABLED")))
        working = steps.find(lambda: _unfinished(clients, handle) if lists_jobs(queues) else [])
        steps.each(lambda job: terminate(clients, job["jobId"]), working)
        there = steps.find(lambda: _environments(clients, queues))
        held = [steps.take(partial(_unless_changing, partial(hold_at_zero, clients, one))) for one in there]
        left = steps.find(lambda: instances.standing(instances.tagged(clients, handle["tags"])))
        left += steps.find(lambda: _untagged(clients, handle, there))
        if machines or steps.refused or any(map(stuck, there)):
            steps.take(lambda: instances.end(clients, left))
    return closed and not working and all(held) and not left


def _untagged(clients: Clients, handle: Handle, there: list[dict[str, Any]]) -> list[Node]:
    """Machines of the environments that lost the pool's tags."""
    found = members.of_environments(clients, [one["computeEnvironmentName"] for one in there])
    return [node for node in found if not handle["tags"].items() <= node.tags.items()]


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
    """The pool's instances by their tags, which Batch takes from the compute environment.

    One that lost them is the pool's as well: it costs the pool's money for as long as it stands.
    """
    order = [entry for queue in _queues(clients, handle) for entry in queue["computeEnvironmentOrder"]]
    launched = members.of_environments(clients, [str(e["computeEnvironment"]).rpartition("/")[2] for e in order])
    found = (*instances.tagged(clients, handle["tags"]), *launched)
    return list({node.id: node for node in found}.values())


def tend(clients: Clients, handle: Handle, now: float) -> list[str]:
    """See `backends.training.batch.in_account.rungs`."""
    from tideform.backends.training.batch.in_account import rungs as batch_rungs  # which knows how environments end

    return batch_rungs.tend(clients, handle, now)


def busy(clients: Clients, handle: Handle, now: float) -> bool:  # noqa: ARG001  # every backend is asked alike
    """Whether a job runs or starts, or a member of an array, which itself only waits."""
    found = jobs(clients, handle)
    if any(job["status"] in AT_WORK for job in found):
        return True
    arrays = [job["jobId"] for job in found if job.get("arrayProperties")][:MOST_DESCRIBED]
    described = clients.client("batch").describe_jobs(jobs=arrays)["jobs"] if arrays else []
    counts = [job.get("arrayProperties", {}).get("statusSummary", {}) for job in described]
    return any(count.get(status) for count in counts for status in AT_WORK)


def leases_of_jobs(clients: Clients, handle: Handle) -> set[str]:
    """By their tags: one that somebody submits by hand says nothing, and is left alone."""
    said = _tags(clients, [job["jobId"] for job in jobs(clients, handle)])
    return {tags[LEASE] for tags in said if LEASE in tags}


def tags_of_jobs(clients: Clients, queue: str) -> list[dict[str, str]]:
    """What the jobs of a queue that have not finished say of themselves."""
    return _tags(clients, [job["jobId"] for job in listed(clients, UNFINISHED, jobQueue=queue)])


def _tags(clients: Clients, ids: list[str]) -> list[dict[str, str]]:
    told = [clients.client("batch").describe_jobs(jobs=part)["jobs"] for part in describable(ids)]
    return [{key: str(tag) for key, tag in (job.get("tags") or {}).items()} for jobs in told for job in jobs]


def end_jobs(clients: Clients, handle: Handle, lease: str) -> None:
    """Terminate the unfinished jobs of one lease."""
    with Steps() as steps:
        steps.each(
            lambda job: terminate(clients, job["jobId"]),
            [job for job in jobs(clients, handle) if lease_of(job) == lease],
        )


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

    New tags are an infrastructure update: Batch replaces machines that stand, and takes no other change before it is
    done. So they go with a size of zero, and the size comes after. It takes none at all where it places by BEST_FIT, as
    for capacity blocks, or works under a role of one's own.
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


def asks(clients: Clients, handle: Handle) -> bool:
    """Whether machines would come, with the next job or without: the queue is open, or an environment above zero."""
    queues = _queues(clients, handle)
    open_ = any(queue["state"] == "ENABLED" for queue in queues)
    return open_ or any(map(_wanted, _environments(clients, queues)))


def jobs(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    """The summaries of the jobs that have not finished; none where no queue can be asked."""
    return _unfinished(clients, handle) if lists_jobs(_queues(clients, handle)) else []


def listed(clients: Clients, statuses: Iterable[str], **where: str) -> list[dict[str, Any]]:
    """The summaries of the jobs in these states; ``where`` names a queue or a job of several nodes."""
    listing = clients.client("batch").get_paginator("list_jobs")
    pages = [page for status in statuses for page in listing.paginate(jobStatus=status, **where)]
    return [entry for page in pages for entry in page["jobSummaryList"]]


def _unfinished(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    found = {entry["jobId"]: entry for entry in listed(clients, UNFINISHED, jobQueue=handle["job_queue"])}
    return list(found.values())  # one that moved on between two lists is still one job


def terminate(clients: Clients, job_id: str, *, reason: str = BURST_OVER) -> None:
    """End a job in whatever state; one that never started is cancelled."""
    clients.client("batch").terminate_job(jobId=job_id, reason=reason)


def lease_of(job: dict[str, Any]) -> str:
    """The lease that a job was submitted under: the last part of its name."""
    return job_name.lease_of(str(job["jobName"]))


def _queues(clients: Clients, handle: Handle) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = clients.client("batch").describe_job_queues(jobQueues=[handle["job_queue"]])[
        "jobQueues"
    ]
    return found


def hold_at_zero(clients: Clients, environment: dict[str, Any]) -> bool:
    """Whether it is shut and wants nothing; asked for where Batch takes a change now.

    Batch lowers ``desiredvCpus`` by itself and refuses to be told. Its bound stays what the burst has made of it.
    """
    if environment["state"] == "DISABLED" and not _wanted(environment):
        return True
    if environment["status"] not in BUSY:
        update(clients, environment, state="DISABLED", minvCpus=0)
    return False


def stuck(environment: Mapping[str, Any]) -> bool:
    """Whether it wants machines, or may, and takes no change now."""
    return environment["status"] in BUSY and (environment["state"] == "ENABLED" or bool(_wanted(environment)))


def _wanted(environment: Mapping[str, Any]) -> int:
    return int(environment.get("computeResources", {}).get("minvCpus") or 0)
